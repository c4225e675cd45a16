"""2,000 mails out of an IMAP folder: fetched, committed and moved, beside imaplib that only fetches and moves.

    python bench/imap.py [--write] [--runs 3] [--mails 2000]

A Dovecot of its own on this machine, a mailbox for each run. Ours is the poller and the gateway as they ship, with
every mail in the database, by full fsync, before it is moved; what is accepted is read and decided on meanwhile.
imaplib fetches and moves mail by mail, and throws away what it has fetched.
"""

import asyncio
import imaplib
import sys
import tempfile
import time
from argparse import Namespace
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path

import page

sys.path.insert(0, str(Path(__file__).parents[1]))

from mailtickets.config.credentials import password
from mailtickets.config.load import load
from mailtickets.desk.model.delivery import Sent
from mailtickets.edges.doors.imap import ImapPoller
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.servers.dovecot import Dovecot

TARGET = 1.0
CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{home}"
[[imap_in]]
name = "suporte"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "{user}"
queue = "suporte"
start = "all"
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""


def a_mail(number: int) -> bytes:
    """9 KB, the mean of a support mailbox."""
    head = [
        f"From: Maria <maria{number}@cliente.test>",
        "To: suporte@desk.test",
        f"Subject: Impressora {number}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{number}.{time.time_ns()}@cliente.test>",
        "Content-Type: text/plain; charset=utf-8",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + "A impressora do segundo andar não imprime.\r\n" * 200).encode()


def fill(dovecot: Dovecot, user: str, mails: int) -> None:
    for number in range(mails):
        dovecot.deliver(user, a_mail(number))


def one_by_one(dovecot: Dovecot, user: str, mails: int) -> float:
    fill(dovecot, user, mails)
    dovecot.make_folder(user, "Processados")
    start = time.perf_counter()
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    client.login(user, "secret")
    client.select("INBOX")
    uids = client.uid("SEARCH", "ALL")[1][0].split()
    for uid in uids:
        client.uid("FETCH", uid, "(BODY.PEEK[])")
        client.uid("MOVE", uid, "Processados")
    seconds = time.perf_counter() - start
    client.logout()
    if len(uids) != mails:
        raise RuntimeError(f"{len(uids)} of {mails} mails")
    return mails / seconds


def waiting(dovecot: Dovecot, user: str) -> bool:
    """Whether there is still a mail in INBOX; what moves while one looks does no harm."""
    return any(any((dovecot.maildir(user) / part).iterdir()) for part in ("new", "cur"))


async def ours(dovecot: Dovecot, user: str, mails: int) -> float:
    fill(dovecot, user, mails)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "config.toml"
        file.write_text(CONFIG.format(home=directory, port=dovecot.imap_port, user=user))
        config = load(file)
        database, workers = Database(f"sqlite:///{directory}/bench.db"), Workers()
        migrate.upgrade(database)
        clerk = Clerk(database, rules_of(config, (b"bench" * 10,)))
        gateway = Gateway(clerk, workers, WayOut(nowhere, Pace()), name="bench", max_message_bytes=10**7)
        await gateway.start()
        start = time.perf_counter()
        poller = asyncio.create_task(ImapPoller(config.imap_in[0], password(lambda: "secret"), gateway.mailboxes).run())
        while waiting(dovecot, user):  # noqa: ASYNC110 - Dovecot has no event for us
            await asyncio.sleep(0.1)
        seconds = time.perf_counter() - start
        kept = await gateway.off_loop(
            database.transact, lambda c: c.exec_driver_sql("SELECT count(*) FROM inbound").scalar()
        )
        poller.cancel()
        await asyncio.gather(poller, return_exceptions=True)
        await gateway.drain(0.5)
        workers.close()
        database.close()
    if kept != mails or len(dovecot.files(user, "Processados")) != mails:
        raise RuntimeError(f"{kept} of {mails} mails are in the database")
    return mails / seconds


async def nowhere(raw: bytes, sender: str, recipient: str) -> Sent:
    return Sent("250 2.0.0 Ok", None)


def measure(args: Namespace) -> dict[str, list[float]]:
    users = [f"run{number}@desk.test" for number in range(2 * args.runs)]
    with Dovecot(dict.fromkeys(users, "secret")) as dovecot:
        serial = count()
        return page.alternate(
            {
                "imaplib, one by one, stored nowhere": lambda: one_by_one(dovecot, users[next(serial)], args.mails),
                "mailtickets": lambda: asyncio.run(ours(dovecot, users[next(serial)], args.mails)),
            },
            args.runs,
        )


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--mails", type=int, default=2_000)
    args = parser.parse_args()
    found = measure(args)
    theirs, mine = found.values()
    rows = [
        ["imaplib, one by one, stored nowhere", page.spread(theirs), "", ""],
        ["mailtickets", page.spread(mine), page.ratio(mine, theirs), f"{TARGET:.0f}x"],
    ]
    body = page.table(["", "mails/s", "beside imaplib", "wanted"], rows)
    page.publish("imap", page.section("Out of an IMAP folder", body), write=args.write)


if __name__ == "__main__":
    main()
