"""Mailboxes that open to tokens alone: each way to get a token, and each trouble. No mail is lost or doubled in any."""

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.fake_imap import FakeImap, Session
from tests.servers.postgres import Postgres
from tests.servers.token_server import MICROSOFT_SCOPE, USER, Failure
from tests.system.cloud import OTHER, Cloud, in_a_thread
from tests.system.conftest import DeskMaker
from tests.system.desk import Desk, config
from tests.system.town import ANA, JOAO, MARIA, OPS, PEDRO, Person, text_of, write

ANSWER = "A segunda via segue amanhã cedo."


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with Cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def cloud(provider: Cloud) -> Cloud:
    provider.clear()
    return provider


def log_of(desk: Desk, event: str) -> list[dict[str, object]]:
    """The log lines of an event."""
    lines = (json.loads(line) for line in desk.log().splitlines() if line.startswith("{"))
    return [line for line in lines if line["message"] == event]


def write_in(cloud: Cloud, desk: Desk, author: Person, subject: str, count: int, user: str = USER) -> None:
    """A customer's mail comes, and is read: the ledger has `count` rows then."""
    cloud.deliver(write(author, subject=subject), user)
    assert [row["subject"] for row in desk.wait_until_done(count)][-1] == subject


def answer(desk: Desk, number: int) -> None:
    desk.cli("ticket", "reply", number, "--as", ANA.address, given=ANSWER)


def answered(cloud: Cloud, desk: Desk, customer: Person) -> None:
    """The answer has come to the customer, once."""

    def answers() -> list[str]:
        letters = cloud.world.letters(customer.address)
        return [text for text in map(text_of, letters) if ANSWER in text]

    desk.wait_for(answers, f"the answer to {customer.address}")
    desk.wait_for(lambda: all(row["state"] == "sent" for row in desk.outbox()), "an empty outbox")
    assert len(answers()) == 1


def nothing_is_left(cloud: Cloud, desk: Desk, *subjects: str) -> None:
    """Each mail has come in once, and nothing waits in the mailbox."""
    assert [row["subject"] for row in desk.inbound()] == list(subjects)
    assert len(desk.tickets()) == len(subjects)
    for user in (USER, OTHER):
        desk.wait_for(lambda user=user: not cloud.dovecot.files(user), "an empty inbox")


# --- each flow ----------------------------------------------------------------------------------------

FLOWS = [
    ("microsoft", "client_credentials", False),
    ("microsoft", "client_credentials", True),
    ("microsoft", "device_code", False),
    ("microsoft", "refresh_token", False),
    ("google", "service_account", False),
    ("google", "refresh_token", False),
    ("other", "client_credentials", False),
    ("other", "device_code", False),
    ("other", "refresh_token", False),
]


@pytest.mark.parametrize(
    ("provider_name", "flow", "certificate"),
    FLOWS,
    ids=[f"{name}-{flow}{'-certificate' * certificate}" for name, flow, certificate in FLOWS],
)
def test_mail_comes_in_and_an_answer_goes_out(
    cloud: Cloud, make_desk: DeskMaker, provider_name: str, flow: str, certificate: bool
) -> None:
    table = cloud.oauth(provider_name, flow, certificate=certificate)
    text = config(cloud.imap(), cloud.submission(), table, smtp_port=0)
    desk = make_desk(text, cloud.environment, quick=True)
    if flow in {"device_code", "refresh_token"}:
        cloud.log_in(desk)
    desk.start()
    write_in(cloud, desk, MARIA, "Boleto", 1)
    answer(desk, 1)
    answered(cloud, desk, MARIA)
    nothing_is_left(cloud, desk, "Boleto")
    status = desk.command("oauth", "status")
    assert status.returncode == 0, status.stdout.decode()
    assert not [line for line in desk.log().splitlines() if any(token in line for token in cloud.tokens.tokens)]


# --- time goes by -------------------------------------------------------------------------------------


