"""A desk in a directory that `check` looks at, with stand-ins for the world, and situations that are broken.

A situation is a function that takes a `Bench`, sets up what is wrong, and returns what the lines that tell of it are
about. `SITUATIONS` has them all, by what they are in words.
"""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailtickets.cli import main
from mailtickets.cli.check import areas, domains, roundtrip
from mailtickets.cli.check.database import version
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.load import load
from mailtickets.config.state import load_secrets, prepare
from mailtickets.gateway.rules import rules_of
from mailtickets.store.database import Database
from mailtickets.views.check import CheckLine
from tests.edges.test_dkim_sign import PKCS8
from tests.servers import free_port
from tests.servers.dovecot import Dovecot
from tests.servers.fake_dns import FakeDns
from tests.servers.fake_imap import FakeImap, Session
from tests.servers.fake_smtp import FakeSmtp, Received
from tests.servers.token_server import CLIENT, CLIENT_SECRET, Failure, TokenServer
from tests.store.office import Office

SECRET, SMTP_SECRET = "segredo-da-caixa", "segredo-do-correio"
BOX = "suporte@loja.com.br"


@dataclass
class Bench:
    """The configuration of a sound desk. What a situation adds is in `tables`."""

    directory: Path
    migrated_file: Path
    monkeypatch: pytest.MonkeyPatch
    stack: AsyncExitStack
    said: Callable[[], tuple[str, str]]
    """What was printed since the last call, on stdout and stderr."""
    instance: dict[str, str] = field(
        default_factory=lambda: {"hostname": "mail.loja.com.br", "ops_address": "o@o.test"}
    )
    delivery: dict[str, object] = field(default_factory=lambda: {"method": "maildir"})
    queue: dict[str, object] = field(default_factory=lambda: {"name": "suporte", "addresses": [BOX]})
    agent: str = "ana@loja.com.br"
    tables: str = ""
    dns: FakeDns | None = None

    @property
    def config(self) -> Path:
        return self.directory / "config.toml"

    # --- stand-ins ----------------------------------------------------------------------------------------

    async def names(self) -> FakeDns:
        """A DNS in which all is well with loja.com.br, whose mail server is this machine."""
        dns = self.dns = await self.stack.enter_async_context(FakeDns())
        dns.add("loja.com.br", "MX", "10 mail.loja.com.br.")
        dns.add("mail.loja.com.br", "A", "192.0.2.25")
        dns.txt("loja.com.br", "v=spf1 mx -all")
        dns.txt("_dmarc.loja.com.br", "v=DMARC1; p=quarantine")
        dns.add("25.2.0.192.in-addr.arpa", "PTR", "mail.loja.com.br.")
        return dns

    async def imap(self, capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS", **keys: object) -> FakeImap:
        fake = await self.stack.enter_async_context(FakeImap(capabilities))
        fake.folders |= {"Processados": [], "Falhas": []}
        self.mailbox(fake.port, **keys)
        return fake

    def mailbox(self, port: int, **keys: object) -> None:
        self.secret("imap-password", SECRET)
        given = {"name": "suporte", "host": "127.0.0.1", "port": port, "tls": "none", "username": BOX,
                 "password_file": "imap-password", **keys}  # fmt: skip
        self.tables += table("[imap_in]", {key: value for key, value in given.items() if value != ""})

    async def smarthost(self, **keys: Any) -> FakeSmtp:
        server = await self.stack.enter_async_context(FakeSmtp(**keys))
        self.delivery = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        return server

    def tokens(self, **keys: object) -> TokenServer:
        """A token server, and an account there."""
        (self.directory / "tokens").mkdir()
        server = self.stack.enter_context(TokenServer(self.directory / "tokens"))
        self.secret("client-secret", CLIENT_SECRET)
        given = {"name": "provedor", "provider": "other", "flow": "client_credentials", "client_id": CLIENT,
                 "client_secret_file": "client-secret", "token_url": server.token_url,
                 "device_url": "", "scopes": ["mail"], "ca_file": str(server.ca_file), **keys}  # fmt: skip
        self.tables += table("[oauth]", {key: value for key, value in given.items() if value != ""})
        return server

    def secret(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, encoding="utf-8")
        (self.directory / name).chmod(0o600)

    # --- looking ------------------------------------------------------------------------------------------

    def write(self) -> None:
        instance = {"name": "loja", **self.instance}
        text = table("instance", instance) + table("delivery", self.delivery)
        if self.dns is not None:
            text += f'[dns]\nservers = ["127.0.0.1:{self.dns.port}"]\ntimeout_seconds = 2\n'
        text += table("[queue]", self.queue)
        text += table("[agent]", {"name": "Ana Lima", "address": self.agent, "queues": ["suporte"]})
        self.config.write_text(text + self.tables, encoding="utf-8")

    def settle(self) -> None:
        """The desk as it is after its first run."""
        config = load(self.config)
        prepare(config)
        shutil.copy(self.migrated_file, config.state_dir / "mailtickets.db")

    async def lines(self, about: str, *words: str) -> list[CheckLine]:
        """What the command says, of those areas alone that this can be about: the others take their time."""
        wanted = OF_AREAS.get(re.split("[.]", about)[0], ("dns",))
        self.monkeypatch.setattr(areas, "AREAS", [one for one in areas.AREAS if one[0] in wanted])
        if not self.config.exists():
            self.write()
        if not (self.directory / "var").exists():
            self.settle()
        await asyncio.to_thread(main, ["-c", str(self.config), "check", *words, "--json"])
        import json

        return [CheckLine(**line) for line in json.loads(self.said()[0])]

    async def of_domains(self) -> list[CheckLine]:
        """What is said of domains alone, where hosts are those of a large provider: they are not spoken to."""
        self.write()
        return list(await domains.lines(Inquiry(load(self.config))))

    async def told(self, about: str, *words: str) -> list[CheckLine]:
        return faults(await self.lines(about, *words), about)


def table(name: str, keys: Mapping[str, object]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in keys.items()), ""])


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def faults(lines: list[CheckLine], about: str) -> list[CheckLine]:
    """The lines that are not ok, about this."""
    return [line for line in lines if line.verdict != "ok" and line.about.startswith(about)]


