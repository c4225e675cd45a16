"""What a mail says of where it belongs, and which of it counts."""

from typing import Any

import pytest

from mailtickets.desk.claims.authors import bare_subject
from mailtickets.desk.claims.matching import Claims, claimed, claims, match, queues, recipients
from mailtickets.desk.model.facts import IdFact
from mailtickets.mail.model import Address
from mailtickets.mail.plus import plus_tag, without_plus
from tests.desk.builders import (
    ANA,
    ANA_ALIAS,
    BRUNO,
    DESK,
    EVE,
    MARIA,
    PEDRO,
    POLICY,
    VENDAS,
    a_mail,
    a_policy,
    a_ticket,
    a_token,
    an_envelope,
    facts,
)

TOKEN = "abcdefghijklmnopqrstuvwx27"
OTHER = "zzzzzzzzzzzzzzzzzzzzzzzz22"


def claims_of(mail: Any, **envelope: Any) -> Claims:
    return claims(mail, an_envelope(**envelope), POLICY)


# --- where it was sent --------------------------------------------------------------------------------


def test_the_envelope_knows_best_where_a_mail_was_sent() -> None:
    mail = a_mail(to=(VENDAS,), headers=(("delivered-to", "outro@desk.test"),))
    assert recipients(mail, an_envelope(recipients=("suporte@desk.test",))) == ("suporte@desk.test",)