def test_tokens_are_renewed_and_each_new_login_takes_the_present_one(cloud: Cloud, make_desk: DeskMaker) -> None:
    cloud.tokens.life_seconds = 6
    text = config(cloud.imap(), cloud.submission(), cloud.oauth("google", "refresh_token"), smtp_port=0)
    desk = make_desk(text, cloud.environment, quick=True)
    cloud.log_in(desk)
    desk.start()
    customers = (MARIA, JOAO, PEDRO)
    for number, customer in enumerate(customers, 1):
        asked = len(cloud.tokens.asked)
        desk.wait_for(lambda asked=asked: len(cloud.tokens.asked) >= asked + 2, "two more renewals")
        cloud.dovecot.hang_up()  # ends every connection, in and out
        write_in(cloud, desk, customer, f"Pedido {number}", number)
        answer(desk, number)
        answered(cloud, desk, customer)
    nothing_is_left(cloud, desk, "Pedido 1", "Pedido 2", "Pedido 3")
    used = [given["refresh_token"] for given in cloud.tokens.asked if "refresh_token" in given]
    assert len(used) == len(set(used)) >= 6, "a refresh token that rotates is good for once"
    assert cloud.tokens.logins, "the login lives"


def test_a_token_server_that_is_down_at_the_start_is_asked_again(cloud: Cloud, make_desk: DeskMaker) -> None:
    text = config(cloud.imap(), cloud.submission(), cloud.oauth("microsoft", "client_credentials"), smtp_port=0)
    desk = make_desk(text, cloud.environment, quick=True)
    cloud.tokens.down()
    try:
        desk.start()
        cloud.deliver(write(MARIA, subject="Antes"))
        desk.wait_for(lambda: log_of(desk, "token not renewed"), "a renewal that failed")
        assert desk.inbound() == []
    finally:
        cloud.tokens.up()
    desk.wait_until_done(1)  # two mails that are read at once may become tickets in either order
    write_in(cloud, desk, JOAO, "Depois", 2)
    answer(desk, 1)
    answered(cloud, desk, MARIA)
    nothing_is_left(cloud, desk, "Antes", "Depois")


def test_a_token_server_that_is_away_while_the_token_lives_is_noticed_by_nobody(
    cloud: Cloud, make_desk: DeskMaker
) -> None:
    text = config(
        cloud.world.delivery(), cloud.imap(), cloud.oauth("microsoft", "client_credentials"), smtp_port=0,
        ops_address=OPS.address,
    )  # fmt: skip
    desk = make_desk(text, cloud.environment, quick=True)
    cloud.tokens.life_seconds = 60
    desk.start()
    write_in(cloud, desk, MARIA, "Antes", 1)
    with cloud.tokens.failing(Failure(503)):
        desk.signal(1)  # SIGHUP: a reload asks for nothing that is there
        write_in(cloud, desk, JOAO, "Depois", 2)
    assert cloud.world.letters(OPS.address) == []
    nothing_is_left(cloud, desk, "Antes", "Depois")


# --- no token, or one that opens nothing --------------------------------------------------------------


def told(cloud: Cloud, desk: Desk, count: int, *words: str) -> str:
    """What ops have been told by the last of so many mails."""
    text = text_of(cloud.world.wait_for_letters(desk, OPS.address, count)[count - 1])
    for word in words:
        assert word in text
    return text


def test_a_login_that_is_revoked_is_told_at_once_and_only_that_account_stands_still(
    cloud: Cloud, make_desk: DeskMaker
) -> None:
    cloud.tokens.life_seconds = 6
    text = config(
        cloud.world.delivery(), cloud.imap(), cloud.imap_by_password(), cloud.oauth("google", "refresh_token"),
        smtp_port=0, ops_address=OPS.address,
    )  # fmt: skip
    desk = make_desk(text, cloud.environment, quick=True)
    cloud.log_in(desk)
    desk.start()
    write_in(cloud, desk, MARIA, "Antes", 1)

    cloud.tokens.revoke()
    told(cloud, desk, 1, "invalid_grant", "mailtickets oauth login nuvem", "Other accounts go on")
    cloud.dovecot.hang_up()
    cloud.deliver(write(JOAO, subject="Entretanto"))
    write_in(cloud, desk, PEDRO, "Outra caixa", 2, OTHER)
    status = desk.command("oauth", "status")
    assert status.returncode == 1
    assert b"invalid_grant" in status.stdout
    assert [row["subject"] for row in desk.inbound()] == ["Antes", "Outra caixa"]

    cloud.log_in(desk)
    rows = desk.wait_until_done(3)
    assert [row["subject"] for row in rows] == ["Antes", "Outra caixa", "Entretanto"]
    answer(desk, 3)
    answered(cloud, desk, JOAO)
    nothing_is_left(cloud, desk, "Antes", "Outra caixa", "Entretanto")


