"""What becomes of an agent's mail: answer, note, commands, and everything that makes it wait for a second word."""

from dataclasses import replace
from typing import Any

import pytest

from mailtickets.desk.change import changed
from mailtickets.desk.model.decision import Decision, Done
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    DropHeld,
    OpenTicket,
    Rate,
    ReleaseHeld,
    SetAbsence,
    SetStatus,
    SetTags,
)
from mailtickets.desk.model.facts import Authentication, Desk, Undoable
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Address, Attachment, Forwarded
from tests.desk.builders import (
    ANA,
    BRUNO,
    CARLA,
    EVE,
    MARIA,
    NOW,
    PEDRO,
    a_mail,
    a_policy,
    a_ticket,
    a_token,
    an_attachment,
    facts,
)

POLICY = a_policy()
VOUCHED = Authentication("pass")
BY_BRUNO = Said(BRUNO, "out", "public", "Vou aí.", NOW)


def decided(text: str, *, ticket: Ticket | None = None, mail: dict[str, Any] | None = None, **known: Any) -> Decision:
    """Ana's mail with these words, by her token."""
    about = ticket or a_ticket()
    tokens = known.pop("tokens", (a_token(ANA),))
    return decide(a_mail(ANA, text=text, **(mail or {})), facts(about, tokens=tokens, **known), POLICY, NOW)


def new_mail(text: str, *, subject: str = "Impressora", mail: dict[str, Any] | None = None, **known: Any) -> Decision:
    """Ana's mail about no ticket."""
    return decide(a_mail(ANA, text=text, subject=subject, **(mail or {})), facts(**known), POLICY, NOW)


def messages(decision: Decision) -> list[tuple[str, str, str | None]]:
    """(direction, visibility, text) of what is put on the ticket."""
    return [(e.direction, e.visibility, e.text) for e in decision.effects if isinstance(e, AddMessage)]


def statuses(decision: Decision) -> list[str]:
    return [effect.to for effect in decision.effects if isinstance(effect, SetStatus)]


# --- words and commands -------------------------------------------------------------------------------


def test_commands_are_taken_out_of_a_public_answer() -> None:
    decision = decided("Pode testar de novo?\n\n#etiqueta +rede")
    assert (decision.outcome, messages(decision)) == ("appended", [("out", "public", "Pode testar de novo?")])
    assert decision.feedback.done == (Done("answered"), Done("tags", "rede", None))
    assert decision.feedback.sent_to == (MARIA,)
    assert decision.notices == ("receipt",)


def test_a_mail_of_commands_alone_publishes_nothing() -> None:
    decision = decided("#resolver")
    assert (decision.outcome, decision.reason, messages(decision)) == ("commanded", "agent-commands", [])
    assert statuses(decision) == ["resolved"]


def test_a_status_that_the_agent_names_is_not_overruled_by_the_answer() -> None:
    assert statuses(decided("Pronto.\n#resolver")) == ["resolved"]
    assert statuses(decided("Pronto.")) == ["pending"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("resolved", "#resolver"), ("resolved", "#status resolvido"), ("closed", "#fechar"), ("open", "#status aberto"),
        ("new", "#status novo"), ("closed", "#spam"),
    ],
)  # fmt: skip
def test_words_with_a_status_that_the_ticket_has_already_leave_it_there(status: Any, said: str) -> None:
    """`Segue também o manual. #resolver` on a resolved ticket: it stays resolved, and a later rating counts."""
    before = a_ticket(status=status, resolved_at=NOW if status in {"resolved", "closed"} else None)
    decision = decided(f"Segue também o manual.\n\n{said}", ticket=before)
    assert messages(decision) == [("out", "public", "Segue também o manual.")]
    assert statuses(decision) == []
    after = changed(before, decision.effects, NOW)
    assert (after.status, after.resolved_at) == (status, before.resolved_at)


def test_a_rating_after_a_second_answer_that_says_resolver_again_counts() -> None:
    policy = a_policy(suporte={"satisfaction": True})
    before = a_ticket(status="resolved", resolved_at=NOW)
    again = decide(a_mail(ANA, text="Segue o manual.\n#resolver"), facts(before, tokens=(a_token(ANA),)), policy, NOW)
    after = changed(before, again.effects, NOW)
    rated = decide(a_mail(MARIA, text="5"), facts(after, tokens=(a_token(MARIA),)), policy, NOW)
    assert [effect.score for effect in rated.effects if isinstance(effect, Rate)] == [5]


