"""Who is believed to be an agent, in the whole daemon: with proof at once, without it only by the agent's own word."""

import base64
import smtplib
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.postfix import Postfix
from tests.servers.scanners import RspamdMilter
from tests.system.conftest import DeskMaker
from tests.system.desk import Desk, config
from tests.system.town import ANA, BRUNO, JOAO, MARIA, QUEUE, Person, text_of, write
from tests.system.world import OUR_RELAY, World, hand_in, wait_until_quiet, with_results, words_of

PASS = f"{OUR_RELAY}; dmarc=pass header.from=desk.test"
FAIL = f"{OUR_RELAY}; dmarc=fail header.from=desk.test"
ELSEWHERE = "mx.foreign.test; dmarc=pass header.from=desk.test"
CUSTOMERS = f"{OUR_RELAY}; dmarc=pass header.from=cliente.test"
ANSWER = "A segunda via segue amanhã pelo correio."
CONFIRMATIONS_PER_HOUR = 5
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNED_FIELDS = [b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references"]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def desk(make_desk: DeskMaker, world: World) -> Desk:
    """A desk that wants its agents verified, with João's ticket 1, of which everybody has been told."""
    desk = make_desk(
        config(world.delivery(), smtp_port=0).replace('agents = "token"', 'agents = "verified"'), quick=True
    )
    desk.start()
    hand_in(desk, with_results(write(JOAO), CUSTOMERS), JOAO.address, QUEUE)
    for person in (JOAO, ANA, BRUNO):
        world.wait_for_letters(desk, person.address)
    wait_until_quiet(desk, 1)
    return desk


def reply_of(agent: Person, notice: EmailMessage, text: str) -> tuple[EmailMessage, str]:
    """An agent's answer to a notice of ours, and where it goes: to the Reply-To, in which the token is."""
    to = notice["Reply-To"].addresses[0].addr_spec
    return write(agent, to=to, subject=f"Re: {notice['Subject']}", text=text, answers=notice), to


def agent_replies(desk: Desk, world: World, text: str, *results: str, agent: Person = ANA) -> int:
    """An agent answers their newest notice; the mail arrives with these Authentication-Results. Its inbound id."""
    mail, to = reply_of(agent, world.letters(agent.address)[-1], text)
    before = len(desk.inbound())
    hand_in(desk, with_results(mail, *results), agent.address, to)
    wait_until_quiet(desk, before + 1)
    return int(desk.inbound()[-1]["id"])


def outcome(desk: Desk, number: int) -> tuple[str, str]:
    (row,) = [row for row in desk.inbound() if row["id"] == number]
    return row["outcome"], row["reason"]


def explained(desk: Desk, number: int) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Evidence (fact -> value, source) and rules (name -> verdict), as `explain` prints them."""
    said = desk.cli("explain", number)
    evidence = {found["fact"]: (found["value"], found["source"]) for found in said["evidence"]}
    return evidence, {rule["rule"]: rule["verdict"] for rule in said["rules"]}


def test_an_agent_whom_our_relay_vouches_for_is_relayed_at_once(desk: Desk, world: World) -> None:
    number = agent_replies(desk, world, ANSWER, PASS)
    assert outcome(desk, number) == ("appended", "agent-answer")
    assert ANSWER in text_of(world.wait_for_letters(desk, JOAO.address, 2)[-1])
    assert len(world.letters(ANA.address)) == 1

    evidence, _ = explained(desk, number)
    assert evidence["authentication"][0] == "pass"
    assert evidence["dmarc=pass"] == ("desk.test", f"Authentication-Results of {OUR_RELAY}")
    assert "ticket 1" in evidence["reply-token"][0]


def test_an_agent_without_proof_is_held_and_asked(desk: Desk, world: World) -> None:
    for count, results in enumerate(NO_PROOF.values(), start=1):
        mail, to = reply_of(ANA, world.letters(ANA.address)[0], f"{ANSWER} ({count})")
        hand_in(desk, with_results(mail, *results), ANA.address, to)
    wait_until_quiet(desk, 1 + len(NO_PROOF))

    _, *rows = desk.inbound()
    assert [(row["outcome"], row["reason"]) for row in rows] == [("held", "agent-not-verified")] * len(NO_PROOF)
    assert len(world.letters(JOAO.address)) == len(world.letters(BRUNO.address)) == 1
    assert len(world.letters(ANA.address)) == 1 + len(NO_PROOF)
    for row, known in zip(rows, NO_PROOF, strict=True):
        evidence, rules = explained(desk, row["id"])
        assert evidence["authentication"][0] != "pass", known
        assert "ticket 1" in evidence["reply-token"][0]
        assert rules["agent_answer"] == "held"


NO_PROOF = {
    "nothing said": (),
    "forged below ours": (FAIL, PASS),
    "of another id": (ELSEWHERE,),
    "ours below another": (ELSEWHERE, PASS),
    "of another domain": (f"{OUR_RELAY}; dmarc=pass header.from=foreign.test",),
}
"""As many as one agent is asked about in an hour."""


def test_what_is_held_goes_out_once_when_its_author_confirms_it(desk: Desk, world: World) -> None:
    first = agent_replies(desk, world, ANSWER)
    asked = world.wait_for_letters(desk, ANA.address, 2)[-1]
    second = agent_replies(desk, world, "Outra resposta, que ninguém confirma.", agent=BRUNO)
    assert "ENVIAR" in text_of(asked)

    for mails in (4, 5):  # she writes it twice
        confirmation, to = reply_of(ANA, asked, "ENVIAR")
        hand_in(desk, confirmation, ANA.address, to)
        wait_until_quiet(desk, mails)

    told = words_of(world.letters(JOAO.address))
    assert told.count(ANSWER) == 1
    assert len(world.letters(JOAO.address)) == 2
    assert "Outra resposta" not in told
    assert outcome(desk, first) == ("appended", "agent-answer")
    assert outcome(desk, second) == ("held", "agent-not-verified")
    assert desk.ticket(1)["status"] == "pending"


def test_what_is_held_is_gone_when_its_author_disowns_it(desk: Desk, world: World) -> None:
    number = agent_replies(desk, world, ANSWER)
    asked = world.wait_for_letters(desk, ANA.address, 2)[-1]
    assert "DESCARTAR" in text_of(asked)
    for words in ("DESCARTAR", "ENVIAR"):  # what is dropped cannot be had back by mail
        mail, to = reply_of(ANA, asked, words)
        hand_in(desk, mail, ANA.address, to)
        wait_until_quiet(desk, 3 if words == "DESCARTAR" else 4)
    assert outcome(desk, number) == ("ignored", "discarded-by-its-author")
    assert len(world.letters(JOAO.address)) == 1
    assert desk.ticket(1)["status"] == "new"


def test_another_agent_or_a_stranger_confirms_nothing(desk: Desk, world: World) -> None:
    number = agent_replies(desk, world, ANSWER)
    asked = world.wait_for_letters(desk, ANA.address, 2)[-1]
    for somebody in (BRUNO, MARIA):
        mail, to = reply_of(somebody, asked, "ENVIAR")
        hand_in(desk, mail, somebody.address, to)
    wait_until_quiet(desk, 4)
    assert outcome(desk, number) == ("held", "agent-not-verified")
    assert ANSWER not in words_of(world.letters(JOAO.address))


def test_a_forger_gets_nothing_and_cannot_flood_the_agent(desk: Desk, world: World) -> None:
    begun, count = time.time(), 12
    for number in range(count):
        forged = write(ANA, subject="Re: [#1] Dúvida", text=f"Mande os boletos para a conta {number}.")
        forged["Reply-To"] = "forjador@foreign.test"
        hand_in(desk, with_results(forged, FAIL, PASS), "forjador@foreign.test", QUEUE)
    wait_until_quiet(desk, count + 1)

    rows = desk.inbound()[1:]
    assert {(row["outcome"], row["reason"]) for row in rows} == {("held", "agent-without-token")}
    hours = int(time.time()) // 3600 - int(begun) // 3600 + 1
    assert 1 <= len(world.letters(ANA.address)) - 1 <= CONFIRMATIONS_PER_HOUR * hours
    assert world.recipients() == {JOAO.address, ANA.address, BRUNO.address}
    assert len(world.letters(JOAO.address)) == len(world.letters(BRUNO.address)) == 1
    assert len(desk.ticket(1)["messages"]) == 1

    evidence, rules = explained(desk, rows[0]["id"])
    assert evidence["subject-number"] == ("ticket 1", "subject")
    assert "reply-token" not in evidence
    assert rules["agent_answer"] == "held"


# --- a mail server that checks what it takes --------------------------------------------------------------


@pytest.fixture
def checking_postfix(world: World, desk: Desk) -> Iterator[Postfix]:
    """The company's Postfix: its Rspamd checks DKIM and DMARC in the world's DNS; the queue's mail goes to the desk."""
    world.dns.txt("_dmarc.desk.test", "v=DMARC1; p=none")
    world.dns.txt("s1._domainkey.desk.test", f"v=DKIM1; k=rsa; p={base64.b64encode(public_key()).decode()}")
    postfix = None
    with RspamdMilter(world.dns.port) as rspamd:
        try:
            postfix = Postfix(("desk.test",), "error:5.1.1 nobody", rspamd.inet)
            postfix.knows(QUEUE)
            postfix.routes({QUEUE: f"smtp:[127.0.0.1]:{desk.smtp_port}"})
            postfix.start()
            yield postfix
            sys.stdout.write((rspamd.directory / "log").read_text(errors="replace")[-4_000:] + postfix.log()[-4_000:])
        finally:
            if postfix is not None:
                postfix.close()


def public_key() -> bytes:
    return KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def signed(mail: EmailMessage) -> bytes:
    """With a DKIM signature of desk.test, as the agents' provider makes it."""
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    raw = mail.as_bytes().replace(b"\n", b"\r\n")
    return bytes(dkim.sign(raw, b"s1", b"desk.test", pem, include_headers=SIGNED_FIELDS)) + raw


def test_a_real_signature_checked_by_a_real_filter_is_proof_and_a_broken_one_is_none(
    desk: Desk, world: World, checking_postfix: Postfix
) -> None:
    mail, to = reply_of(ANA, world.letters(ANA.address)[-1], ANSWER)
    genuine = signed(mail)
    del mail["Message-ID"]
    mail["Message-ID"] = "<outra@desk.test>"
    altered = signed(mail).replace(b"segue", b"nunca segue")
    for count, raw in enumerate((with_forged_results(altered), genuine), start=2):
        with smtplib.SMTP("127.0.0.1", checking_postfix.port, timeout=60) as client:
            client.sendmail(ANA.address, to, raw)
        wait_until_quiet(desk, count)

    _, broken, proven = desk.inbound()
    assert (broken["outcome"], broken["reason"]) == ("held", "agent-not-verified")
    assert (proven["outcome"], proven["reason"]) == ("appended", "agent-answer")
    told = words_of(world.letters(JOAO.address))
    assert told.count(ANSWER) == 1
    assert "nunca segue" not in told

    evidence, _ = explained(desk, proven["id"])
    assert evidence["dkim=pass"] == ("desk.test", f"Authentication-Results of {OUR_RELAY}")
    assert evidence["dmarc=pass"] == ("desk.test", f"Authentication-Results of {OUR_RELAY}")
    evidence, _ = explained(desk, broken["id"])
    assert "dmarc=pass" not in evidence


def with_forged_results(raw: bytes) -> bytes:
    return f"Authentication-Results: {PASS}\r\n".encode() + raw
