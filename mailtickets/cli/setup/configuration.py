"""The configuration file that `init` writes: only what was chosen, with comments for somebody who is new to it.

Pure: a value comes in, text goes out.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mailtickets.cli.setup import secrets
from mailtickets.cli.setup.settled import FOLDERS, Settled
from mailtickets.config.providers import Server

COMMENTS_COLUMN = 44
FLOWS = {"client_secret": "client_credentials", "certificate": "client_credentials"}

Row = tuple[str, Any, str]
"""A key, its value, and a comment."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file."""

    name: str
    says: str
    """What the table is for."""
    rows: Sequence[Row]


def text(settled: Settled, state_dir: str) -> str:
    """The whole file. `state_dir` is where the desk keeps its database."""
    tables = "\n".join(_written(table) for table in _tables(settled, state_dir))
    return f"{_HEAD.format(address=settled.address)}\n{tables}{_smtp_for_later(settled)}"


_HEAD = """\
# The desk at {address}, as `mailtickets init` has written it.
# Keys that are not here have their defaults; config.example.toml shows all of them.
# After a change: `mailtickets check`, then start the desk again.
"""


def _tables(settled: Settled, state_dir: str) -> Iterator[Table]:
    yield _instance(settled, state_dir)
    yield from [_mailbox(settled, settled.imap)] if settled.imap else [_listener(settled)]
    yield from [_tokens(settled)] if settled.oauth_name else []
    yield _delivery(settled) if settled.send else _MAILDIR
    yield from [Table("[dns]", "Who is asked about senders.", [("servers", settled.dns, "")])] if settled.dns else []
    yield _queue(settled)
    yield from _agents(settled)
    yield _FORGOTTEN
    yield _trust(settled)


def _instance(settled: Settled, state_dir: str) -> Table:
    return Table(
        "[instance]",
        "",
        [
            ("hostname", settled.hostname, "how this machine calls itself in mail"),
            ("state_dir", state_dir, "the database and the key of the reply tokens: back it up"),
            ("locale", settled.locale, "the language of notices: pt_BR | en | es"),
            ("timezone", settled.timezone, ""),
            ("ops_address", settled.ops_address, "who is told by mail when something is wrong"),
        ],
    )


def _mailbox(settled: Settled, imap: Server) -> Table:
    processed, failed = FOLDERS[settled.locale]
    return Table(
        "[[imap_in]]",
        "The mailbox that the desk reads. What is in it already is left alone; each new mail becomes a ticket or joins "
        "one.",
        [
            ("name", settled.queue, "what log lines call this mailbox"),
            ("host", imap.host, ""),
            ("port", imap.port, ""),
            *([("tls", imap.tls, "only on this machine itself")] if imap.tls == "none" else []),
            ("username", imap.username, ""),
            _login_row(settled, secrets.MAILBOX_PASSWORD),
            ("queue", settled.queue, ""),
            ("processed_folder", processed, "mail that became a ticket is moved there"),
            ("failed_folder", failed, "mail that could not be read is moved there"),
            *_results_row(settled),
        ],
    )


def _results_row(settled: Settled) -> list[Row]:
    if settled.authserv_id:
        return [("authserv_id", settled.authserv_id, "whose Authentication-Results say who a sender really is")]
    if settled.known_results:
        return [("authserv_id", "", "empty: Microsoft 365 writes its results without a name")]
    return []


def _listener(settled: Settled) -> Table:
    named = settled.authserv_id or ""
    says = "the name that your Postfix's DMARC filter writes into Authentication-Results"
    return Table(
        "[smtp_in]",
        "Where your Postfix hands the mail over.",
        [
            ("listen", ("127.0.0.1:8025",), "docs/providers/own-server.md has the lines for Postfix"),
            ("authserv_id", named, says),
        ],
    )


def _login_row(settled: Settled, file: str) -> Row:
    if settled.oauth_name:
        return "oauth", settled.oauth_name, "the [[oauth]] table that gets its tokens"
    return "password_file", file, _BESIDE


_BESIDE = "a file beside this one, which only the desk may read"


def _tokens(settled: Settled) -> Table:
    given, login = settled.oauth, settled.login
    rows: list[Row] = [
        ("name", settled.oauth_name, ""),
        ("provider", settled.oauth_provider, ""),
        ("flow", FLOWS.get(login, login), ""),
        ("tenant", given.tenant, "the directory of your organisation"),
        (
            "client_id",
            "" if login == "service_account" else given.client_id,
            "the application that was registered for the desk",
        ),
    ]
    rows += [(one.key, one.name, _BESIDE) for one in settled.secrets if one.key not in {"smtp", "ca_file"}]
    rows += [
        ("subject", settled.address if login == "service_account" else "", "the mailbox that the tokens are for"),
        ("scopes", given.scopes, ""),
        ("token_url", given.token_url, ""),
        ("device_url", given.device_url, ""),
        ("authorize_url", given.authorize_url, ""),
        *((one.key, one.name, "who vouches for the token server") for one in settled.secrets if one.key == "ca_file"),
        ("expires", given.expires, "the desk warns 30 days before"),
    ]
    return Table("[[oauth]]", "How the desk gets its tokens.", [row for row in rows if row[1]])