def test_a_note_is_internal_and_opens_a_new_ticket() -> None:
    decision = decided("#nota\nO cliente ligou.", ticket=a_ticket(status="new"))
    assert (decision.outcome, messages(decision)) == ("noted", [("out", "note", "O cliente ligou.")])
    assert statuses(decision) == ["open"]


def test_a_note_below_an_answer_stays_inside() -> None:
    decision = decided("Já estamos vendo.\n\n#nota\nEle está irritado.")
    assert messages(decision) == [("out", "public", "Já estamos vendo."), ("out", "note", "Ele está irritado.")]
    assert decision.outcome == "appended"


def test_files_beside_commands_are_not_published() -> None:
    decision = decided("#fechar", mail={"attachments": (an_attachment(),)})
    assert messages(decision) == [("out", "note", "")]


def test_a_ready_answer_stands_where_it_was_called() -> None:
    decision = decided("Oi, Maria!\n\n#resposta fim", canned={"fim": "Encerramos por aqui."})
    assert messages(decision) == [("out", "public", "Oi, Maria!\n\nEncerramos por aqui.")]


def test_a_ready_answer_brings_its_commands_along() -> None:
    """`encerramento` says that the ticket is done: so it is."""
    carried = {"fim": "#resolver\n#etiqueta +fim"}
    decision = decided("#resposta fim", canned={"fim": "Encerramos por aqui."}, canned_commands=carried)
    assert messages(decision) == [("out", "public", "Encerramos por aqui.")]
    assert statuses(decision) == ["resolved"]
    assert decision.feedback.done == (Done("answered"), Done("status", "resolved", "open"), Done("tags", "fim", None))


def test_of_the_same_matter_the_agents_own_command_holds() -> None:
    carried = {"fim": "#resolver\n#etiqueta +fim"}
    text = "#resposta fim\n#status pendente\n#etiqueta +rede"
    decision = decided(text, canned={"fim": "Encerramos por aqui."}, canned_commands=carried)
    assert statuses(decision) == ["pending"]
    assert [e.to for e in decision.effects if isinstance(e, SetTags)] == [("rede",), ("rede", "fim")]


def test_a_ready_answer_whose_command_cannot_be_done_is_not_sent() -> None:
    known = {"canned": {"fim": "Fim."}, "canned_commands": {"fim": "#fila outra"}}
    decision = decided("#resposta fim", **known)
    assert (decision.outcome, messages(decision)) == ("held", [])
    assert [(p.line, p.code) for p in decision.feedback.problems] == [("#resposta fim", "no-such-queue")]
    right = decided("Oi.\n#resposta fim", released=True, confirmed=frozenset({"command-not-understood"}), **known)
    assert messages(right) == [("out", "public", "Oi.")]


def test_two_ready_answers_may_say_the_same() -> None:
    known = {"canned": {"a": "A.", "b": "B."}, "canned_commands": {"a": "#resolver", "b": "#resolver"}}
    assert statuses(decided("#resposta a\n#resposta b", **known)) == ["resolved"]


def test_people_added_by_a_command_are_sent_the_answer_too() -> None:
    told = decided("Segue.\n#cc +pedro@cliente.test").feedback
    assert [person.address for person in told.sent_to] == [MARIA.address, PEDRO.address]


def test_a_dry_run_tells_everything_and_does_nothing() -> None:
    decision = decided("Pronto.\n#resolver\n#simular")
    assert (decision.reason, decision.outcome, decision.effects) == ("dry-run", "commanded", ())
    assert decision.feedback.dry_run
    assert [done.kind for done in decision.feedback.done] == ["answered", "status"]


@pytest.mark.parametrize(("said", "notice"), [("#historico", "history"), ("#anexos", "attachments"),
                                              ("#ajuda", "commands_help"), ("#minhafila", "digest")])  # fmt: skip