def test_answers_wait_while_the_way_out_has_no_token_and_go_out_once(cloud: Cloud, make_desk: DeskMaker) -> None:
    cloud.tokens.life_seconds = 6
    text = config(cloud.imap(), cloud.submission(), cloud.oauth("microsoft", "device_code"), smtp_port=0)
    desk = make_desk(text, cloud.environment, quick=True)
    cloud.log_in(desk)
    desk.start()
    write_in(cloud, desk, MARIA, "Boleto", 1)
    desk.wait_for(lambda: {row["state"] for row in desk.outbox()} == {"sent"}, "the notices")

    cloud.tokens.revoke()
    desk.wait_for(lambda: log_of(desk, "token not renewed"), "the end of the login")
    cloud.dovecot.hang_up()
    answer(desk, 1)
    (waiting,) = desk.wait_for(lambda: [row for row in desk.outbox() if row["state"] == "deferred"], "the answer")
    assert "there is no token: invalid_grant" in waiting["last_reply"]
    assert "mailtickets oauth login nuvem" in waiting["last_reply"]

    with closing(sqlite3.connect(desk.state_dir / "mailtickets.db", timeout=30)) as database, database:
        database.execute("UPDATE outbox SET next_attempt_at = '2099-01-01 00:00:00.000000' WHERE state = 'deferred'")
    cloud.log_in(desk)  # the answer need not wait for its next attempt
    answered(cloud, desk, MARIA)


def test_a_token_of_the_wrong_scope_is_renewed_once_then_told_and_mended_by_a_reload(
    tmp_path: Path, make_desk: DeskMaker
) -> None:
    with Cloud(tmp_path, MICROSOFT_SCOPE) as cloud:

        def text(*scopes: str) -> str:
            table = cloud.oauth("microsoft", "client_credentials")
            asked = "".join(f'scopes = ["{scope}"]\n' for scope in scopes)
            tables = (cloud.world.delivery(), cloud.imap(), table + asked, cloud.imap_by_password())
            return config(*tables, smtp_port=0, ops_address=OPS.address)

        desk = make_desk(text("https://graph.microsoft.com/.default"), cloud.environment, quick=True)
        desk.start()
        cloud.deliver(write(MARIA, subject="Antes"))
        told(cloud, desk, 1, "refuses a fresh token too", "permissions", "Other accounts go on")
        assert len(cloud.tokens.asked) == 2, "the first token, and one more to make sure"
        (first, *_) = log_of(desk, "imap token refused")
        assert first["account"] == "suporte"
        assert '"status":' in str(first["challenge"])
        write_in(cloud, desk, PEDRO, "Outra caixa", 1, OTHER)
        checked = desk.command("check")
        assert (checked.returncode, checked.stderr) == (1, b"")
        assert b"look at the permissions that the provider gave to this application" in checked.stdout

        desk.configure(text())
        desk.signal(1)
        rows = desk.wait_until_done(2)
        assert [row["subject"] for row in rows] == ["Outra caixa", "Antes"]
        nothing_is_left(cloud, desk, "Outra caixa", "Antes")


async def not_connected(session: Session, tag: str, arguments: str) -> None:
    session.send(f"{tag} BAD User is authenticated but not connected.")