def _delivery(settled: Settled) -> Table:
    smtp, preset = settled.smtp, settled.preset
    apart = any(one.name == secrets.SMTP_PASSWORD for one in settled.secrets)
    secret = secrets.SMTP_PASSWORD if apart else secrets.MAILBOX_PASSWORD
    own = settled.smtp.username == ""
    rows: list[Row] = [
        ("method", "smtp", ""),
        ("host", smtp.host, ""),
        ("port", smtp.port, ""),
        ("tls", smtp.tls, "only on this machine itself" if smtp.tls == "none" else ""),
        *([] if own else [("username", smtp.username, ""), _login_row(settled, secret)]),
        ("envelope", "verp" if own and settled.plus else "queue", _ENVELOPE[own and settled.plus]),
    ]
    if preset and preset.max_per_minute:
        rows += [
            ("max_connections", preset.max_connections, ""),
            ("max_per_minute", preset.max_per_minute, "below the limits of the provider"),
            ("max_per_day", preset.max_per_day, ""),
        ]
    elif not own:
        rows += [
            ("max_per_minute", 0, "0 = no limit; set both below the limits of your provider"),
            ("max_per_day", 0, ""),
        ]
    return Table("[delivery]", "How the desk sends.", rows)


_ENVELOPE = {True: "each mail has a return path of its own", False: "bounces come to the desk's own address"}

_MAILDIR = Table(
    "[delivery]",
    "Nothing is sent: what the desk would send is put into this folder, one file each, for you to look at.",
    [("method", "maildir", ""), ("maildir", "outgoing", "below state_dir")],
)


def _smtp_for_later(settled: Settled) -> str:
    """The table for sending, as a comment, when the desk may not send yet."""
    if settled.send:
        return ""
    lines = _written(_delivery(settled)).splitlines()[1:]
    body = "\n".join(f"# {line}".rstrip() for line in lines)
    return f"\n# When the desk may send, put this in the place of the table [delivery] above:\n#\n{body}\n"


def _queue(settled: Settled) -> Table:
    plus = f"mail to {settled.address.replace('@', '+anything@')} reaches this address too"
    plus = plus if settled.plus else f"true, if {plus}: try it"
    return Table(
        "[[queue]]",
        "What customers write to.",
        [
            ("name", settled.queue, ""),
            ("addresses", (settled.address,), ""),
            ("display_name", settled.title, "the name that customers see"),
            ("locale", settled.locale, "the language that customers are written in; auto: their own"),
            ("plus_addressing", settled.plus, plus),
        ],
    )


def _agents(settled: Settled) -> Iterator[Table]:
    says = "The people who answer. They need nothing but their mail program: docs/agents.md is for them."
    for agent in settled.agents:
        rows = [("name", agent.name, ""), ("address", agent.address, ""), ("queues", (settled.queue,), "")]
        yield Table("[[agent]]", says, rows)
        says = ""


_FORGOTTEN = Table(
    "[forgotten]",
    "Each day at this time, agents are told of tickets that lie about; of each ticket once.",
    [("at", "07:30", '"" = never')],
)


def _trust(settled: Settled) -> Table:
    if settled.known_results:
        return Table(
            "[trust]",
            "An agent's mail counts when it answers a notice and the agent's domain vouches for it (DMARC).",
            [("agents", "verified", "see `mailtickets check --agent ADDRESS`")],
        )
    return Table(
        "[trust]",
        "An agent's mail counts when it answers a notice from the agent's address. Whoever has got hold of a notice "
        "could answer in that agent's name. When you know the name that your provider writes into "
        "Authentication-Results, set it as authserv_id, and agents to verified.",
        [("agents", "token", "token | verified")],
    )


# --- TOML -----------------------------------------------------------------------------------------------


def _written(table: Table) -> str:
    lines = [f"# {line}" for line in _wrapped(table.says)] + [table.name]
    for key, value, comment in table.rows:
        line = f"{key} = {_value(value)}"
        lines.append(f"{line:<{COMMENTS_COLUMN - 1}} # {comment}" if comment else line)
    return "\n".join(lines) + "\n"


def _wrapped(says: str, width: int = 100) -> list[str]:
    lines = [""]
    for word in says.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line]


def _value(value: Any) -> str:
    """A value in TOML. The strings of the answers have no control characters, so that JSON's form is TOML's too."""
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