def test_what_is_asked_to_be_shown_is_shown_without_a_receipt(said: str, notice: str) -> None:
    decision = decided(said)
    assert (decision.outcome, decision.effects, decision.notices) == ("commanded", (), (notice,))


def test_an_undo_that_comes_too_late_says_so() -> None:
    decision = decided("#desfazer", undoable=Undoable(9, None, gone=True, changes=(("message", "public", "1"),)))
    assert decision.feedback.too_late
    assert (decision.effects, decision.notices) == ((), ("receipt",))


def test_who_writes_is_not_away_any_more() -> None:
    away = Desk(absent_until={ANA.address: NOW})
    assert SetAbsence(ANA.address, None) in decided("Voltei.", desk=away).effects


# --- what makes it wait -------------------------------------------------------------------------------


def test_a_mistyped_command_stops_the_whole_mail() -> None:
    decision = decided("Pronto.\n#resovler")
    assert (decision.outcome, decision.reason) == ("held", "command-not-understood")
    (problem,) = decision.feedback.problems
    assert (problem.line, problem.nearest) == ("#resovler", ("#resolver",))
    assert decision.notices == ("returned",)


def test_an_order_that_cannot_be_carried_out_stops_it_too() -> None:
    assert decided("Pronto.\n#atribuir zuleica").reason == "command-not-understood"


def test_an_answer_to_an_older_state_is_held_and_says_what_happened() -> None:
    decision = decided("Reinicie.", since=(BY_BRUNO,))
    assert (decision.outcome, decision.reason, decision.notices) == ("held", "stale-answer", ("stale",))


@pytest.mark.parametrize("said", ["#nota\nVou deixar com o Bruno.", "#assumir", "Reinicie.\n#simular"])
def test_only_a_public_answer_can_collide(said: str) -> None:
    assert decided(said, since=(BY_BRUNO,)).outcome != "held"


def test_what_the_agents_own_program_has_sent_already_cannot_be_held_back() -> None:
    assert decided("Reinicie.", mail={"to": (MARIA,)}, since=(BY_BRUNO,)).outcome == "appended"


def test_merging_strangers_waits_for_a_second_word() -> None:
    about = facts(a_ticket(), a_ticket(43, requester=EVE), tokens=(a_token(ANA),))
    decision = decide(a_mail(ANA, text="#juntar 43"), about, POLICY, NOW)
    assert (decision.outcome, decision.reason, decision.notices) == ("held", "merge-of-strangers", ("held",))


# --- what was held and has been waved through -------------------------------------------------------------

NOT_UNDERSTOOD: dict[str, Any] = {"released": True, "confirmed": frozenset({"command-not-understood"})}


def test_a_correction_takes_the_place_of_the_line() -> None:
    decision = decided("Pronto.\n#resovler", correction="#resolver", **NOT_UNDERSTOOD)
    assert (messages(decision), statuses(decision)) == ([("out", "public", "Pronto.")], ["resolved"])


def test_without_a_correction_the_line_is_left_out() -> None:
    decision = decided("Pronto.\n#resovler", **NOT_UNDERSTOOD)
    assert (messages(decision), statuses(decision)) == ([("out", "public", "Pronto.")], ["pending"])


def test_lines_for_a_digest_that_answer_a_ticket_leave_no_number_to_send() -> None:
    assert decided("1042 #fechar\n1043 #assumir", **NOT_UNDERSTOOD).reason == "empty-answer"


def test_a_correction_of_a_name() -> None:
    decision = decided("Pronto.\n#atribuir zuleica", correction="#atribuir bruno", **NOT_UNDERSTOOD)
    assert Assign(BRUNO.address) in decision.effects


def test_a_correction_that_is_wrong_again_comes_back_again() -> None:
    decision = decided("Pronto.\n#resovler", correction="#atribuir zuleica", **NOT_UNDERSTOOD)
    assert (decision.outcome, decision.reason) == ("held", "command-not-understood")