OF_AREAS = {
    "instance": ("dns",), "database": ("database",), "queue": ("queue", "giving-out", "stages"),
    "type": ("giving-out",), "trust": ("queue",), "templates": ("templates",), "lmtp_in": ("listen",),
    "smtp_in": ("listen",), "imap_in": ("secrets", "imap_in"), "oauth": ("oauth",), "delivery": ("delivery",),
    "--send": ("delivery",), "clock": ("delivery", "clock"),
}  # fmt: skip
"""The areas whose lines are about this; others are about a domain."""

Situation = Callable[[Bench], Awaitable[list[CheckLine]]]
SITUATIONS: dict[str, Situation] = {}


def situation(words: str) -> Callable[[Situation], Situation]:
    def named(act: Situation) -> Situation:
        SITUATIONS[words] = act
        return act

    return named


# --- this machine -------------------------------------------------------------------------------------


@situation("The key of the desk can be read by others")
async def _(bench: Bench) -> list[CheckLine]:
    bench.write()
    bench.settle()
    (bench.directory / "var" / "secret").chmod(0o644)
    return await bench.told("instance.secret_file")


@situation("A password can be read by every user of the machine")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.imap()
    (bench.directory / "imap-password").chmod(0o644)
    return await bench.told("imap_in.0.password_file")


@situation("Everybody can write to the state directory")
async def _(bench: Bench) -> list[CheckLine]:
    bench.write()
    bench.settle()
    (bench.directory / "var").chmod(0o777)
    return await bench.told("instance.state_dir")


