"""A mail of megabytes costs each of its readers little: what is shown of it, and where the rest is said to be."""

from dataclasses import replace
from typing import Any

import pytest

from mailtickets.config.places import shipped, template_texts
from mailtickets.config.values import LOCALES
from mailtickets.desk.change import changed, opened
from mailtickets.desk.commands.lines import first_suspect
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said
from mailtickets.desk.notices.contexts import MAX_SHOWN, MAX_THREAD, thread_context
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.text_file import FILENAME, text_file
from tests.desk.builders import ANA, MARIA, NOW, POLICY, a_mail, a_policy, a_ticket, a_token, an_attachment, facts

TEMPLATES = Templates(template_texts(shipped("templates")))
AROUND = 10_000
"""What a notice says beside the words of a mail, as text or as HTML."""
LONG = "palavra " * 100_000
HUGE = "palavra " * 3_000_000
SHOWN_WHOLE = "palavra " * (MAX_SHOWN // 8)


def told(mail: InboundMail, about: Facts, policy: Policy = POLICY, **more: Any) -> dict[str, Notice]:
    """The notices that follow from a mail, by name."""
    decision = decide(mail, about, policy, NOW)
    before = about.tickets.get(decision.ticket or 0)
    rest = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    ticket = before or (opened(decision.opens, 1, NOW) if decision.opens else None)
    after = changed(ticket, rest, NOW) if ticket else None
    situation = Situation(decision, before, after, mail, about, **more)
    return {notice.name: notice for notice in plan(situation, policy, NOW)}


def by_maria(text: str, policy: Policy = POLICY, **mail: Any) -> Notice:
    return told(a_mail(MARIA, text=text, **mail), facts(), policy)["new_ticket"]


# --- what agents see ----------------------------------------------------------------------------------


def test_of_25_megabytes_an_agent_is_shown_the_beginning_in_text_and_html() -> None:
    made = render(TEMPLATES, *by_maria(HUGE).job)
    assert made.text.count("palavra") == MAX_SHOWN // 8
    assert len(made.text) < MAX_SHOWN + AROUND
    assert len(made.html or "") < MAX_SHOWN + AROUND
    assert "[A mensagem continua; o texto inteiro fica guardado no chamado: no servidor," in made.text
    assert "mailtickets ticket show 1.]" in made.text
    assert "mailtickets ticket show 1.]" in (made.html or "")


def test_a_text_that_fits_beside_the_files_goes_along_whole() -> None:
    photo = an_attachment()
    notice = by_maria(LONG, attachments=(photo,))
    assert [file.filename for file in notice.attachments] == [photo.filename, FILENAME]
    assert notice.attachments[1].content.decode() == a_mail(MARIA, text=LONG).reply
    made = render(TEMPLATES, *notice.job)
    assert "[A mensagem continua; o texto inteiro está no anexo e-mail.txt.]" in made.text
    assert "está no anexo e-mail.txt.]" in (made.html or "")


def test_a_text_that_does_not_fit_beside_the_files_stays_on_the_ticket() -> None:
    photo = an_attachment(content=b"x" * 1_000)
    policy = replace(POLICY, max_attachment_bytes=text_file(a_mail(MARIA, text=LONG)).size + 999)
    notice = by_maria(LONG, policy, attachments=(photo,))
    assert notice.attachments == (photo,)
    assert "mailtickets ticket show 1.]" in render(TEMPLATES, *notice.job).text


def test_what_can_be_shown_is_shown_whole_and_nothing_is_said_of_more() -> None:
    notice = by_maria(SHOWN_WHOLE)
    made = render(TEMPLATES, *notice.job)
    assert notice.attachments == ()
    assert made.text.count("palavra") == MAX_SHOWN // 8
    assert "A mensagem continua" not in made.text + (made.html or "")


def test_of_a_text_that_is_cut_the_formatting_is_not_shown() -> None:
    made = render(TEMPLATES, *by_maria(LONG, html=f"<p>{LONG}</p>").job)
    assert not made.relayed
    assert len(made.html or "") < MAX_SHOWN + AROUND


@pytest.mark.parametrize("locale", LOCALES)
def test_each_locale_says_that_there_is_more_and_where(locale: str) -> None:
    context = sample("new_ticket", locale)
    cut = {**context["message"], "cut": True}
    kept = render(TEMPLATES, "new_ticket", locale, {**context, "message": cut})
    attached = render(TEMPLATES, "new_ticket", locale, {**context, "message": {**cut, "whole_in": FILENAME}})
    assert all("mailtickets ticket show 1042.]" in part for part in (kept.text, kept.html or ""))
    assert all("e-mail.txt.]" in part for part in (attached.text, attached.html or ""))
    held = render(TEMPLATES, "new_ticket", locale, {**context, "message": cut, "reply_effect": "releases"})
    assert "ticket show" not in held.text


# --- what customers see -------------------------------------------------------------------------------


def test_an_agents_answer_reaches_the_customer_whole() -> None:
    answer = told(a_mail(ANA, text=LONG), facts(a_ticket(), tokens=(a_token(ANA),)))["answer"]
    made = render(TEMPLATES, *answer.job)
    assert made.text.count("palavra") == LONG.count("palavra")
    assert (made.html or "").count("palavra") == LONG.count("palavra")


def test_an_answer_quotes_the_beginning_of_what_it_answers() -> None:
    policy = a_policy(suporte={"history": 1})
    thread = (Said(MARIA, "in", "public", LONG, NOW),)
    about = facts(a_ticket(), tokens=(a_token(ANA),))
    made = render(TEMPLATES, *told(a_mail(ANA, text="Pronto."), about, policy, thread=thread)["answer"].job)
    assert made.text.count("palavra") == MAX_SHOWN // 8
    assert "\n> […]\n" in made.text
    assert "<br>[…]</div>" in (made.html or "")


def test_an_acknowledgement_holds_no_more_of_a_mail_than_a_notice_shows() -> None:
    received = told(a_mail(MARIA, text=HUGE), facts())["received"]
    assert len(received.context["message"]["text"]) == MAX_SHOWN  # type: ignore[index]


# --- conversations ------------------------------------------------------------------------------------


def test_of_a_long_conversation_the_newest_is_shown_most() -> None:
    thread = [Said(MARIA, "in", "public", "x" * 1_000_000, NOW)] * 50
    shown = [len(str(said["text"])) for said in thread_context(thread, POLICY)]
    assert shown == sorted(shown)
    assert (shown[-1], shown[-2]) == (MAX_SHOWN, MAX_SHOWN // 2)
    assert sum(shown) <= MAX_THREAD


def test_short_messages_are_shown_whole_beside_a_huge_one() -> None:
    thread = [Said(MARIA, "in", "public", text, NOW) for text in ("a", "b" * 1_000_000, "c")]
    assert [said["cut"] for said in thread_context(thread, POLICY)] == [False, True, False]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_history_says_which_messages_go_on(locale: str) -> None:
    context = sample("history", locale)
    first, *others = context["thread"]
    made = render(TEMPLATES, "history", locale, {**context, "thread": [{**first, "cut": True}, *others]})
    assert made.text.count("mailtickets ticket show 1042.]") == 1
    assert (made.html or "").count("mailtickets ticket show 1042.]") == 1


# --- what may be a command in what is not read --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/fechar já\n" + SHOWN_WHOLE, "/fechar já"),
        ("- /fechar\n" + SHOWN_WHOLE, "- /fechar"),
        (SHOWN_WHOLE + "\n> /fechar", "> /fechar"),
        (SHOWN_WHOLE + "\n#fechar", "#fechar"),
        (SHOWN_WHOLE + "x #fechar\n/nota", "#fechar"),
        ("/nota\n" + SHOWN_WHOLE + "\n#fechar", "/nota"),
        (SHOWN_WHOLE + "\nhttps://desk.test/a#b e/ou #1", None),
    ],
)
def test_the_first_thing_that_may_be_a_command_is_found(text: str, line: str | None) -> None:
    found = first_suspect(text)
    assert (found.line if found else None) == line