def test_what_was_released_for_one_reason_may_still_be_held_for_another() -> None:
    trusted = {"released": True, "confirmed": frozenset({"agent-not-verified"})}
    assert decided("Pronto.\n#resovler", **trusted).reason == "command-not-understood"
    assert decided("Reinicie.", since=(BY_BRUNO,), **trusted).reason == "stale-answer"
    both = {"released": True, "confirmed": frozenset({"agent-not-verified", "stale-answer"})}
    assert decided("Reinicie.", since=(BY_BRUNO,), **both).outcome == "appended"


# --- the second word ------------------------------------------------------------------------------------


def second(text: str, held: str = "stale-answer", **known: Any) -> Decision:
    return decided(text, tokens=(a_token(ANA, confirms=9, held=held),), **known)


@pytest.mark.parametrize(
    "said",
    ["ENVIAR", "enviar", "Enviar.", "*ENVIAR*", "“Enviar”", "send", "Sim", "OK!", "Enviar, por favor", "Pode enviar!",
     "Sim, fui eu.", "Please send it now", "enviar\n\nObrigada"],
)  # fmt: skip
def test_send_releases(said: str) -> None:
    assert second(said).effects == (ReleaseHeld(9, seen=3),)


REPORT = an_attachment("laudo.pdf", b"%PDF-1", content_type="application/pdf")


@pytest.mark.parametrize("held", ["stale-answer", "uncertain-cut", "agent-without-token", "agent-not-verified"])
@pytest.mark.parametrize("said", ["ENVIAR", "Sim", "send"])
@pytest.mark.parametrize("file", [REPORT, an_attachment("foto.jpg")])
def test_a_yes_with_a_file_is_asked_about_again_and_nothing_is_sent_or_dropped(
    file: Attachment, said: str, held: str
) -> None:
    decision = second(said, held, mail={"attachments": (file,)})
    assert (decision.reason, decision.effects, decision.notices) == ("second-word-unclear", (), ("second_word",))
    assert decision.feedback.confirms == 9


def test_a_corrected_line_with_a_file_is_asked_about_again() -> None:
    decision = second("#resolver", "command-not-understood", mail={"attachments": (REPORT,)})
    assert (decision.reason, decision.effects) == ("second-word-unclear", ())


@pytest.mark.parametrize("held", ["stale-answer", "agent-without-token"])
@pytest.mark.parametrize(
    "file",
    [
        an_attachment("smime.p7s", content_type="application/pkcs7-signature"),
        an_attachment("smime.p7s", content_type="application/octet-stream"),
        an_attachment("signature.asc", content_type="application/pgp-signature"),
        an_attachment("ana.vcf", content_type="text/x-vcard"),
        an_attachment("logo.png", content_type="image/png", content_id="logo@x"),
        an_attachment("logo.png", content_type="image/png", inline=True),
    ],
)
def test_what_a_program_adds_to_every_mail_is_no_file_beside_a_yes(file: Attachment, held: str) -> None:
    (release,) = second("ENVIAR", held, mail={"attachments": (file,)}).effects
    assert isinstance(release, ReleaseHeld)


def test_a_picture_that_the_ticket_has_already_is_no_file_beside_a_yes() -> None:
    logo = an_attachment("image001.png", content_type="image/png")
    decision = second("ENVIAR", mail={"attachments": (logo,)}, known_files=frozenset({logo.sha256}))
    assert decision.effects == (ReleaseHeld(9, seen=3),)


@pytest.mark.parametrize("said", ["ENVIAR", "enviar.", "Descartar", "SEND"])
def test_a_second_word_on_nothing_held_is_not_sent_to_the_customer(said: str) -> None:
    assert decided(said).notices == ("returned",)
    assert decided(said, **NOT_UNDERSTOOD).outcome == "held"


@pytest.mark.parametrize("said", ["DESCARTAR", "Descartar!", "discard", "não", "Cancelar.", "Descartar, obrigado"])
def test_discard_drops(said: str) -> None:
    assert second(said).effects == (DropHeld(9),)


def test_a_corrected_line_releases_with_it() -> None:
    assert second("#resolver", "command-not-understood").effects == (ReleaseHeld(9, "#resolver"),)