@situation("Nobody is told when something is wrong")
async def _(bench: Bench) -> list[CheckLine]:
    bench.instance.pop("ops_address")
    return await bench.told("instance.ops_address")


@situation("The file of the database is no database")
async def _(bench: Bench) -> list[CheckLine]:
    bench.write()
    bench.settle()
    (bench.directory / "var" / "mailtickets.db").write_bytes(b"gone wrong " * 1000)
    return (await bench.told("database.url"))[:1]


@situation("PostgreSQL is not running")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tables = f'[database]\nurl = "postgresql://desk:{SMTP_SECRET}@127.0.0.1:{free_port()}/desk"\n'
    return await bench.told("database.url")


@situation("SQLite is of a version with a known fault")
async def _(bench: Bench) -> list[CheckLine]:
    return [version((3, 40, 1))]


@situation("Nobody is told of a queue's tickets")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tables = table("[queue]", {"name": "vendas", "addresses": ["vendas@loja.com.br"]})
    return await bench.told("queue.1")


@situation("Customers are told of a stage that has no label")
async def _(bench: Bench) -> list[CheckLine]:
    stages = {"novo": "new", "aberto": "open", "espera": "pending", "fim": "closed"}
    bench.tables = table("[queue]", {"name": "vendas", "addresses": ["vendas@loja.com.br"]}) + "".join(
        table("[queue.stages]", {"name": name, "is": status, "tell": name == "espera"})
        for name, status in stages.items()
    )
    return await bench.told("queue.1.stages.2.label")


@situation("A type asks for a skill that nobody has")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tables = table("[type]", {"name": "acesso", "skill": "vpn"})
    return await bench.told("type.0.skill")


@situation("A queue asks for skills and its agents have none")
async def _(bench: Bench) -> list[CheckLine]:
    bench.queue["assignment"] = "skill"
    return await bench.told("queue.0.assignment")


@situation("Nobody in a queue has the skill that a type asks for")
async def _(bench: Bench) -> list[CheckLine]:
    vpn = {"name": "Bia", "address": "bia@loja.com.br", "queues": ["vendas"], "skills": ["vpn"]}
    sap = {"name": "Davi", "address": "davi@loja.com.br", "queues": ["suporte"], "skills": ["sap"]}
    vendas = {"name": "vendas", "addresses": ["vendas@loja.com.br"]}
    bench.queue["assignment"] = "skill"
    bench.tables = table("[type]", {"name": "acesso", "skill": "vpn"}) + table("[agent]", vpn) + table("[agent]", sap)
    bench.tables += table("[queue]", vendas)
    return await bench.told("queue.0.assignment")


@situation("The agents of a queue are never on duty")
async def _(bench: Bench) -> list[CheckLine]:
    vendas = {"name": "vendas", "addresses": ["vendas@loja.com.br"]}
    bia = {"name": "Bia", "address": "bia@loja.com.br", "queues": ["vendas"], "calendar": "nunca"}
    bench.tables = table("[queue]", vendas) + table("[agent]", bia) + table("[calendar]", {"name": "nunca"})
    return await bench.told("queue.1")


@situation("A reply address and a From line are believed without proof")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tables = '[trust]\nagents = "token"\n'
    return await bench.told("trust.agents")


@situation("A template of one's own is broken")
async def _(bench: Bench) -> list[CheckLine]:
    folder = bench.directory / "templates" / "pt_BR"
    folder.mkdir(parents=True)
    (folder / "received.txt").write_text("Chamado {{ ticket.number }}\n{{ nada.que.exista() }}\n")
    bench.tables = '[templates]\ndirectory = "templates"\n'
    return await bench.told("templates")


@situation("The daemon is not running")
async def _(bench: Bench) -> list[CheckLine]:
    return await bench.told("lmtp_in.listen")


