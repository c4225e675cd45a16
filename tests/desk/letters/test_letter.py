"""Letters: everything fixed when they are written, tokens derived again when they are sent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mailtickets.desk.claims.identity import TOKEN, reply_token, token_hash, verp_tag
from mailtickets.desk.letters.letter import Letter, Stationery, copy_for, letter
from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.notices.notice import Notice
from mailtickets.mail.model import Address
from tests.desk.builders import MARIA, NOW, PEDRO, POLICY, a_queue, a_ticket, an_attachment

NEW, OLD = b"new" * 10, b"old" * 10
WORDS = Rendered("Assunto", "Texto\n", "<p>Texto</p>\n")
REFERENCES = ("a@cliente.test", "b@mail.desk.test")


def stationery(*secrets: bytes, envelope: str = "verp") -> Stationery:
    return Stationery(POLICY.instance, secrets or (NEW,), envelope)


def a_notice(**changes: Any) -> Notice:
    values: dict[str, Any] = {
        "name": "answer",
        "locale": "pt_BR",
        "queue": a_queue(),
        "recipients": (MARIA, PEDRO),
        "context": {},
        "priority": 0,
        "to_customer": True,
        "sender_name": "Ana (Suporte)",
        "visible_to": (MARIA,),
        "visible_cc": (PEDRO,),
    }
    return Notice(**{**values, **changes})


def written(
    notice: Notice | None = None, *, on: Stationery | None = None, ticket: Any = "", now: datetime = NOW
) -> Letter:
    shown = a_ticket(references=REFERENCES) if ticket == "" else ticket
    return letter(notice or a_notice(), WORDS, shown, on or stationery(), "abcdefghijkl", now)


def test_a_letter_is_the_notice_in_words_from_the_queues_address() -> None:
    mail = written().mail
    assert (mail.notice, mail.subject, mail.text, mail.html) == ("answer", "Assunto", "Texto\n", "<p>Texto</p>\n")
    assert mail.sender == Address("Ana (Suporte)", "suporte@desk.test")
    assert (mail.to, mail.cc, mail.date) == ((MARIA,), (PEDRO,), NOW)
    assert (mail.auto_submitted, mail.suppress, mail.loop) == (None, None, None)


def test_an_automatic_letter_carries_the_headers_of_its_notice() -> None:
    mail = written(a_notice(auto_submitted="auto-replied", suppress="OOF", loop=True)).mail
    assert (mail.auto_submitted, mail.suppress, mail.loop) == ("auto-replied", "OOF", "exemplo; hops=1")


def test_writing_it_again_gives_the_same_letter() -> None:
    assert written() == written()


def test_a_customers_letter_refers_to_public_messages_alone() -> None:
    mail = written().mail
    assert (mail.references, mail.in_reply_to) == (REFERENCES, "b@mail.desk.test")


def test_the_references_are_the_newest_twenty() -> None:
    many = tuple(f"{number}@x.test" for number in range(30))
    assert written(ticket=a_ticket(references=many)).mail.references == many[-20:]


def test_a_first_letter_refers_to_nothing() -> None:
    mail = written(ticket=a_ticket()).mail
    assert (mail.references, mail.in_reply_to) == ((), None)


def test_an_agents_letters_hang_on_a_root_that_no_customer_sees() -> None:
    first = written(a_notice(to_customer=False)).mail
    second = written(a_notice(to_customer=False, name="customer_replied")).mail
    assert first.references == second.references
    assert (first.in_reply_to,) == first.references
    assert first.references[0].startswith("t42.")
    assert not set(first.references) & set(written().mail.references)


def test_an_agents_thread_survives_the_first_change_of_the_secret() -> None:
    before = written(a_notice(to_customer=False), on=stationery(OLD)).mail.references
    assert written(a_notice(to_customer=False), on=stationery(NEW, OLD)).mail.references == before


def test_ops_letters_hang_on_nothing_and_carry_no_token() -> None:
    alarm = written(a_notice(name="alarm", to_customer=False), ticket=None)
    assert alarm.mail.references == ()
    assert {(copy.reply_to, copy.token_hash) for copy in alarm.copies} == {("suporte@desk.test", None)}
    assert copy_for(alarm.copies[0], None, [NEW]).token == ""


# --- what comes along ---------------------------------------------------------------------------------

SHOWN = an_attachment("tela.png", b"a", content_type="image/png", inline=True, content_id="tela@x")
CUT = an_attachment("logo.png", b"b", content_type="image/png", inline=True, content_id="logo@x")
FILE = an_attachment("guia.pdf", b"c", content_type="application/pdf")
IN_PAGE = replace(WORDS, html='<img src="cid:tela@x">', relayed=True)


@pytest.mark.parametrize(
    ("words", "left_behind", "comes"),
    [
        (IN_PAGE, frozenset(), [SHOWN, FILE]),  # the logo stood in the signature, or in what was quoted
        (IN_PAGE, frozenset({SHOWN.sha256}), [SHOWN, FILE]),
        (WORDS, frozenset(), [SHOWN, CUT, FILE]),  # as files, where the page cannot be shown
        (WORDS, frozenset({CUT.sha256}), [SHOWN, FILE]),
    ],
)
def test_images_come_along_where_they_are_shown(words: Rendered, left_behind: frozenset[str], comes: list[Any]) -> None:
    notice = a_notice(attachments=(SHOWN, CUT, FILE), left_behind=left_behind)
    mail = letter(notice, words, a_ticket(), stationery(), "abcdefghijkl", NOW).mail
    assert [file.filename for file in mail.attachments] == [file.filename for file in comes]


# --- return paths -------------------------------------------------------------------------------------


def test_each_copy_has_a_return_path_of_its_own() -> None:
    one = written()
    tags = [verp_tag(NEW, one.mail.message_id, person.address) for person in (MARIA, PEDRO)]
    assert [copy.sender for copy in one.copies] == [f"suporte+{tag}@desk.test" for tag in tags]
    assert [copy.verp for copy in one.copies] == tags


@pytest.mark.parametrize(
    ("envelope", "queue", "sender"),
    [
        ("queue", {}, "suporte@desk.test"),
        ("null", {}, ""),
        ("verp", {"plus_addressing": False}, "suporte@desk.test"),
        ("verp", {"addresses": (f"{'a' * 60}@desk.test",)}, f"{'a' * 60}@desk.test"),
    ],
)
def test_the_return_path_is_as_configured_and_as_fits(envelope: str, queue: dict[str, Any], sender: str) -> None:
    one = written(a_notice(queue=a_queue(**queue)), on=stationery(envelope=envelope))
    assert {copy.sender for copy in one.copies} == {sender}
    assert all(copy.verp for copy in one.copies)


# --- tokens -------------------------------------------------------------------------------------------


def test_the_token_is_in_the_reply_to_and_nowhere_in_what_is_stored() -> None:
    (copy, _) = written().copies
    token = reply_token(NEW, 42, MARIA.address, 3, date(2025, 3, 3))
    assert (copy.reply_to, copy.token_hash) == ("suporte+{token}@desk.test", token_hash(token))
    assert token not in repr(copy)
    sent = copy_for(copy, 42, [NEW])
    assert (sent.token, sent.reply_to) == (token, f"suporte+{token}@desk.test")
    assert (sent.recipient, sent.envelope_sender) == (MARIA, copy.sender)
    assert TOKEN.fullmatch(token)


def test_everybody_has_a_token_of_their_own() -> None:
    assert len({copy.token_hash for copy in written().copies}) == 2


def test_a_letter_of_yesterdays_secret_is_sent_with_yesterdays_token() -> None:
    (copy, _) = written(on=stationery(OLD)).copies
    assert copy_for(copy, 42, [NEW, OLD]) == copy_for(copy, 42, [OLD])


def test_a_letter_whose_secret_is_gone_is_sent_without_a_token() -> None:
    sent = copy_for(written(on=stationery(OLD)).copies[0], 42, [NEW])
    assert (sent.token, sent.reply_to) == ("", "suporte@desk.test")


def test_the_day_of_a_token_is_that_of_the_instances_zone() -> None:
    late = datetime(2025, 3, 4, 2, 30, tzinfo=UTC)  # still the third in São Paulo
    assert {copy.token_day for copy in written(now=late).copies} == {date(2025, 3, 3)}


def test_a_token_is_derived_from_the_ticket_as_it_was_when_the_letter_was_written() -> None:
    (copy, _) = written().copies
    assert copy.token_revision == 3
    assert copy_for(replace(copy, token_revision=4), 42, [NEW]).token == ""


@pytest.mark.parametrize("queue", [{"plus_addressing": False}, {"addresses": (f"{'a' * 38}@desk.test",)}])
def test_where_no_plus_fits_the_token_is_in_the_body_alone(queue: dict[str, Any]) -> None:
    (copy, _) = written(a_notice(queue=a_queue(**queue))).copies
    sent = copy_for(copy, 42, [NEW])
    assert TOKEN.fullmatch(sent.token)
    assert sent.reply_to == a_queue(**queue).address


def test_a_local_part_of_37_octets_has_just_room_for_a_token() -> None:
    (copy, _) = written(a_notice(queue=a_queue(addresses=(f"{'a' * 37}@desk.test",)))).copies
    local, _, _ = copy_for(copy, 42, [NEW]).reply_to.partition("@")
    assert len(local) == 64
