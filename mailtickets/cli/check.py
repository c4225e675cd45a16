"""Checks configuration, database, mailboxes, delivery and templates. Prints one line for each finding.

The exit status is 0 when nothing is wrong (there may be warnings), 1 when something is wrong, and 2 when the
configuration is broken. --send sends a test message to ADDRESS by the configured delivery. If ADDRESS is the address of
a queue, the command waits for the message. --agent shows what the agent's newest mail proved, and what the agent's
domain publishes.
"""

import argparse
import asyncio
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row

from mailtickets.cli import DONE, REFUSED, roundtrip
from mailtickets.cli.desk import configuration, read_in, secrets_of
from mailtickets.cli.session import act_as_owner, add_json, print_json
from mailtickets.config.models import Agent, Config, Queue
from mailtickets.config.places import ConfigError
from mailtickets.config.state import directory_problems, load_secrets
from mailtickets.desk.claims.identity import plus_address
from mailtickets.desk.letters.checking import check as check_templates
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.facts import Authentication
from mailtickets.edges.checks.authentication import published
from mailtickets.edges.checks.resolver import resolver
from mailtickets.edges.imap.probe import probe
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.gateway.rules import rules_of
from mailtickets.store import migrate
from mailtickets.store.database import Database
from mailtickets.store.inbound import stored_authentication
from mailtickets.store.read import inbound

_FROM_ALONE = (
    "is \"token\": an agent's reply address and From line are believed, whatever the agent's domain says; whoever has "
    "read or been forwarded a notice can answer customers in that agent's name. When Authentication-Results are "
    "believed (`smtp_in.authserv_id`, `imap_in.N.authserv_id`) or trust.internal_evidence speaks for agents, see with "
    '`mailtickets check --agent ADDRESS` that their mail passes, then set trust.agents = "verified"'
)

CheckVerdict = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class CheckLine:
    verdict: CheckVerdict
    about: str
    """A key path of the configuration, or another name for what the line is about."""
    text: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--send", metavar="ADDRESS", help="send a test message to this address")
    parser.add_argument("--agent", metavar="ADDRESS", help="show what the newest mail of this agent proved")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    config = configuration(args, secrets=True)
    act_as_owner(config.state_dir)
    lines = [CheckLine("ok", "configuration", f"{config.file} is sound")]
    lines += _state(config)
    if not any(directory_problems(config.state_dir)):  # `_rest` opens files, maybe those of an intruder
        lines += _rest(config, args)
    if args.json:
        print_json([{"verdict": line.verdict, "about": line.about, "text": line.text} for line in lines])
    else:
        for line in lines:
            print(f"{line.verdict:<8} {line.about}: {line.text}")
    return REFUSED if any(line.verdict == "wrong" for line in lines) else DONE


def _rest(config: Config, args: argparse.Namespace) -> Iterator[CheckLine]:
    for part in (_database(config), _queues(config), _templates(config), _listeners(config)):
        yield from part
    yield from asyncio.run(_accounts(config))
    yield from asyncio.run(_way_out(config, args.send))
    if args.agent:
        yield from _agent(config, args.agent)


# --- this machine -------------------------------------------------------------------------------------


def _state(config: Config) -> Iterator[CheckLine]:
    directory, secret = config.state_dir, config.secret_file
    if not directory.is_dir():
        yield CheckLine("warning", "instance.state_dir", f"{directory} is not there yet: `run` makes it")
        return
    if problems := list(directory_problems(config.state_dir)):
        yield from (CheckLine("wrong", key, problem) for key, problem in problems)
        return
    yield CheckLine("ok", "instance.state_dir", str(directory))
    if not secret.exists():
        yield CheckLine("warning", "instance.secret_file", f"{secret} is not there yet: `run` makes it")
    else:
        yield _secret(config)
    if not config.instance.ops_address:
        yield CheckLine("warning", "instance.ops_address", "is empty: nobody is told by mail when something is wrong")


def _secret(config: Config) -> CheckLine:
    file = config.secret_file
    try:
        load_secrets(config)
    except ConfigError as error:
        return CheckLine("wrong", *error.problems[0])
    if file.stat().st_mode & 0o077:
        return CheckLine("wrong", "instance.secret_file", f"{file} can be read by others: chmod 600 {file}")
    return CheckLine("ok", "instance.secret_file", f"{file}, for its owner only")


def _database(config: Config) -> Iterator[CheckLine]:
    database = Database(config.database_url)
    try:
        if database.is_sqlite and not os.path.exists(config.database_url.removeprefix("sqlite:///")):  # noqa: PTH110
            yield CheckLine("warning", "database.url", "is not there yet: `run` makes it")
            return
        missing = migrate.behind(database)
        yield (
            CheckLine("wrong", "database.url", missing)
            if missing
            else CheckLine("ok", "database.url", "schema up to date")
        )
        if database.space_is_short(26_214_400):
            yield CheckLine("wrong", "database.url", "the disk is nearly full: mail is deferred")
    except Transient as error:
        yield CheckLine("wrong", "database.url", str(error))
    finally:
        database.close()