@pytest.mark.parametrize("reason", ["stale-answer", "uncertain-cut", "merge-of-strangers"])
def test_commands_alone_do_not_send_an_answer_that_waits_for_a_word(reason: str) -> None:
    decision = second("#atribuir bruno", reason, since=(BY_BRUNO,))
    assert Assign(BRUNO.address) in decision.effects
    assert not any(isinstance(effect, ReleaseHeld | DropHeld | AddMessage) for effect in decision.effects)


@pytest.mark.parametrize("said", ["1042 #fechar", "#fechar"])
def test_a_corrected_line_releases_the_answer_to_a_digest(said: str) -> None:
    token = replace(a_token(ANA, confirms=9, held="command-not-understood"), ticket=None)
    decision = new_mail(said, tokens=(token,))
    assert decision.effects == (ReleaseHeld(9, said),)


def test_other_words_release_nothing_that_is_about_no_ticket() -> None:
    token = replace(a_token(ANA, confirms=9, held="command-not-understood"), ticket=None)
    assert new_mail("Deixa, eu mesma faço.", tokens=(token,)).notices == ("second_word",)


@pytest.mark.parametrize(
    "said",
    [
        "Não.\n\nO prazo é amanhã, como o Bruno disse na outra mensagem.",
        "Ok!\nReinicie a impressora e me avise se voltar.",
    ],
)
def test_a_yes_or_no_above_other_words_loses_neither(said: str) -> None:
    decision = second(said)
    assert decision.reason == "second-word-unclear"
    assert not [effect for effect in decision.effects if isinstance(effect, DropHeld | ReleaseHeld)]


def test_the_word_itself_counts_whatever_signature_stands_below() -> None:
    signed = "ENVIAR\n\nAna Lima\nSuporte de informática, segundo nível\nEmpresa Exemplo Ltda, São Paulo"
    assert second(signed).effects == (ReleaseHeld(9, seen=3),)


@pytest.mark.parametrize("said", ["Enviado do meu iPhone", "\nSent from my iPhone\n", "Enviado do meu Galaxy"])
def test_what_a_telephone_adds_is_no_answer(said: str) -> None:
    decision = decided(said)
    assert (decision.outcome, decision.reason) == ("held", "empty-answer")


def test_a_sentence_that_begins_as_what_a_telephone_adds_is_an_answer() -> None:
    assert decided("Enviado do meu iPhone o boleto.").outcome == "appended"


@pytest.mark.parametrize(
    "said",
    [
        "Não mandei nada ainda",
        "Ainda não mandei nada, estou esperando o Bruno.",
        "Não enviei nada até agora.",
        "I haven't sent anything yet",
        "I did not send it yet.",
        "Todavía no lo he enviado.",
        "Aún no he enviado nada",
    ],
)
def test_what_was_not_sent_yet_is_not_denied(said: str) -> None:
    decision = second(said, "agent-not-verified")
    assert decision.reason == "second-word-unclear"
    assert not [effect for effect in decision.effects if isinstance(effect, DropHeld | ReleaseHeld)]


@pytest.mark.parametrize("said", ["Enviar amanhã", "enviar ou não?", "Descartar tudo isso aí"])
def test_a_short_answer_that_begins_with_a_second_word_is_asked_about_again(said: str) -> None:
    assert second(said).reason == "second-word-unclear"


@pytest.mark.parametrize(("said", "meant"), [("resolver", "#resolver"), ("desfazer.", "#desfazer"), ("undo", "#undo"),
                                             ("status pendente", "#status pendente")])  # fmt: skip
def test_a_command_without_its_sign_is_no_answer(said: str, meant: str) -> None:
    decision = decided(said)
    assert decision.reason == "command-not-understood"
    assert decision.feedback.problems[0].nearest == (meant,)
    assert decided(said, released=True, confirmed=frozenset({"command-not-understood"})).outcome == "appended"


@pytest.mark.parametrize(
    "said",
    [
        "Resolvido!",
        "Fechado",
        "status do pedido: enviado",
        "Anexo o boleto.",
        "Resposta do Bruno.",
        "Fila de espera",
        "Nota fiscal enviada.",
        "Para amanhã",
    ],
)
def test_an_answer_of_a_word_or_two_is_an_answer(said: str) -> None:
    assert decided(said).outcome == "appended"