@pytest.mark.parametrize("name", ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"])
def test_without_an_envelope_the_delivery_headers_come_before_to_and_cc(name: str) -> None:
    mail = a_mail(to=(MARIA,), cc=(PEDRO,), headers=((name, f"<suporte+{TOKEN}@desk.test>"),))
    found = recipients(mail, an_envelope(recipients=()))
    assert found == (f"suporte+{TOKEN}@desk.test", MARIA.address, PEDRO.address)


def test_a_mail_belongs_to_the_queues_it_was_sent_to_in_their_order() -> None:
    sent = an_envelope(recipients=("Vendas@desk.test", "suporte+x@desk.test", "vendas@desk.test", "quem@desk.test"))
    assert [queue.name for queue in queues(a_mail(), sent, POLICY)] == ["vendas", "suporte"]


@pytest.mark.parametrize(("hint", "name"), [("vendas", "vendas"), (None, "suporte"), ("nenhuma", "suporte")])
def test_a_mail_that_names_no_queue_goes_to_the_accounts_queue_or_the_first(hint: str | None, name: str) -> None:
    sent = an_envelope(recipients=(), queue=hint)
    assert [queue.name for queue in queues(a_mail(to=(MARIA,)), sent, POLICY)] == [name]


def test_plus_addresses_come_apart() -> None:
    assert (without_plus("a+b+c@x.test"), plus_tag("a+b+c@x.test")) == ("a@x.test", "b+c")
    assert (without_plus("a@x.test"), plus_tag("a@x.test")) == ("a@x.test", "")


# --- claims -------------------------------------------------------------------------------------------


def test_a_token_is_found_in_the_address_it_was_sent_to_whatever_its_case() -> None:
    found = claims_of(a_mail(to=()), recipients=(f"suporte+{TOKEN.upper()}@desk.test",))
    assert found.tokens == ((TOKEN, "address"),)


def test_a_token_is_found_in_to_and_cc_beside_the_envelope() -> None:
    mail = a_mail(to=(Address("", f"Suporte+{TOKEN}@desk.test"),), cc=(Address("", f"vendas+{OTHER}@desk.test"),))
    assert claims_of(mail).tokens == ((TOKEN, "address"), (OTHER, "address"))


@pytest.mark.parametrize(
    "address",
    [
        f"outro+{TOKEN}@desk.test",
        f"suporte+{TOKEN}x@desk.test",
        "suporte+b234@desk.test",
        f"suporte+{TOKEN}@longe.test",
    ],
)
def test_what_only_looks_like_a_token_is_none(address: str) -> None:
    assert claims_of(a_mail(to=(Address("", address),))).tokens == ()


@pytest.mark.parametrize(
    "line",
    [
        f"Ref.: {TOKEN}",
        f"> > Ref.: {TOKEN.upper()}",
        f"*Ref.:* {TOKEN}",
        f"Ref.:{TOKEN}.",
        f"texto antes Ref.:  *{TOKEN}* e depois",
    ],
)
def test_the_ref_line_is_found_wherever_it_is_quoted(line: str) -> None:
    assert claims_of(a_mail(text=f"Oi\n{line}\nfim")).tokens == ((TOKEN, "ref-line"),)


@pytest.mark.parametrize("line", [f"Ref: {TOKEN}", f"Ref.: {TOKEN}abc", "Ref.: curto", f"Ref.: 1{TOKEN[1:]}"])
def test_what_only_looks_like_a_ref_line_is_none(line: str) -> None:
    assert claims_of(a_mail(text=line)).tokens == ()


@pytest.mark.parametrize(
    "subject",
    [
        "[#1042]",
        "Re: [#1042] Impressora",
        "RES: ENC: [Suporte #1042] Impressora",
        "ENC: [EXTERNO] [#1042] Impressora",
        "[EXTERNO] RES: FW: AW: [Suporte Exemplo #1042]",
        "[ # 1042 ]Extra",
        "Impressora [#1042]",
        "Impressora [Suporte#1042 ] de novo",
        "[Chamado nº #1042] acentuação",
    ],
)
def test_the_number_is_found_in_a_subject_whatever_stands_around_it(subject: str) -> None:
    assert claims_of(a_mail(subject=subject)).subject_numbers == (1042,)


@pytest.mark.parametrize(
    "subject", ["1042", "#1042", "Chamado 1042", "[1042]", "(#1042)", "[#1042", "[# ]", "[#1042a]", "[#1234567890123]"]
)
def test_a_number_outside_our_tag_is_no_claim(subject: str) -> None:
    assert claims_of(a_mail(subject=subject)).subject_numbers == ()


@pytest.mark.parametrize("tag", ["[#{number}]", "[Suporte #{number}]", "[Chamado #{number}]", "[TI/Redes: #{number}]"])
def test_a_custom_tag_is_found_again(tag: str) -> None:
    policy = a_policy(suporte={"subject_tag": tag})
    subject = f"RES: {policy.queues[0].subject_tag.replace('{number}', '7')} Oi"
    assert claims_of(a_mail(subject=subject)).subject_numbers == (7,)


def test_several_numbers_are_claimed_in_their_order_once_each() -> None:
    assert claims_of(a_mail(subject="[#2] [#1] [#2]")).subject_numbers == (2, 1)


def test_message_ids_are_asked_from_the_nearest_to_the_farthest() -> None:
    mail = a_mail(in_reply_to=("c",), references=("a", "b", "c"))
    assert claims_of(mail).message_ids == ("c", "b", "a")


def test_a_mail_may_claim_only_so_much() -> None:
    mail = a_mail(
        references=tuple(f"{number}@x" for number in range(500)),
        subject=" ".join(f"[#{number}]" for number in range(1, 50)),
        text="\n".join(f"Ref.: {TOKEN[:-1]}{letter}{TOKEN[:0]}" for letter in "abcdefghijklmnopqrstuvwxyz234567"),
    )
    found = claims_of(mail)
    assert len(found.message_ids) == 100
    assert found.message_ids[0] == "499@x"
    assert len(found.subject_numbers) == 10
    assert len(found.tokens) == 32


# --- what counts --------------------------------------------------------------------------------------

FIRST, SECOND, THIRD, FOURTH = (a_ticket(number, cc=[PEDRO]) for number in (1, 2, 3, 4))
EVIDENCE: list[tuple[str, dict[str, Any]]] = [
    ("reply-token", {"tokens": (a_token(MARIA, 1), a_token(EVE, 4, source="ref-line"))}),
    ("message-id", {"ids": (IdFact(2, "x@desk.test", issued=True),)}),
    ("subject-number", {"subject_numbers": (3,)}),
    ("ref-line", {"tokens": (a_token(EVE, 4, source="ref-line"),)}),
]


@pytest.mark.parametrize("strongest", range(4))
def test_the_strongest_evidence_wins(strongest: int) -> None:
    given: dict[str, Any] = {}
    for _, evidence in reversed(EVIDENCE[strongest:]):
        given |= evidence
    found = match(MARIA, facts(FIRST, SECOND, THIRD, FOURTH, **given), POLICY)
    assert found is not None
    assert (found.ticket.number, found.evidence) == (strongest + 1, EVIDENCE[strongest][0])
    assert found.proven == (strongest == 0)


@pytest.mark.parametrize(("name", "evidence"), EVIDENCE)
def test_a_strangers_evidence_counts_for_nothing_but_a_link(name: str, evidence: dict[str, Any]) -> None:
    known = facts(FIRST, SECOND, THIRD, FOURTH, **evidence)
    stranger = Address("", "outra@longe.test")
    assert match(stranger, known, POLICY) is None
    linked = claimed(known)
    assert linked is not None
    assert linked.number == [found for found, _ in EVIDENCE].index(name) + 1


def test_somebody_elses_token_is_no_evidence_even_for_a_participant() -> None:
    assert match(PEDRO, facts(FIRST, tokens=(a_token(MARIA, 1),)), POLICY) is None


def test_an_expired_token_in_the_address_is_no_evidence() -> None:
    assert match(MARIA, facts(FIRST, tokens=(a_token(MARIA, 1, expired=True),)), POLICY) is None


def test_an_expired_token_in_the_body_counts_as_a_ref_line_does() -> None:
    found = match(MARIA, facts(FIRST, tokens=(a_token(MARIA, 1, expired=True, source="ref-line"),)), POLICY)
    assert found is not None
    assert (found.evidence, found.proven) == ("ref-line", False)


def test_a_token_counts_for_its_person_whatever_the_case_of_the_address() -> None:
    found = match(Address("", "MARIA@cliente.test"), facts(FIRST, tokens=(a_token(MARIA, 1),)), POLICY)
    assert found is not None
    assert found.proven


def test_a_token_for_a_ticket_that_is_no_more_is_no_evidence() -> None:
    assert match(MARIA, facts(tokens=(a_token(MARIA, 1),)), POLICY) is None


def test_weaker_evidence_that_leads_elsewhere_does_not_stop_what_leads_home() -> None:
    eves = a_ticket(5, requester=EVE)
    known = facts(eves, THIRD, ids=(IdFact(5, "x@desk.test", issued=True),), subject_numbers=(3,))
    found = match(MARIA, known, POLICY)
    assert found is not None
    assert found.ticket.number == 3


@pytest.mark.parametrize("author", [ANA, ANA_ALIAS])
def test_an_agents_token_is_the_agents_from_every_address(author: Address) -> None:
    found = match(author, facts(FIRST, tokens=(a_token(ANA, 1),)), POLICY)
    assert found is not None
    assert found.proven


def test_a_token_given_to_an_alias_is_the_agents_too() -> None:
    found = match(ANA, facts(FIRST, tokens=(a_token(ANA_ALIAS, 1),)), POLICY)
    assert found is not None
    assert found.proven


def test_another_agents_token_is_no_evidence_for_an_agent() -> None:
    assert match(ANA, facts(FIRST, tokens=(a_token(BRUNO, 1),)), POLICY) is None


def test_an_agent_is_matched_by_weak_evidence_without_proof() -> None:
    found = match(ANA, facts(FIRST, subject_numbers=(1,)), POLICY)
    assert found is not None
    assert not found.proven


def test_a_merged_ticket_leads_to_the_one_that_answers_for_it() -> None:
    known = facts(subject_numbers=(1,), tokens=(a_token(MARIA, 1),))
    merged = type(known)(known.envelope, known.queue, tokens=known.tokens, tickets={1: SECOND})
    found = match(MARIA, merged, POLICY)
    assert found is not None
    assert found.ticket.number == 2


def test_a_mail_without_claims_matches_nothing() -> None:
    assert match(MARIA, facts(FIRST), POLICY) is None
    assert claimed(facts(FIRST)) is None


def test_an_address_of_a_queue_with_a_plus_of_its_own_is_that_queue() -> None:
    policy = a_policy(suporte={"addresses": ("ajuda+ti@desk.test",), "plus_addressing": False})
    found = policy.queue_at("Ajuda+TI@desk.test")
    assert found is not None
    assert found.name == "suporte"
    assert policy.queue_at("ajuda@desk.test") is None
    assert DESK.address == "suporte@desk.test"


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Impressora", "impressora"),
        ("RE: RES: Re[2]: IMPRESSORA", "impressora"),
        ("[EXTERNO] Re: [#42]  Impressora", "impressora"),
        ("ENC: Fwd: impressora", "impressora"),
        ("Reparo: impressora", "reparo: impressora"),
        ("", ""),
    ],
)
def test_subjects_are_compared_without_the_marks_of_replying(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


def test_of_an_endless_subject_the_beginning_is_compared() -> None:
    assert len(bare_subject("re: " * 100_000)) < 10
    assert len(bare_subject("x" * 100_000)) <= 1_000
