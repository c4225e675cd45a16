"""Loops and floods against the whole daemon: machines that answer machines, and senders who are nobody.

What counts is what the desk has sent in the end, and to whom.
"""

import os
import shutil
import smtplib
import sys
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config, wait_for
from tests.system.town import ANA, BRUNO, JOAO, OPS, QUEUE, UNKNOWN, Person, parsed, text_of, write
from tests.system.world import (
    DELIVERY,
    OUR_RELAY,
    World,
    hand_in,
    is_quiet,
    rows,
    said_by_machines,
    wait_until_quiet,
    with_results,
)

AGENTS = {ANA.address, BRUNO.address}
OTHER_QUEUE = "suporte@outra.test"
SAME_WORDS = "Agradecemos o contato. Sua mensagem foi recebida e será lida em breve."
SAME_WORDS_PER_HOUR = 3
"""Automatic mail that one person gets in an hour for saying the same again."""

PATIENT_SEQUENCE = 40
"""Answers that a machine gives before the test calls it a loop."""

FORGED = int(os.environ.get("MAILTICKETS_FORGED_SENDERS", "300"))
"""10,000 for the whole flood: minutes, most of them for the tickets and the agents' notices."""
FORGED_BUDGET = 20
SECRET_WORDS = "COMPRE-AGORA"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def desk(make_desk: DeskMaker, world: World) -> Desk:
    """A desk whose mail the world takes, running."""
    desk = make_desk(config(world.delivery(), smtp_port=0), quick=True)
    desk.start()
    return desk


# --- two gateways -----------------------------------------------------------------------------------------


@pytest.fixture(params=["outra", "exemplo"], ids=["of-different-names", "namesakes"])
def neighbours(request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Desk]]:
    """Two desks, each of which delivers everything to the other's listener. Running."""
    ports, desks = (free_port(), free_port()), []
    place = Path(tempfile.mkdtemp(prefix="desks-", dir="/tmp"))
    for name, own, other in (("exemplo", *ports), (request.param, *reversed(ports))):
        text = config(DELIVERY.format(port=other), smtp_port=own)
        if desks:
            text = text.replace("desk.test", "outra.test").replace('name = "exemplo"', f'name = "{name}"')
        directory = place / f"{len(desks)}"
        directory.mkdir()
        desks.append(Desk(directory, text, quick=True))
    here, there = desks
    try:
        here.start()
        there.start()
        yield here, there
    finally:
        for desk in desks:
            desk.close()
            sys.stdout.write(desk.log())
        shutil.rmtree(place)


def test_two_gateways_fall_silent(neighbours: tuple[Desk, Desk]) -> None:
    here, there = neighbours
    here.cli("ticket", "open", "--queue", "suporte", "--requester", OTHER_QUEUE, "--subject", "Pedido", given="Bom dia")
    exchanged(here, there, 1)
    here.cli("ticket", "reply", 1, "--as", ANA.address, given="Pode nos ajudar?")
    exchanged(here, there, 2)
    there.cli("ticket", "reply", 1, "--as", "ana@outra.test", given="Podemos, sim.")
    mails = exchanged(here, there, 3)

    assert mails <= 5
    assert len(here.tickets()) == 1
    for desk in (here, there):
        assert desk.command("inbound", "reconcile").returncode == 0


def exchanged(here: Desk, there: Desk, least: int) -> int:
    """How many mails have gone between the two, when every one has come, been decided on and led to nothing more.

    The mails in are counted before those that went out: had a later one led to another, the sums would differ.
    """

    def settled() -> int:
        come = [rows(desk, "SELECT id FROM inbound WHERE state = 'done'") for desk in (here, there)]
        sent = [rows(desk, SENT_TO.format(address)) for desk, address in ((there, QUEUE), (here, OTHER_QUEUE))]
        mails = sum(map(len, come))
        quiet = is_quiet(here) and is_quiet(there) and [len(r) for r in come] == [len(r) for r in sent]
        return mails if quiet and mails >= least else 0

    return wait_for(settled, f"silence after at least {least} mails", lambda: here.log() + there.log())