@situation("Another program listens at the desk's port")
async def _(bench: Bench) -> list[CheckLine]:
    other = await bench.stack.enter_async_context(FakeSmtp())
    bench.tables = f'[smtp_in]\nlisten = ["127.0.0.1:{other.port}"]\nauthserv_id = "mail.loja.com.br"\n'
    return await bench.told("smtp_in.listen")


@situation("The host name has changed, and the daemon has not been reloaded")
async def _(bench: Bench) -> list[CheckLine]:
    daemon = await bench.stack.enter_async_context(FakeSmtp())
    daemon.say("CONNECT", "220 old.loja.com.br ESMTP mailtickets")
    bench.tables = f'[smtp_in]\nlisten = ["127.0.0.1:{daemon.port}"]\nauthserv_id = "mail.loja.com.br"\n'
    return await bench.told("smtp_in.listen")


# --- the DNS ------------------------------------------------------------------------------------------


@situation("The domain of a queue has no MX")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("loja.com.br")
    return await bench.told("loja.com.br")


@situation("The domain says that it takes no mail")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "0 .")
    return await bench.told("loja.com.br")


@situation("The MX names a host without an address")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.add("loja.com.br", "MX", "5 antigo.loja.com.br.")
    return await bench.told("loja.com.br")


@situation("Mail goes to Google, and a mailbox at Microsoft is read")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "1 smtp.google.com.")
    dns.add("smtp.google.com", "A", "192.0.2.26")
    bench.mailbox(993, host="outlook.office365.com", tls="implicit")
    return faults(await bench.of_domains(), "loja.com.br")


@situation("The MX is another machine, and no mailbox is read")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.add("mx.hospedagem.com.br", "A", "192.0.2.99")
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "10 mx.hospedagem.com.br.")
    return await bench.told("loja.com.br")


@situation("The DNS does not answer")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    for name in ("loja.com.br", "_dmarc.loja.com.br", "mail.loja.com.br"):
        dns.fail(name)
    return await bench.told("loja.com.br")


async def at_google(bench: Bench) -> FakeDns:
    """Mail of loja.com.br goes out by Google, which is not spoken to."""
    dns = await bench.names()
    bench.delivery = {"host": "smtp.gmail.com", "port": 465, "tls": "implicit", "max_per_minute": 20}
    dns.txt("google._domainkey.loja.com.br", "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1")
    return dns


@situation("SPF does not cover the provider by which mail goes out")
async def _(bench: Bench) -> list[CheckLine]:
    await at_google(bench)
    return faults(await bench.of_domains(), "loja.com.br")


@situation("SPF does not cover our own mail server")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "10 mail.loja.com.br.")
    dns.txt("loja.com.br", "v=spf1 ip4:198.51.100.0/24 -all")
    await bench.smarthost()
    return await bench.told("loja.com.br")


@situation("There is no SPF record")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "10 mail.loja.com.br.")
    await bench.smarthost()
    return await bench.told("loja.com.br")


@situation("There are two SPF records")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.txt("loja.com.br", "v=spf1 include:_spf.google.com ~all")
    await bench.smarthost()
    return await bench.told("loja.com.br")


@situation("The provider has no DKIM key for the domain")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await at_google(bench)
    dns.forget("google._domainkey.loja.com.br")
    dns.forget("loja.com.br")
    dns.add("loja.com.br", "MX", "10 mail.loja.com.br.")
    dns.txt("loja.com.br", "v=spf1 include:_spf.google.com ~all")
    return faults(await bench.of_domains(), "loja.com.br")


@situation("We sign, and the key in the DNS is another one")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    await bench.smarthost()
    (bench.directory / "dkim.pem").write_bytes(PKCS8)
    bench.delivery |= {"dkim_selector": "desk", "dkim_key_file": "dkim.pem"}
    dns.txt("desk._domainkey.loja.com.br", "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1")
    return await bench.told("loja.com.br")


@situation("Our domain has no DMARC policy")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("_dmarc.loja.com.br")
    await bench.smarthost()
    return await bench.told("loja.com.br")