def test_a_wrong_correction_is_itself_returned() -> None:
    decision = second("#resovler", "command-not-understood")
    assert (decision.outcome, decision.reason) == ("held", "command-not-understood")


@pytest.mark.parametrize("said", ["Não, o prazo é amanhã, como o Bruno disse.", "Reinicie e me avise."])
def test_other_words_take_its_place(said: str) -> None:
    decision = second(said)
    assert decision.effects[0] == DropHeld(9)
    assert messages(decision) == [("out", "public", None)]


def test_new_words_are_held_again_when_others_wrote_again() -> None:
    assert second("Reinicie.", since=(BY_BRUNO,)).reason == "stale-answer"


def test_nobody_elses_second_word_counts() -> None:
    token = a_token(BRUNO, confirms=9, held="stale-answer")
    assert decided("ENVIAR", tokens=(token,)).reason == "agent-without-token"


# --- about no ticket --------------------------------------------------------------------------------------

FORWARDED = Forwarded(
    author=MARIA, date=NOW, subject="Impressora", to=(ANA,), cc=(), text="Não imprime.", note="", message_id=None,
    source="inline", ambiguous=False,
)  # fmt: skip


def test_an_agents_plain_mail_opens_a_ticket_in_their_name() -> None:
    decision = new_mail("Minha cadeira quebrou.")
    assert (decision.outcome, decision.reason) == ("opened", "new-mail")
    assert decision.opens is not None
    assert decision.opens.requester == ANA


@pytest.mark.parametrize(
    ("text", "subject", "tell"),
    [
        ("#minhafila", "", ("digest",)),
        ("", "#minhafila", ("digest",)),
        ("#ajuda", "socorro", ("commands_help",)),
        ("#buscar internet", "", ("found",)),
    ],
)
def test_questions_are_answered_without_proof_to_the_agent_alone(text: str, subject: str, tell: tuple[str]) -> None:
    decision = new_mail(text, subject=subject)
    assert (decision.outcome, decision.notices, decision.effects) == ("commanded", tell, ())


def test_who_asks_for_something_is_not_away_any_more() -> None:
    away = Desk(absent_until={ANA.address: NOW})
    assert new_mail("#minhafila", desk=away, authentication=VOUCHED).effects == (SetAbsence(ANA.address, None),)
    assert new_mail("#minhafila", desk=away).effects == ()


@pytest.mark.parametrize("text", ["#fechar", "#assumir"])
def test_a_command_about_a_ticket_needs_one(text: str) -> None:
    decision = new_mail(text, authentication=VOUCHED)
    assert (decision.outcome, [p.code for p in decision.feedback.problems]) == ("held", ["needs-a-ticket"])


def test_an_agent_starts_a_conversation() -> None:
    decision = new_mail("#para maria@cliente.test\n\nOlá, Maria.", authentication=VOUCHED)
    assert decision.effects[0] == OpenTicket(
        "suporte", "Impressora", Address("", MARIA.address), "pt_BR", notify_cc=True, acknowledged=False
    )
    assert messages(decision) == [("out", "public", "Olá, Maria.")]
    assert (statuses(decision), Assign(ANA.address) in decision.effects) == (["pending"], True)


def test_a_forwarded_mail_opens_a_ticket_in_the_customers_name() -> None:
    decision = new_mail("x", mail={"forwarded": FORWARDED}, authentication=VOUCHED)
    assert decision.opens is not None
    assert (decision.opens.requester, decision.opens.acknowledged) == (MARIA, True)
    assert messages(decision) == [("in", "public", "Não imprime.")]
    assert AddParticipant(ANA, "agent") in decision.effects


def test_what_the_agent_wrote_above_a_forward_is_a_note_and_may_order() -> None:
    forwarded = replace(FORWARDED, note="Cliente antigo, tratar bem.\n#prioridade alta")
    decision = new_mail("x", mail={"forwarded": forwarded}, authentication=VOUCHED)
    assert messages(decision)[1] == ("out", "note", "Cliente antigo, tratar bem.")
    assert [done.kind for done in decision.feedback.done] == ["opened", "priority"]