def test_a_mailbox_that_was_not_granted_is_told_with_what_to_do_and_read_when_it_is(
    cloud: Cloud, make_desk: DeskMaker
) -> None:
    """Microsoft's way to say so: the login goes well, and SELECT fails."""
    fake = FakeImap("IMAP4rev1 IDLE MOVE UIDPLUS SASL-IR AUTH=XOAUTH2")
    fake.tokens = cloud.tokens.tokens
    fake.on["SELECT"] = not_connected
    mail = write(MARIA, subject="Antes").as_bytes()
    fake.add(mail.replace(b"\n", b"\r\n"))
    with in_a_thread(fake):
        account = cloud.imap().replace(f"port = {cloud.dovecot.imaps_port}", f'port = {fake.port}\ntls = "none"')
        account = account.replace('"localhost"', '"127.0.0.1"')
        table = cloud.oauth("microsoft", "client_credentials")
        desk = make_desk(config(cloud.world.delivery(), account, table, smtp_port=0), cloud.environment, quick=True)
        desk.start()
        desk.wait_for(lambda: "Add-MailboxPermission" in desk.log(), "the advice in the log")
        checked = desk.command("check")
        assert checked.returncode == 1
        said = checked.stdout.decode()
        for words in ("User is authenticated but not connected", "Enterprise applications", "imap_in.username"):
            assert words in said
        assert desk.inbound() == []

        del fake.on["SELECT"]
        desk.wait_until_done(1)
        assert [row["subject"] for row in desk.inbound()] == ["Antes"]
        desk.wait_for(lambda: not fake.folders["INBOX"] and len(fake.folders["Processados"]) == 1, "the mail moved")


# --- several gateways ---------------------------------------------------------------------------------


@pytest.fixture
def second_place() -> Iterator[Path]:
    """Another machine's directory; short, for unix sockets."""
    directory = Path(tempfile.mkdtemp(prefix="desk-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory)


def test_two_gateways_on_one_account_renew_it_once_and_both_log_in(
    cloud: Cloud, make_desk: DeskMaker, postgres: Postgres, second_place: Path
) -> None:
    """The login is at the first gateway; the second one has it from the database. Refresh tokens are good for once."""
    cloud.tokens.life_seconds = 8
    table = cloud.oauth("google", "refresh_token")
    url = postgres.database()
    first = make_desk(config(cloud.imap(), cloud.submission(), table, smtp_port=0, database=url), cloud.environment)
    cloud.log_in(first)
    first.start()
    # The mailbox of the second one is another door to the same account: the first one reads suporte's.
    other = cloud.imap().replace('name = "suporte"', 'name = "spam"\nfolders = ["Spam"]')
    cloud.dovecot.make_folder(USER, "Spam")
    second = Desk(
        second_place, config(other, cloud.submission(), table, smtp_port=0, database=url), cloud.environment, quick=True
    )
    second.state_dir.mkdir(mode=0o710)
    shutil.copy(first.state_dir / "secret", second.state_dir / "secret")
    second.start()
    try:
        for number, (customer, folder) in enumerate([(MARIA, "INBOX"), (JOAO, "Spam"), (PEDRO, "INBOX")], 1):
            asked = len(cloud.tokens.asked)
            first.wait_for(lambda asked=asked: len(cloud.tokens.asked) >= asked + 2, "two more renewals")
            cloud.dovecot.hang_up()
            cloud.deliver(write(customer, subject=f"Pedido {number}"), folder=folder)
            first.wait_until_done(number)
            answer(first, number)
            answered(cloud, first, customer)
        assert [row["subject"] for row in first.inbound()] == ["Pedido 1", "Pedido 2", "Pedido 3"]
        used = [given["refresh_token"] for given in cloud.tokens.asked if "refresh_token" in given]
        assert len(used) == len(set(used)) >= 6
        assert cloud.tokens.logins, "the login lives"
        for desk in (first, second):
            assert log_of(desk, "token renewed")
            assert not log_of(desk, "token not renewed")
            assert not log_of(desk, "imap token refused")
    finally:
        second.close()
        sys.stdout.write(second.log())
