"""A signature that no shape tells is learned from an agent's mails, and from nobody else's."""

from email import message_from_bytes, policy

import pytest

from mailtickets.cli.explain import as_json
from mailtickets.desk.notices.contexts import MAX_SHOWN
from mailtickets.desk.signatures.find import Signer
from mailtickets.desk.signatures.learning import TIMES, Ending, ending_of, seen_again
from mailtickets.gateway.workers import Workers
from mailtickets.mail.read.parse import parse
from mailtickets.mail.read.text_file import FILENAME
from mailtickets.store import signatures
from tests.desk.builders import ANA, BRUNO
from tests.store.databases import migrated_file
from tests.store.office import Office, a_message
from tests.store.test_answered import MARIA, Post, ana, office

__all__ = ["ana", "migrated_file", "office"]

SLOGAN = "Ana Lima\nTel.: (11) 3333-4444\n\nQuem compra na Loja Azul volta sempre!"
"""The second paragraph may be an agent's own words, as far as anybody knows at first."""
PHONE = "Ana Lima\n(11) 98888-7777"


def answers(ana: Post, words: str, signature: str = SLOGAN) -> str:
    """What Maria is told."""
    ana.answers("new_ticket", f"{words}\n\n{signature}")
    return ana.office.ticket(1).messages[-1].reply


def test_what_stands_below_mail_after_mail_is_a_signature(office: Office, ana: Post) -> None:
    said = [answers(ana, f"Resposta número {number}.") for number in range(TIMES + 1)]
    assert all("3333" not in words for words in said)
    assert all("volta sempre" in words for words in said[:TIMES]), "in doubt it is words"
    assert said[TIMES] == f"Resposta número {TIMES}."


def test_the_same_words_above_a_signature_are_not_learned(office: Office, ana: Post) -> None:
    for number in range(TIMES + 1):
        assert answers(ana, "Feito.").startswith("Feito."), number


def test_a_telephone_and_a_desk_are_two_signatures(office: Office, ana: Post) -> None:
    for number in range(TIMES):
        answers(ana, f"Um, {number}.")
        answers(ana, f"Dois, {number}.", "Ana\n\nDo campo")
    assert answers(ana, "Pronto.") == "Pronto."


def test_a_signature_that_changes_is_learned_anew(office: Office, ana: Post) -> None:
    for number in range(TIMES):
        answers(ana, f"Antes, {number}.")
    changed = SLOGAN.replace("(11) 3333-4444", "(11) 2222-1111")
    said = [answers(ana, f"Depois, {number}.", changed) for number in range(TIMES + 1)]
    assert all("2222" not in words for words in said)
    assert said[TIMES] == f"Depois, {TIMES}."


def test_a_mail_that_is_held_teaches_nothing(office: Office, ana: Post) -> None:
    forged = {"from": f"Ana Lima <{ANA.address}>", "subject": "Re: [#1] Impressora"}
    for number in range(TIMES + 1):
        words = f"Número {number}.\n\nAna Lima\nNão confie em mais nada."
        row = office.take(a_message(words, from_=None, **{**forged, "message-id": f"<f{number}@x.test>"}))
        assert row.outcome == "held"
    assert office.run(lambda c: signatures.learned(c, ANA.address)) == ((), frozenset())


