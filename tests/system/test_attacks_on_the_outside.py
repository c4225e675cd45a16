"""What hostile servers say is seen from outside: on the page, in the figures, at the terminal, in mail to ops."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.servers.fake_imap import FakeImap, Session
from tests.servers.fake_smtp import FakeSmtp
from tests.system.conftest import DeskMaker
from tests.system.desk import Desk, config
from tests.system.test_http import HTTP, submit, url
from tests.system.town import MARIA, write

SAID = "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script> maria@cliente.test \u202e"
PASSWORD = "a-password-of-the-mailbox"
NEVER = ("<script>", "\x1b", "\x07", "\u202e", PASSWORD, MARIA.address, "maria@cliente.test", "<img")


@pytest.fixture
async def servers() -> AsyncIterator[tuple[FakeSmtp, FakeImap]]:
    async def refuse(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} NO {SAID} LOGIN {arguments}")

    async with FakeSmtp() as smtp, FakeImap() as imap:
        imap.on["LOGIN"] = refuse
        smtp.say("MAIL", *[f"451 4.7.1 {SAID}"] * 50)
        yield smtp, imap


@pytest.fixture
def desk(servers: tuple[FakeSmtp, FakeImap], make_desk: DeskMaker, place: Path) -> Desk:
    smtp, imap = servers
    (place / "imap-password").write_text(PASSWORD)
    delivery = f'[delivery]\nmethod = "smtp"\nhost = "127.0.0.1"\nport = {smtp.port}\ntls = "none"\n'
    mailbox = f"""[[imap_in]]
name = "caixa"
host = "127.0.0.1"
port = {imap.port}
tls = "none"
username = "suporte@desk.test"
password_file = "imap-password"
queue = "suporte"
"""
    text = config(delivery, mailbox, HTTP, smtp_port=0, ops_address="ops@desk.test")
    text = text.replace("Suporte Exemplo", "<script>x</script>").replace("Ana Souza", "Ana <img src=x onerror=1>")
    return make_desk(text)


async def test_what_hostile_servers_and_names_say_is_plain_text_without_customers(desk: Desk) -> None:
    await asyncio.to_thread(_looked_at, desk)


def _looked_at(desk: Desk) -> None:
    desk.start()
    submit(desk, write(MARIA).as_bytes())
    desk.wait_for(lambda: {row["state"] for row in desk.outbox()} == {"deferred"}, "copies to be put off")
    desk.wait_for(lambda: "mailbox-fails" in _needs(desk), "the mailbox to fail")
    for path in ("/", "/metrics", "/readyz", "/healthz"):
        shown = httpx.get(url(desk, path), timeout=60).text
        assert not [word for word in NEVER if word in shown], path
    status = desk.command("status")
    assert status.returncode == 1
    for words in (["status"], ["check"], ["outbox", "list"], ["inbound", "list"], ["trace", "1"]):
        done = desk.command(*words)
        said = (done.stdout + done.stderr).decode()
        assert not re.findall(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", said), words
        assert PASSWORD not in said
    assert MARIA.address not in status.stdout.decode()
    assert PASSWORD not in desk.log()
    assert "\x1b" not in desk.log()


def _needs(desk: Desk) -> str:
    return desk.command("status", "--json").stdout.decode()