SENT_TO = "SELECT id FROM outbox WHERE state = 'sent' AND recipient = '{}'"


# --- an autoresponder without any sign of one -------------------------------------------------------------

STRANGER = ()
AUTHENTIC = (f"{OUR_RELAY}; dmarc=pass header.from=cliente.test",)


@pytest.mark.parametrize(
    ("results", "threads", "most"),
    [
        pytest.param(STRANGER, False, 1, id="unknown-writing-anew"),
        pytest.param(AUTHENTIC, False, SAME_WORDS_PER_HOUR + 1, id="authentic-writing-anew"),
        pytest.param(AUTHENTIC, True, 1, id="authentic-replying"),
    ],
)
def test_an_autoresponder_that_says_nothing_of_it_is_left_alone(
    desk: Desk, world: World, results: tuple[str, ...], threads: bool, most: int
) -> None:
    begun = time.time()
    hand_in(desk, with_results(write(JOAO), *results), JOAO.address, QUEUE)
    answered = 0
    while True:
        wait_until_quiet(desk, answered + 1)
        fresh = world.letters(JOAO.address)[answered:]
        if not fresh:
            break
        for letter in fresh:
            answered += 1
            assert answered < PATIENT_SEQUENCE, "a loop"
            reply = robot_reply(letter, threads=threads)
            to = letter["Reply-To"].addresses[0].addr_spec if threads else QUEUE
            hand_in(desk, with_results(reply, *results), JOAO.address, to)

    assert 1 <= answered <= most * hours_since(begun)
    assert world.recipients() == AGENTS | {JOAO.address}
    reasons = {
        event["reason"] for ticket in desk.tickets() for event in ticket["events"] if event["kind"] == "withheld"
    }
    assert threads or reasons & {"budget-acknowledged", "budget-same-body"}


def robot_reply(letter: EmailMessage, *, threads: bool) -> EmailMessage:
    """The same words to everything; it has also somebody in copy who never asked for mail of ours."""
    reply = write(JOAO, subject="Recebemos seu contato", text=SAME_WORDS, answers=letter if threads else None)
    reply["Cc"] = "vitima@terceiro.test"
    return reply


def test_an_autoresponder_on_a_ticket_that_is_resolved_again_and_again_is_told_of_it_within_the_budget(
    make_desk: DeskMaker, world: World
) -> None:
    begun = time.time()
    desk = make_desk(config(world.delivery(), "[budget]\nautomatic_per_ticket_per_hour = 2\n", smtp_port=0), quick=True)
    desk.start()
    hand_in(desk, with_results(write(JOAO), *AUTHENTIC), JOAO.address, QUEUE)
    (first,) = world.wait_for_letters(desk, JOAO.address)
    for turn in range(2):
        desk.cli("ticket", "status", 1, "resolvido")
        reply = write(JOAO, subject=f"Re: {first['Subject']}", text=f"Senha {turn}: aguarde.", answers=first)
        hand_in(desk, with_results(reply, *AUTHENTIC), JOAO.address, QUEUE)
        wait_until_quiet(desk, turn + 2)

    letters = world.letters(JOAO.address)
    assert len(said_by_machines(letters)) == len(letters) <= 2 * hours_since(begun)
    assert "budget-ticket" in {event["reason"] for event in desk.ticket(1)["events"]}
    assert world.recipients() == AGENTS | {JOAO.address}


# --- a requester whose mailbox is gone --------------------------------------------------------------------