async def test_a_long_mail_without_its_signature_reaches_colleagues_with_its_whole_text(
    office: Office, ana: Post
) -> None:
    for number in range(TIMES):
        answers(ana, f"Resposta {number}.")
    words = "palavra " * (MAX_SHOWN // 8 + 1)
    raw = a_message(f"{words}\n\n{SLOGAN}", from_=None, **{"from": f"Ana Lima <{ANA.address}>", "message-id": "<l@x>"})
    row = office.take(raw, sender=ANA.address)
    assert office.ticket(2).messages[0].reply == words.strip(), "the signature is cut"
    (text,) = await text_files_of(office, row.id, BRUNO.address)
    assert words.strip() in text


async def test_a_long_mail_that_opens_a_ticket_reaches_agents_with_the_words_that_it_quotes(office: Office) -> None:
    quoted = "\n".join(f"> {'palavra ' * 20}" for _ in range(MAX_SHOWN // 160 + 1))
    fields = {"message-id": "<q@x>", "subject": "Re: Contrato", "in-reply-to": "<of-somebody-else@x>"}
    row = office.take(a_message(f"Segue o contrato:\n\n{quoted}\n", **fields))
    (text,) = await text_files_of(office, row.id, ANA.address)
    assert text.count("palavra") == quoted.count("palavra")


async def text_files_of(office: Office, number: int, who: str) -> list[str]:
    """The contents of the `e-mail.txt` files in the mail about a message that somebody receives."""
    workers = Workers(1)
    try:
        due = next(due for due in office.due() if due.inbound == number and due.addressed.recipient.address == who)
        files = await workers.attachments(office.received(number).raw, "exemplo", due.attachments)
        received = message_from_bytes(office.clerk.written(due, files)[0], policy=policy.default)
    finally:
        workers.close()
    return [part.get_content() for part in received.iter_attachments() if part.get_filename() == FILENAME]


def test_explain_says_what_was_left_out_and_by_which_proof(office: Office, ana: Post) -> None:
    for number in range(TIMES):
        answers(ana, f"Resposta {number}.")
    address, _ = ana.newest("new_ticket")
    raw = a_message(f"Mais uma.\n\n{SLOGAN}", from_=None, **{"from": f"Ana Lima <{ANA.address}>", "to": address})
    received = office.received(office.keep(raw, recipients=(address,), sender=ANA.address))
    explained = as_json(parse(raw), office.clerk.explain(received, parse(raw)), office.clerk.rules.policy, office.now)
    assert {"fact": "signature", "value": "3 lines left out", "source": "learned"} in explained["evidence"]


def test_the_queues_own_last_lines_stand_instead(office: Office, ana: Post) -> None:
    answers(ana, "Chega amanhã.", PHONE)
    letter = next(due for due in office.due() if due.name == "answer" and due.addressed.recipient.address == MARIA)
    assert letter.mail.text.startswith("Chega amanhã.\n\nAna Lima\nSuporte Exemplo\n")
    assert "98888" not in f"{letter.mail.text}{letter.mail.html}"


# --- pure -------------------------------------------------------------------------------------------------

BY = Signer(("Ana Lima",))


def learned_from(*mails: str) -> Ending:
    """What is known after these mails."""
    known: Ending | None = None
    for mail in mails:
        known = seen_again(known, ending_of(mail.split("\n"), BY))
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("Pode ligar.", "Ana Lima\nTel. 3333-4444"),
        ("Qualquer dúvida, estou à disposição.", "Ana Lima\nAnalista"),
        ("#assumir", "Ana Lima\nLoja Azul\nTel. 3333-4444"),
        ("Feito", "Loja Azul\n(11) 3333-4444\nwww.loja.test"),
    ],
)
def test_nothing_that_an_agent_writes_is_learned(above: str, below: str) -> None:
    known = learned_from(*[f"{above}\n\n{below}"] * 5)
    assert known.is_learned
    assert len(known.signature) == len(below.split("\n"))


def test_lines_without_a_name_or_a_way_to_reach_somebody_are_nobodys() -> None:
    assert not learned_from(*["Um.\n\nTenha um ótimo dia!"] * 5).is_learned
    assert not learned_from(*["Um.\n\nTel.: (11) 3333-4444"] * 5).is_learned, "a number alone may be an answer"


def test_words_drop_out_as_mails_differ() -> None:
    known = learned_from("Ana Lima fala.\n\nAna Lima\nAnalista", "Outra.\n\nAna Lima\nAnalista")
    assert (known.signature, known.seen) == (("analima", "analista"), 2)


def test_a_name_and_no_more_is_never_learned() -> None:
    assert not learned_from(*["Feito.\n\nAbraço,\nAna"] * 5).is_learned