@pytest.mark.parametrize("text", ["#para maria@cliente.test\n\nOlá.", "Minha cadeira quebrou.\n#prioridade alta"])
def test_what_acts_without_a_ticket_needs_proof(text: str) -> None:
    decision = new_mail(text)
    assert (decision.outcome, decision.reason) == ("held", "agent-not-verified")
    assert new_mail(text, released=True, confirmed=frozenset({"agent-not-verified"})).outcome == "opened"


def test_a_forward_without_an_author_asks_whose_it_is() -> None:
    unclear = {"forwarded": replace(FORWARDED, author=None, ambiguous=True)}
    decision = new_mail("x", mail=unclear, authentication=VOUCHED)
    assert (decision.outcome, decision.reason) == ("held", "forward-unclear")
    named = {"confirmed": frozenset({"forward-unclear"}), "correction": "#requerente maria@cliente.test"}
    corrected = new_mail("x", mail=unclear, released=True, **named)
    assert corrected.opens is not None
    assert corrected.opens.requester.address == MARIA.address


def test_a_forward_that_may_be_of_two_asks_too() -> None:
    unclear = {"forwarded": replace(FORWARDED, ambiguous=True)}
    assert new_mail("x", mail=unclear, authentication=VOUCHED).reason == "forward-unclear"
    assert new_mail("x", mail=unclear, released=True, confirmed=frozenset({"forward-unclear"})).outcome == "opened"


def test_a_colleagues_mail_that_is_handed_on_is_no_customers() -> None:
    decision = new_mail("Veja", mail={"forwarded": replace(FORWARDED, author=BRUNO)}, authentication=VOUCHED)
    assert decision.reason == "new-mail"


# --- answers to a digest -------------------------------------------------------------------------------------

DESK_TOKEN = a_token(ANA, ticket=None)  # type: ignore[arg-type]


def digest_answer(text: str, **known: Any) -> Decision:
    about = facts(a_ticket(), a_ticket(43), tokens=(DESK_TOKEN,), **known)
    return decide(a_mail(ANA, text=text), about, POLICY, NOW)


def test_lines_are_done_together_with_one_receipt() -> None:
    decision = digest_answer("42 #fechar\n43 #assumir")
    assert (decision.outcome, decision.notices) == ("commanded", ("receipt",))
    assert [also.ticket for also in decision.also] == [42, 43]


@pytest.mark.parametrize("text", ["42 #fechar\n43 #assumr", "42 #fechar\n99 #fechar", "42 #fechar\nmas não o 43"])
def test_nothing_is_done_when_one_line_is_not_understood(text: str) -> None:
    decision = digest_answer(text)
    assert (decision.outcome, decision.reason, decision.also) == ("held", "command-not-understood", ())


@pytest.mark.parametrize("correction", ["42 #fechar", "#fechar", "42 #fechar\n43 #assumir", "[#42] Fechar"])
def test_a_corrected_line_is_done_with_the_rest(correction: str) -> None:
    decision = digest_answer("42 #fehcar\n43 #assumir", correction=correction, **NOT_UNDERSTOOD)
    assert {also.ticket: also.effects[0] for also in decision.also} == {
        42: SetStatus("closed", "ordered"),
        43: Assign(ANA.address),
    }


@pytest.mark.parametrize("text", ["42 #fehcar\n43 #assumir", "99 #fechar\n43 #assumir", "a 43 é minha\n43 #assumir"])
def test_without_a_correction_the_other_lines_are_done(text: str) -> None:
    (also,) = digest_answer(text, **NOT_UNDERSTOOD).also
    assert also.ticket == 43


def test_a_correction_of_a_line_may_be_wrong_again() -> None:
    decision = digest_answer("42 #fehcar\n43 #assumir", correction="42 #fhcr", **NOT_UNDERSTOOD)
    assert (decision.outcome, decision.also) == ("held", ())


@pytest.mark.parametrize("text", ["obrigada", "Vou ver amanhã."])
def test_words_to_the_desk_itself_open_no_ticket(text: str) -> None:
    assert digest_answer(text).opens is None


def test_somebody_elses_digest_is_no_proof() -> None:
    about = facts(a_ticket(), tokens=(a_token(BRUNO, ticket=None),))  # type: ignore[arg-type]
    assert decide(a_mail(ANA, text="42 #fechar"), about, POLICY, NOW).also == ()