@situation("The domain of an agent has no DMARC policy")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.names()
    bench.agent = "ana@parceira.com.br"
    return await bench.told("parceira.com.br")


@situation("The address of this machine has another reverse name")
async def _(bench: Bench) -> list[CheckLine]:
    dns = await bench.names()
    dns.forget("25.2.0.192.in-addr.arpa")
    dns.add("25.2.0.192.in-addr.arpa", "PTR", "vps-17.provedor.com.br.")
    await bench.smarthost()
    return await bench.told("instance.hostname")


# --- mailboxes ----------------------------------------------------------------------------------------


@situation("The password of a mailbox is wrong (Dovecot)")
async def _(bench: Bench) -> list[CheckLine]:
    dovecot = bench.stack.enter_context(Dovecot({BOX: "another-one"}))
    bench.mailbox(dovecot.imap_port)
    return await bench.told("imap_in")


@situation("The authority of a mailbox server's certificate is not known (Dovecot)")
async def _(bench: Bench) -> list[CheckLine]:
    dovecot = bench.stack.enter_context(Dovecot({BOX: SECRET}))
    bench.mailbox(dovecot.imaps_port, host="localhost", tls="implicit")
    return await bench.told("imap_in")


@situation("A mailbox server's certificate is for another name")
async def _(bench: Bench) -> list[CheckLine]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(bench.directory / "ca.pem")
    bench.monkeypatch.setenv("SSL_CERT_FILE", str(bench.directory / "ca.pem"))
    server = await encrypted(bench, authority.issue_cert("imap.outra.test"))
    bench.mailbox(server, host="localhost", tls="implicit")
    return await bench.told("imap_in")


