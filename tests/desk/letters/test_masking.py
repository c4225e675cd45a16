"""No mail of ours repeats a customer's card number or password, whatever it shows of their words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailtickets.config.places import shipped, template_texts
from mailtickets.config.values import LOCALES
from mailtickets.desk.change import changed, opened
from mailtickets.desk.commands import orders
from mailtickets.desk.letters.canned import canned
from mailtickets.desk.letters.masking import without_secrets
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import Assign, MoveTo, OpenTicket, Rate
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices.contexts import thread_context
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Address, InboundMail
from mailtickets.mail.read.attachments import of_read
from mailtickets.mail.read.parse import parse
from mailtickets.mail.read.text_file import FILENAME
from tests.desk.builders import ANA, BRUNO, MARIA, NOW, POLICY, a_mail, a_policy, a_ticket, a_token, facts

TEMPLATES = Templates(template_texts(shipped("templates")))
CARD, PASSWORD = "4111 1111 1111 1111", "girassol99"
SAID = f"Cobraram o pedido 12345-67 no cartão {CARD} duas vezes.\nMinha senha: {PASSWORD}"
PAGE = (
    "<p>Cobraram o pedido 12345-67 no cartão <a href='tel:4111111111111111'>4111 <b>1111</b> 1111 1111</a> duas "
    f"vezes.</p><p><i>Minha senha:</i> {PASSWORD}</p>"
)
SUBJECT = f"Cartão {CARD}"
TICKET = a_ticket(subject=SUBJECT, assignee=ANA.address, agents=[ANA], waiting_since=NOW - timedelta(hours=5))
SAYING = Said(Address(f"Maria {CARD}", MARIA.address), "in", "public", SAID, NOW)


def made(notices: tuple[Notice, ...]) -> Iterator[tuple[Notice, Rendered]]:
    assert notices
    for notice in notices:
        yield notice, render(TEMPLATES, *notice.job)


def assert_masked(notices: tuple[Notice, ...], *names: NoticeName) -> None:
    """The notices named are there, and none shows the card or the password."""
    assert {notice.name for notice in notices} >= set(names)
    for notice, words in made(notices):
        for shown in (words.subject, words.text, words.html or "", notice.sender_name):
            plain = shown.replace(" ", "").replace("<b>", "").replace("</b>", "")
            assert "4111111111111111" not in plain, notice.name
            assert "11111111" not in plain, notice.name
            assert PASSWORD not in shown, notice.name


def by_mail(mail: InboundMail, *known: Ticket, **more: Any) -> tuple[Notice, ...]:
    about = facts(*known, known_author=True, **{k: more.pop(k) for k in ("tokens", "desk") if k in more})
    policy = more.pop("policy", POLICY)
    decision = decide(mail, about, policy, NOW)
    before = about.tickets.get(decision.ticket or 0)
    rest = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    after = changed(before or opened(decision.opens, 42, NOW), rest, NOW)  # type: ignore[arg-type]
    return plan(Situation(decision, before, after, mail, about, **more), policy, NOW)


def by_order(decision: Decision, before: Ticket = TICKET, **more: Any) -> tuple[Notice, ...]:
    return plan(Situation(decision, before, changed(before, decision.effects, NOW), **more), POLICY, NOW)


def marias(**changes: Any) -> InboundMail:
    return a_mail(
        Address(f"Maria {CARD}", MARIA.address), text=SAID, subject=SUBJECT, html=PAGE, language="pt", **changes
    )


def test_a_new_ticket_and_its_acknowledgement() -> None:
    assert_masked(by_mail(marias()), "received", "new_ticket")


def test_a_reply() -> None:
    assert_masked(by_mail(marias(), TICKET, tokens=(a_token(MARIA),)), "customer_replied")


def test_the_words_stay_readable_and_formatted() -> None:
    (new,) = (words for notice, words in made(by_mail(marias())) if notice.name == "new_ticket")
    assert "Cobraram o pedido 12345-67 no cartão •••• 1111 duas vezes." in new.text
    assert "Minha senha: ••••••" in new.text
    assert "<i>Minha senha:</i> ••••••" in (new.html or "")
    assert "•••• 1111" in (new.html or "")
    assert new.relayed


def test_the_history_below_an_answer_and_not_the_answer() -> None:
    policy = a_policy(suporte={"history": 5})
    answer = a_mail(ANA, text="Bom dia, a sua nova senha: troque-me-7", reply="Bom dia, a sua nova senha: troque-me-7")
    notices = by_mail(answer, TICKET, tokens=(a_token(ANA),), policy=policy, thread=(SAYING,))
    assert_masked(notices, "answer")
    (told,) = (words for notice, words in made(notices) if notice.name == "answer")
    assert "a sua nova senha: troque-me-7" in told.text
    assert "Minha senha: ••••••" in told.text


def test_what_colleagues_do() -> None:
    assigned = Decision("ordered", (Assign(BRUNO.address),), 42, actor=ANA.address)
    assert_masked(by_order(assigned, newest=(SAYING,)), "assigned")
    moved = Decision("ordered", (MoveTo("vendas"),), 42, actor=ANA.address)
    assert_masked(by_order(moved, newest=(SAYING,)), "moved")
    rated = Decision("rated", (Rate(1, SAID, MARIA.address),), 42, notices=("rated",))
    assert_masked(by_order(rated), "rated")


def test_reminders_digests_searches_and_the_history_of_a_ticket() -> None:
    reminder = orders.remind_of_waiting(TICKET)
    assert reminder is not None
    assert_masked(by_order(reminder, newest=(SAYING,)), "reminder")
    for name, desk in (
        ("digest", Desk(mine=(TICKET,), unassigned=(TICKET,))),
        ("found", Desk(found=(TICKET,))),
        ("history", Desk(thread=(SAYING,))),
    ):
        decision = Decision("agent-asks", (), 42, actor=ANA.address, notices=(name,))  # type: ignore[arg-type]
        assert_masked(by_order(decision, desk_without_mail=desk), name)  # type: ignore[arg-type]


def test_what_a_customer_asks_for() -> None:
    mail = replace(marias(), text="status", reply="status", html=None)
    assert_masked(by_mail(mail, TICKET, tokens=(a_token(MARIA),)), "status")


def test_a_ready_answer_that_repeats_the_subject() -> None:
    templates = Templates({"canned/pt_BR/recebi.txt": "Sobre {{ ticket.subject }}:"})
    assert CARD not in canned(templates, "recebi", "pt_BR", {"ticket": {"subject": SUBJECT}})


def test_the_file_with_the_rest_of_a_long_mail() -> None:
    long = f"{SAID}\n" + "palavra " * 20_000
    raw = f"From: maria@cliente.test\r\nSubject: x\r\n\r\n{long}".replace("cartão", "cartao").encode()
    mail = parse(raw)
    (new,) = (notice for notice in by_mail(mail) if notice.name == "new_ticket")
    (file,) = (file for file in new.attachments if file.filename == FILENAME)
    assert CARD.encode() not in file.content
    assert PASSWORD.encode() not in file.content
    assert of_read(raw, mail)[file.sha256].content == file.content


def test_an_agents_words_and_a_files_name_in_the_mail_stay() -> None:
    thread = thread_context([Said(ANA, "out", "public", SAID, NOW), replace(SAYING, author=ANA)], POLICY)
    assert without_secrets({"thread": thread})["thread"] == thread


@pytest.mark.parametrize("name", [name for name, row in NOTICES.items() if row.audience != "ops"])
@pytest.mark.parametrize("locale", LOCALES)
def test_every_notice_in_every_locale(name: NoticeName, locale: str) -> None:
    def with_secrets(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: with_secrets(inner) for key, inner in value.items()}
            return {**kept, **({"text": SAID, "html": PAGE} if "received_at" in value and "text" in value else {}),
                    **({"subject": SUBJECT} if "subject" in value else {})}  # fmt: skip
        return [with_secrets(item) for item in value] if isinstance(value, list) else value

    words = render(TEMPLATES, name, locale, with_secrets(sample(name, locale)))
    for shown in (words.subject, words.text, words.html or ""):
        assert CARD not in shown
        assert "4111111111111111" not in shown
        assert PASSWORD not in shown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Usuário | maria\nSenha | Gato2020", "<table>\n<tr>\n<td>Senha</td>\n<td>Gato2020</td>\n</tr></table>"),
        ("Senha:\n\nGato2023", "<p>Senha:</p>\n\n<p>\n  Gato2023</p>"),
        ("*Senha:* Gato2024", "<div><b>Senha:</b> Gato2024</div>"),
        ("senha - Gato&2026", "<div>senha</div>\n<div>-</div>\n<div>Gato&amp;2026</div>"),
    ],
)
def test_html_shows_no_password_that_the_text_hides(text: str, html: str) -> None:
    shown = without_secrets({"message": {"text": text, "html": html, "ours": False}})
    for password in ("Gato2020", "Gato2023", "Gato2024", "Gato&2026", "Gato&amp;2026"):
        assert password not in str(shown)


@pytest.mark.parametrize("tag", ["div", "p", "td", "br"])
@pytest.mark.parametrize("between", ["", "\n", "\n  "])
def test_html_shows_no_card_with_one_group_a_line(tag: str, between: str) -> None:
    lines = ["Cartão:", "4111", "1111", "1111", "1111", "Obrigada"]
    if tag == "br":
        html = f"<div>{f'<br>{between}'.join(lines)}</div>"
    else:
        html = between.join(f"<{tag}>{line}</{tag}>" for line in lines)
    html = f"<table><tr>{html}</tr></table>" if tag == "td" else html
    shown = without_secrets({"message": {"text": "\n".join(lines), "html": html, "ours": False}})
    assert str(shown).count("1111") == (2 if shown["message"]["html"] else 1)  # type: ignore[index]
    assert "4111" not in str(shown)