# --- customers ------------------------------------------------------------------------------------------------


def from_maria(text: str, ticket: Ticket | None = None, **known: Any) -> Decision:
    about = facts(ticket or a_ticket(), **{"tokens": (a_token(MARIA),), **known})
    return decide(a_mail(MARIA, text=text, subject="Re: [#42] Impressora"), about, POLICY, NOW)


def test_a_customer_asks_how_things_stand() -> None:
    decision = from_maria("status?")
    assert (decision.outcome, decision.notices, decision.effects) == ("commanded", ("status",), ())


def test_a_number_that_the_customer_names_is_the_ticket_they_mean() -> None:
    other = a_ticket(43)
    about = facts(a_ticket(), other, tokens=(a_token(MARIA),))
    decision = decide(a_mail(MARIA, text="encerrar o 43", subject="Re: [#42] Impressora"), about, POLICY, NOW)
    assert (decision.ticket, statuses(decision)) == (43, ["closed"])


def test_a_number_that_is_not_theirs_is_told_nothing_of() -> None:
    about = facts(a_ticket(), a_ticket(43, requester=EVE), tokens=(a_token(MARIA),))
    decision = decide(a_mail(MARIA, text="status do 43", subject="Re: [#42] Impressora"), about, POLICY, NOW)
    assert (decision.ticket, decision.notices, decision.outcome) == (42, (), "appended")


@pytest.mark.parametrize(("said", "moved"), [("pode encerrar", "customer-closed"), ("cancelar", "customer-cancelled")])
def test_a_customer_closes_their_ticket(said: str, moved: str) -> None:
    decision = from_maria(said)
    assert SetStatus("closed", moved) in decision.effects
    assert messages(decision) == [("in", "public", None)]


def test_a_customer_opens_it_again() -> None:
    closed = a_ticket(status="closed", closed_at=NOW, resolved_at=NOW)
    assert SetStatus("open", "customer-asked") in from_maria("reabrir", closed).effects


def test_without_proof_the_words_are_an_ordinary_message() -> None:
    decision = from_maria("encerrar", tokens=(), subject_numbers=(42,))
    assert (decision.reason, statuses(decision)) == ("subject-number", [])


def test_a_customer_wants_no_more_notices() -> None:
    assert from_maria("parar avisos").notices == ("muted",)


def test_a_customer_sees_all_their_tickets() -> None:
    mail = a_mail(MARIA, text="meus chamados", subject="meus chamados")
    assert decide(mail, facts(desk=Desk(found=(a_ticket(),))), POLICY, NOW).notices == ("my_tickets",)
    assert decide(mail, facts(), POLICY, NOW).outcome == "opened"


RESOLVED = a_ticket(status="resolved", resolved_at=NOW)


@pytest.mark.parametrize(("said", "score", "tell"), [("5", 5, ()), ("👍", 5, ()), ("2 - demorou", 2, ("rated",))])
def test_a_rating_is_kept_and_reopens_nothing(said: str, score: int, tell: tuple[str, ...]) -> None:
    decision = from_maria(said, RESOLVED)
    assert [e.score for e in decision.effects if isinstance(e, Rate)] == [score]
    assert (statuses(decision), decision.notices, decision.reason) == ([], tell, "rated")


def test_a_number_on_an_open_ticket_is_no_rating() -> None:
    assert from_maria("5").reason == "reply-token"


def test_a_queue_may_ask_for_no_rating() -> None:
    policy = a_policy(suporte={"satisfaction": False})
    known = facts(RESOLVED, tokens=(a_token(MARIA),))
    decision = decide(a_mail(MARIA, text="5", subject="Re: x"), known, policy, NOW)
    assert not [effect for effect in decision.effects if isinstance(effect, Rate)]


def test_an_agent_of_another_queue_may_not_order_by_line() -> None:
    about = facts(a_ticket(), tokens=(a_token(CARLA, ticket=None),))  # type: ignore[arg-type]
    decision = decide(a_mail(CARLA, text="42 #fechar"), about, POLICY, NOW)
    assert [problem.code for problem in decision.feedback.problems] == ["no-such-ticket"]