async def encrypted(bench: Bench, certificate: trustme.LeafCert) -> int:
    """The port of a server that shows this certificate."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    bench.stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


@situation("Nothing listens at the mailbox server's port")
async def _(bench: Bench) -> list[CheckLine]:
    bench.mailbox(free_port())
    return await bench.told("imap_in")


@situation("The mailbox server accepts connections and says nothing")
async def _(bench: Bench) -> list[CheckLine]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    bench.stack.callback(server.close)
    bench.mailbox(server.sockets[0].getsockname()[1])
    return await bench.told("imap_in")


@situation("A folder has another name at this server")
async def _(bench: Bench) -> list[CheckLine]:
    fake = await bench.imap(folders=["INBOX", "Spam"])
    fake.folders["INBOX.Spam"] = []
    return await bench.told("imap_in")


@situation("The server can move no messages")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.imap("IMAP4rev1 IDLE")
    return await bench.told("imap_in")


@situation("What has been read is moved to the server's trash")
async def _(bench: Bench) -> list[CheckLine]:
    fake = await bench.imap(processed_folder="Lixeira")
    fake.folders["Lixeira"] = []
    fake.uses = {"Lixeira": r"\Trash"}
    return await bench.told("imap_in")


@situation("Microsoft takes the token, and does not open the mailbox")
async def _(bench: Bench) -> list[CheckLine]:
    async def select(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} BAD User is authenticated but not connected.")

    fake = await bench.imap()
    fake.on["SELECT"] = select
    return await bench.told("imap_in")


# --- OAuth2 -------------------------------------------------------------------------------------------


@situation("The client secret of a provider is wrong")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tokens()
    bench.secret("client-secret", "not-this-one")
    await bench.imap(password_file="", oauth="provedor")
    return await bench.told("oauth")


@situation("The token server is out of order, and there is no token yet")
async def _(bench: Bench) -> list[CheckLine]:
    server = bench.tokens()
    await bench.imap(password_file="", oauth="provedor")
    with server.failing(Failure(503)):
        return await bench.told("oauth")


@situation("Nobody has logged in yet")
async def _(bench: Bench) -> list[CheckLine]:
    server = bench.tokens(flow="refresh_token", authorize_url="https://provedor.test/authorize")
    assert server.url
    await bench.imap(password_file="", oauth="provedor")
    return await bench.told("oauth")


@situation("The client secret has ended")
async def _(bench: Bench) -> list[CheckLine]:
    bench.tokens(expires="2026-01-31")
    await bench.imap(password_file="", oauth="provedor")
    return await bench.told("oauth")


# --- the way out --------------------------------------------------------------------------------------


@situation("The smarthost does not take the password")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.smarthost(users={BOX: "another-one"})
    bench.secret("smtp-password", SMTP_SECRET)
    bench.delivery |= {"username": BOX, "password_file": "smtp-password"}
    return await bench.told("delivery")


@situation("The smarthost offers no STARTTLS")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.smarthost()
    bench.delivery["tls"] = "starttls"
    return await bench.told("delivery")


@situation("The smarthost is busy")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    server.say("CONNECT", "421 4.3.2 too busy, come back later")
    return await bench.told("delivery")


@situation("The smarthost takes small messages only")
async def _(bench: Bench) -> list[CheckLine]:
    await bench.smarthost(extensions=("SIZE 5000000", "LIMITS MAILMAX=10 RCPTMAX=1"))
    return await bench.told("delivery")


@situation("Mail goes out faster than the provider lets it")
async def _(bench: Bench) -> list[CheckLine]:
    from mailtickets.cli.check.delivery import _pace

    bench.delivery = {"host": "smtp.office365.com", "max_per_day": 9000}
    bench.write()
    return list(_pace(load(bench.config)))


@situation("The clock of this machine is an hour ahead")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    moment = (datetime.now(UTC) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    server.say("CONNECT", f"220 fake.test Microsoft ESMTP MAIL Service ready at {moment}")
    lines = await bench.lines("clock")
    return [line for line in faults(lines, "clock") if "127.0.0.1" in line.text]


# --- a round trip -------------------------------------------------------------------------------------


async def round_trip(
    bench: Bench, server: FakeSmtp, brought: Callable[[Received], bytes | None], seconds: int = 60
) -> list[CheckLine]:
    """What --send says when this comes in of what went out; the envelope is that of the way out. `seconds`: how long
    each message is waited for.
    """
    bench.monkeypatch.setattr(roundtrip, "COMES_BACK_SECONDS", seconds)
    bench.write()
    bench.settle()
    config = load(bench.config)
    office = Office(Database(config.database_url), rules_of(config, load_secrets(config)))
    bench.stack.callback(office.database.close)

    async def bring() -> None:
        seen = 0
        while True:
            await asyncio.sleep(0.02)
            for mail in server.received[seen:]:
                seen += 1
                if (raw := brought(mail)) is not None:
                    await asyncio.to_thread(office.take, raw, sender=mail.sender, recipients=(mail.recipient,))

    bringing = asyncio.create_task(bring())
    try:
        return await bench.told("--send", "--send")
    finally:
        bringing.cancel()
        await asyncio.gather(bringing, return_exceptions=True)


@situation("The test message does not come back")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    return await round_trip(bench, server, lambda mail: None, seconds=1)


@situation("The smarthost writes another From")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    return await round_trip(bench, server, lambda mail: mail.content.replace(BOX.encode(), b"conta@provedor.com.br"))


@situation("The smarthost writes another Message-ID")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    return await round_trip(
        bench, server, lambda mail: re.sub(rb"(?m)^Message-ID: <.*>", b"Message-ID: <1@provedor.com.br>", mail.content)
    )


@situation("Plus-addresses are refused")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    server.say("RCPT", "550 5.1.1 User unknown")
    return await round_trip(bench, server, lambda mail: mail.content)


@situation("Mail to plus-addresses is lost")
async def _(bench: Bench) -> list[CheckLine]:
    server = await bench.smarthost()
    return await round_trip(bench, server, lambda mail: None if "+" in mail.recipient else mail.content, seconds=10)