def _queues(config: Config) -> Iterator[CheckLine]:
    for number, queue in enumerate(config.queue):
        agents = [agent.address for agent in config.agent if queue.name in agent.queues]
        if agents:
            yield CheckLine("ok", f"queue.{number}", f"{queue.name}: {queue.address}, agents {', '.join(agents)}")
        else:
            yield CheckLine("warning", f"queue.{number}", f"{queue.name}: no agent is told of its tickets")
        if queue.plus_addressing and not _fits(queue):
            yield CheckLine(
                "warning",
                f"queue.{number}.addresses.0",
                "too long for a reply token: used as if plus_addressing = false",
            )
    if config.smtp_in and config.trust.agents == "verified" and not config.smtp_in.authserv_id:
        yield CheckLine(
            "warning",
            "smtp_in.authserv_id",
            "is empty: no Authentication-Results of your relays are believed, and an agent's answer by this door waits "
            'to be confirmed unless trust.internal_evidence speaks for it; name it, or set trust.agents = "token"',
        )
    if config.trust.agents == "token":
        yield CheckLine("warning", "trust.agents", _FROM_ALONE)
    if config.delivery.envelope == "verp" and not all(queue.plus_addressing for queue in config.queue):
        yield CheckLine("warning", "delivery.envelope", "verp needs plus_addressing: queues without it send as `queue`")


def _fits(queue: Queue) -> bool:
    return bool(plus_address(queue.address, "a" * 26))


def _templates(config: Config) -> Iterator[CheckLine]:
    problems = check_templates(rules_of(config, ()).templates)
    for problem in problems:
        yield CheckLine("wrong", "templates.directory", f"{problem.file}:{problem.line}: {problem.message}")
    if not problems:
        yield CheckLine("ok", "templates", "every notice can be written in every locale")


def _listeners(config: Config) -> Iterator[CheckLine]:
    listening = [("lmtp_in.listen", entry) for entry in config.lmtp_listen]
    listening += [("smtp_in.listen", entry) for entry in (config.smtp_in.listen if config.smtp_in else ())]
    for key, entry in listening:
        answered = _answers(entry)
        yield (
            CheckLine("ok", key, f"{entry} answers")
            if answered
            else CheckLine("warning", key, f"{entry}: nobody listens there now")
        )


def _answers(entry: str) -> bool:
    """Whether a server greets at a listen entry."""
    unix = entry.startswith("unix:")
    host, _, port = entry.rpartition(":")
    try:
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.settimeout(5)
            probe.connect(entry.removeprefix("unix:") if unix else (host.strip("[]"), int(port)))
            return probe.recv(3) == b"220"
    except OSError:
        return False


# --- the world ----------------------------------------------------------------------------------------


async def _accounts(config: Config) -> list[CheckLine]:
    lines = []
    for number, account in enumerate(config.imap_in):
        found = await probe(account, config.credential(account))
        lines += [CheckLine("ok" if right else "wrong", f"imap_in.{number}", text) for right, text in found]
    return lines


async def _way_out(config: Config, address: str | None) -> list[CheckLine]:
    if config.delivery.method == "maildir":
        out: MaildirOut | SmtpOut = MaildirOut(config.maildir)
        lines = [CheckLine("ok", "delivery", f"mail is put into {config.maildir}, not sent")]
    else:
        out = SmtpOut(SmtpOutSettings.of(config))
        probe = await out.probe()
        lines = [CheckLine("ok" if found.ok else "wrong", "delivery", found.text) for found in probe.findings]
    if address:
        found = await roundtrip.findings(config, out, address)
        lines += [CheckLine("ok" if right else "wrong", f"--send {address}", text) for right, text in found]
    await out.close()
    return lines


def _agent(config: Config, address: str) -> Iterator[CheckLine]:
    """Who this agent is, and what became of the agent's newest mail."""
    about = f"--agent {address}"
    agent = rules_of(config, secrets_of(config)).policy.agent(address)
    if agent is None:
        yield CheckLine("wrong", about, "is no agent's address or alias")
        return
    yield CheckLine("ok", about, f"{agent.name}, queues {', '.join(agent.queues)}")
    database = Database(config.database_url)
    try:
        row = database.transact(read_in, inbound.newest_from, (agent.address, *agent.aliases))
    except Transient as error:
        yield CheckLine("wrong", about, str(error))
        return
    finally:
        database.close()
    if row is None:
        yield CheckLine("warning", about, "no mail of theirs has come in yet")
    else:
        yield from _newest(config, about, row)
    yield from _published(config, agent)


def _newest(config: Config, about: str, row: Row[Any]) -> Iterator[CheckLine]:
    """What the agent's newest mail carried, and how it was decided."""
    verdict: CheckVerdict = "warning" if row.outcome == "held" else "ok"
    yield CheckLine(verdict, about, f"newest mail: inbound {row.id}, {row.outcome or row.state} ({row.reason})")
    found = stored_authentication(row.authentication) or Authentication()
    for fact in found.facts:
        yield CheckLine("ok", about, f"{fact.method}={fact.result} {fact.domain} ({fact.source})")
    if found.verdict == "pass" or found.internal:
        yield CheckLine("ok", about, 'that is evidence enough for `agents = "verified"`')
    else:
        missing: CheckVerdict = "warning" if config.trust.agents == "verified" else "ok"
        yield CheckLine(missing, about, 'no evidence of its sender: under `agents = "verified"` such mail is held')


def _published(config: Config, agent: Agent) -> Iterator[CheckLine]:
    """What the domains of an agent's addresses publish about mail in their name."""
    servers = resolver(config.dns.servers, config.dns.timeout_seconds)
    for domain in sorted({address.rpartition("@")[2] for address in (agent.address, *agent.aliases)}):
        for fact in asyncio.run(published(domain, servers)):
            yield CheckLine("ok" if fact.result == "published" else "warning", domain, f"{fact.method}: {fact.source}")