@pytest.mark.parametrize("by", ["return-path", "message-id"])
def test_a_requester_whose_mail_comes_back_gets_no_automatic_mail_until_they_write(
    desk: Desk, world: World, by: str
) -> None:
    hand_in(desk, with_results(write(UNKNOWN), *AUTHENTIC), UNKNOWN.address, QUEUE)
    world.wait_for_letters(desk, UNKNOWN.address)
    send_back(desk, world, by)
    first, report = desk.wait_until_done(2)
    assert (first["outcome"], report["outcome"], report["reason"]) == ("opened", "bounced", "delivery-failed")

    desk.cli("ticket", "status", 1, "resolvido")
    wait_until_quiet(desk, 2)
    assert len(world.letters(UNKNOWN.address)) == 1
    assert "undeliverable" in {event["reason"] for event in desk.ticket(1)["events"]}

    hand_in(desk, with_results(write(UNKNOWN, subject="Outro assunto"), *AUTHENTIC), UNKNOWN.address, QUEUE)
    wait_until_quiet(desk, 3)
    assert len(desk.tickets()) == 2
    desk.cli("ticket", "status", 2, "resolvido")
    world.wait_for_letters(desk, UNKNOWN.address, 2)
    assert world.recipients() == AGENTS | {UNKNOWN.address}


@pytest.mark.parametrize("by", ["return-path", "message-id"])
def test_agents_are_told_once_of_an_answer_that_comes_back_twice(desk: Desk, world: World, by: str) -> None:
    hand_in(desk, with_results(write(UNKNOWN), *AUTHENTIC), UNKNOWN.address, QUEUE)
    world.wait_for_letters(desk, UNKNOWN.address)
    desk.cli("ticket", "reply", 1, "--as", ANA.address, given="Segue a resposta.")
    world.wait_for_letters(desk, UNKNOWN.address, 2)
    for count in (2, 3):
        send_back(desk, world, by)
        wait_until_quiet(desk, count)

    outbox = desk.outbox()
    told = [row["recipient"] for row in outbox if row["notice"] == "delivery_failed"]
    assert sorted(told) == sorted(AGENTS)
    assert [row["state"] for row in outbox if row["notice"] == "answer"] == ["failed"]
    assert desk.ticket(1)["status"] == "open"
    assert len(world.letters(UNKNOWN.address)) == 2
    assert world.recipients() == AGENTS | {UNKNOWN.address}


def send_back(desk: Desk, world: World, by: str) -> None:
    """Her server's report on the newest of our mails: to its return path, or to the queue and with its header."""
    sent = [mail for mail in world.sent() if mail.recipient == UNKNOWN.address][-1]
    to = sent.sender if by == "return-path" else QUEUE
    header = sent.content.partition(b"\r\n\r\n")[0].decode() if by == "message-id" else "Subject: x"
    report = REPORT.format(to=to, header=header, failed=UNKNOWN.address, number=time.time_ns())
    hand_in(desk, report.replace("\r\n", "\n").replace("\n", "\r\n").encode(), "", to)


REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx.cliente.test>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.cliente.test>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="==="

--===
Content-Type: text/plain

<{failed}>: user unknown

--===
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.cliente.test

Final-Recipient: rfc822; {failed}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--===
Content-Type: text/rfc822-headers

{header}

--===--
"""


# --- an agent who is away ---------------------------------------------------------------------------------


def test_an_agents_absence_is_noted_and_told_to_colleagues_alone(desk: Desk, world: World) -> None:
    hand_in(desk, with_results(write(JOAO), *AUTHENTIC), JOAO.address, QUEUE)
    world.wait_for_letters(desk, JOAO.address)
    (notice,) = world.wait_for_letters(desk, ANA.address)
    wait_until_quiet(desk)
    before, sent = desk.ticket(1), len(world.sent())

    absence = write(ANA, subject=f"Resposta automática: {notice['Subject']}", text="Estou de férias até segunda.")
    absence["Auto-Submitted"] = "auto-replied"
    absence["In-Reply-To"] = notice["Message-ID"]
    hand_in(desk, absence, "", notice["Reply-To"].addresses[0].addr_spec)

    (_, row) = desk.wait_until_done(2)
    wait_until_quiet(desk)
    after = desk.ticket(1)
    assert (row["outcome"], row["ticket"]) == ("noted", 1)
    assert [(m["visibility"], m["author"]["address"]) for m in after["messages"]] == [
        ("public", JOAO.address),
        ("note", ANA.address),
    ]
    state = ("status", "assignee", "priority", "requester", "participants")
    assert [after[key] for key in state] == [before[key] for key in state]
    assert [letter.recipient for letter in world.sent()[sent:]] == [BRUNO.address]


# --- thousands of senders who never wrote -----------------------------------------------------------------


@pytest.mark.timeout(1800)
def test_thousands_of_forged_senders_make_no_flood_of_ours(make_desk: DeskMaker) -> None:
    begun = time.time()
    budget = f"[budget]\nautomatic_per_hour = {FORGED_BUDGET}\n"
    text = config(MAILDIR, budget, smtp_port=0, ops_address=OPS.address)
    desk = make_desk(text.partition('[[agent]]\nname = "Bruno')[0] + f"\n{MAILDIR}\n{budget}", quick=True)
    desk.start()
    pour_in(desk, FORGED)
    desk.wait_for(lambda: rows(desk, OUTCOMES) == [("opened", FORGED)], f"{FORGED} tickets")

    desk.cli("ticket", "reply", 1, "--as", ANA.address, given="Quem fala?")  # the breaker is open
    letters = desk.wait_for(lambda: written(desk), "all mail but agents' notices")
    to_them = [mail for to, mail in letters if to.endswith(".vitima.test")]
    acknowledgements = said_by_machines(to_them)
    assert len(to_them) - len(acknowledgements) == 1
    assert 0 < len(acknowledgements) <= FORGED_BUDGET * hours_since(begun)
    assert not any(SECRET_WORDS in f"{mail['Subject']}{mail}" for mail in acknowledgements)
    assert {to for to, _ in letters if not to.endswith(".vitima.test")} <= {ANA.address, OPS.address}
    alarms = [mail for to, mail in letters if to == OPS.address]
    assert 1 <= len(alarms) <= hours_since(begun)
    assert "first-contacts-not-answered" in text_of(alarms[0])


def pour_in(desk: Desk, count: int) -> None:
    """So many mails, each from another address, over one connection that waits for nothing it need not (RFC 2920)."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, local_hostname="mx.desk.test", timeout=60) as client:
        client.ehlo()
        assert client.has_extn("pipelining")
        for number in range(count):
            sender = Person(f"{SECRET_WORDS} {number}", f"alvo{number}@d{number % 97}.vitima.test", "")
            mail = write(sender, subject=f"{SECRET_WORDS} {number}", text=f"{SECRET_WORDS} número {number}")
            envelope = f"MAIL FROM:<{sender.address}>\r\nRCPT TO:<{QUEUE}>\r\nDATA\r\n"
            client.send(envelope)
            assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
            client.send(mail.as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
            assert client.getreply()[0] == 250


OUTCOMES = "SELECT outcome, count(*) FROM inbound GROUP BY outcome"
"""Budgets stop what we send, never what we take: all of them are tickets."""
MATTERING = "SELECT recipient FROM outbox WHERE state != 'sent' AND name IN ('received', 'alarm', 'answer')"


def written(desk: Desk) -> list[tuple[str, EmailMessage]]:
    """(recipient, mail) of all that has gone out, when nothing but agents' notices waits."""
    if rows(desk, MATTERING):
        return []
    mails = [parsed(file.read_bytes()) for file in sorted((desk.state_dir / "outgoing/new").iterdir())]
    return [(str(mail["Delivered-To"]), mail) for mail in mails]


def hours_since(begun: float) -> int:
    """How many hours of the clock a test has touched: budgets are counted anew in each."""
    return int(time.time()) // 3600 - int(begun) // 3600 + 1
