"""An agent's mail all the way to the octets that customers get: nothing that is not for them is in those.

Made: words to publish, command lines, notes, private addresses and tokens in every shape, quoted notices, images and
files. Read: every header, every part, decoded, of every mail to a customer.
"""

import base64
import re
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from html import escape, unescape
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.change import changed, opened
from mailtickets.desk.letters.letter import Stationery, copy_for, letter
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.model.facts import Authentication
from mailtickets.desk.model.ticket import Said
from mailtickets.desk.notices import plan
from mailtickets.desk.notices.notice import Situation
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Address
from mailtickets.mail.read.parse import parse
from mailtickets.mail.trust.traces import suspects
from mailtickets.mail.write.compose import compose
from tests.desk.builders import (
    AGENTS,
    ANA,
    ANA_ALIAS,
    BRUNO,
    MARIA,
    NOW,
    PEDRO,
    a_policy,
    a_ticket,
    a_token,
    an_agent,
    facts,
)

TEMPLATES = Templates(template_texts(shipped("templates")))
TOKEN = "abcdefghijklmnopqrstuvwx23"
"""The agent's own."""
OTHER = "zyxwvutsrqponmlkjihgfedc77"
"""Somebody else's."""
PRIVATE = (ANA.address, ANA_ALIAS.address, BRUNO.address)
NOTE = "o gerente nem desconfia"
NOTICE_ID = "aviso.para.ana@mail.desk.test"
PAPER = Stationery(a_policy().instance, (b"segredo" * 5,), "verp")
LOUD = an_agent(Address("#fechar Ana <ana@desk.test>", ANA.address), aliases=[ANA_ALIAS.address])
DESK_POLICY = a_policy(agents=(LOUD, *AGENTS[1:]), suporte={"history": 2})
THREAD = (
    Said(MARIA, "in", "public", "Parou de novo.", NOW),
    Said(BRUNO, "out", "public", f"Escreva para bruno@desk.test\nRef.: {OTHER}", NOW),
)


def sent_to_customers(raw: bytes) -> list[bytes]:
    """Every mail that customers get because of this one from an agent."""
    mail = parse(raw, instance="exemplo")
    ticket = a_ticket(cc=[PEDRO], agents=[BRUNO], references=("m0@cliente.test",))
    known = facts(ticket, tokens=(a_token(ANA),), authentication=Authentication("pass"))
    decision = decide(mail, known, DESK_POLICY, NOW)
    return mails_of(decision, mail, known, ticket)


def mails_of(decision: Decision, mail: Any, known: Any, ticket: Any) -> list[bytes]:
    before = ticket if decision.opens is None else None
    base = before or opened(decision.opens or OpenTicket("suporte", "x", MARIA, "pt_BR"), 43, NOW)
    after = changed(base, [effect for effect in decision.effects if not isinstance(effect, OpenTicket)], NOW)
    secrets = frozenset(suspects(f"{mail.text}\n\n\n{THREAD[1].text}") | set(mail.suspects)) & {TOKEN, OTHER}
    situation = Situation(decision, before, after, mail, known, thread=THREAD, secrets=secrets)
    found = []
    for notice in plan.plan(situation, DESK_POLICY, NOW):
        if notice.to_customer:
            made = letter(notice, render(TEMPLATES, *notice.job), after, PAPER, "abcdefghijkl", NOW)
            copies = [copy for copy in made.copies if copy.recipient.address not in PRIVATE]
            found += [compose(made.mail, copy_for(copy, after.number, PAPER.secrets)) for copy in copies]
    return found


# --- reading what went out ------------------------------------------------------------------------------


def everything(raw: bytes) -> str:
    """All that a mail says anywhere, as a careful reader finds it."""
    return "\n".join(_said(message_from_bytes(raw, policy=policy.default)))


def _said(message: Message) -> list[str]:
    found = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        found += [f"{name}: {value}" for name, value in part.items()] + [part.get_filename() or ""]
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            text = (content if isinstance(content, bytes) else b"").decode("utf-8", "replace")
            found += [text, unescape(re.sub(r"<[^<>]*>", "", text)), _decoded(text)]
    return found


def _decoded(text: str) -> str:
    """A message within it, if it is one."""
    if not re.match(r"[A-Za-z-]+:", text):
        return ""
    inner = message_from_bytes(text.encode(), policy=policy.default).get_payload(decode=True)
    return inner.decode("utf-8", "replace") if isinstance(inner, bytes) else ""


def joined(text: str) -> str:
    """Without what breaks words: invisible characters, line ends with quote marks, percent-encoding."""
    text = re.sub(r"[\u200b\u00ad]|=?\r?\n[ >]*|[ \t]+\r?\n[ >]*", "", unquote(unquote(text)))
    return text.casefold()


def leaks(raw: bytes, commands: list[str] = []) -> list[str]:  # noqa: B006 - only read
    said = everything(raw)
    flat = {said.casefold(), joined(said)}
    precious = [TOKEN, OTHER, NOTE, NOTICE_ID, "segredo-da-imagem", *commands]
    found = [word for word in precious if any(word.casefold() in text for text in flat)]
    mine = rf"(?<![\w.+-])(?:{'|'.join(map(re.escape, PRIVATE))})(?![\w-]|\.\w)"
    return found + [match[0] for text in flat for match in re.finditer(mine, text)]


PICTURE = '<img src="cid:tela@x">'
"""As a line of its own: HTML shows it there, plain text does not."""


# --- mails of agents ------------------------------------------------------------------------------------


def quoted_notice() -> str:
    return f"Ref.: {TOKEN}\n\nMaria Souza escreveu:\n\n> A impressora parou.\n\n{NOTE}"


def a_reply(lines: list[str], *, form: str = "plain", history: str = "gmail", **more: Any) -> bytes:
    mail = EmailMessage()
    mail["From"] = f'"Ana (ana@desk.test)" <{ANA.address}>'
    mail["To"] = f"suporte+{TOKEN}@desk.test"
    mail["Subject"] = more.get("subject", "Re: [#42] Impressora")
    mail["Message-ID"], mail["In-Reply-To"] = "<a1@desk.test>", f"<{NOTICE_ID}>"
    mail["References"] = f"<{NOTICE_ID}>"
    mail["Date"] = "Mon, 03 Mar 2025 11:59:00 +0000"
    below, html_below = HISTORIES[history]
    plain = "\n".join(line for line in lines if line != PICTURE) + below
    shown = (PICTURE if line == PICTURE else escape(line) or "<br>" for line in lines)
    page = "".join(PAGE[more.get("page", "div")].format(line) for line in shown)
    page = f"<div>{page}{more.get('extra', '')}</div>{html_below}"
    if form == "html":
        mail.set_content(page, subtype="html", cte="base64")
    else:
        mail.set_content(plain, cte="base64")
    if form == "both":
        mail.add_alternative(page, subtype="html", cte="base64")
    for name, content in more.get("files", ()):
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    if more.get("image"):
        mail.add_attachment(b"segredo-da-imagem", maintype="image", subtype="png", cid="<tela@x>", disposition="inline")
    return mail.as_bytes()


ATTRIBUTION = f"Em seg., 3 de mar. de 2025 às 10:05, Maria (Suporte) <suporte+{TOKEN}@desk.test> escreveu:"
QUOTED = "\n".join(f"> {line}" for line in quoted_notice().split("\n"))
GMAIL = (
    f'<br><div class="gmail_quote"><div class="gmail_attr">{escape(ATTRIBUTION)}<br></div><blockquote '
    f'class="gmail_quote">{escape(quoted_notice())}</blockquote></div>'
)
BLOCK = (
    f"De: Maria <suporte+{TOKEN}@desk.test>\nEnviada em: segunda-feira, 3 de março de 2025 10:05\n"
    f"Para: Ana <{ANA.address}>\nAssunto: [#42] Impressora"
)
OUTLOOK = (
    f'<div id="divRplyFwdMsg">{escape(BLOCK)}</div>'.replace("\n", "<br>") + f"<div>{escape(quoted_notice())}</div>"
)
HISTORIES = {
    "none": ("", ""),
    "gmail": (f"\n\n{ATTRIBUTION}\n\n{QUOTED}\n", GMAIL),
    "outlook": (f"\n\n{BLOCK}\n\n{quoted_notice()}\n", OUTLOOK),
}
PAGE = {"div": "<div>{}</div>", "p": "<p>{}</p>", "br": "{}<br>", "bold": "<div><b>{}</b></div>"}
NOTICE = f"Subject: Aviso\nReply-To: suporte+{OTHER}@desk.test\n\nRef.: {OTHER}\n".encode()
HIDDEN = b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(f"Ref.: {OTHER}\n".encode())

WORDS = [
    "Bom dia, Maria.",
    "O prazo é de 3 dias.",
    "Troque o papel # 12.",
    "Veja /etc/hosts",
    "1. Desligue",
    "> Parou?",
    "",
]
PRECIOUS = [
    *PRIVATE,
    f"<{BRUNO.address}>",
    f"suporte+{TOKEN}@desk.test",
    f"Ref.: {OTHER}",
    f"código {TOKEN}",
    f"x{OTHER}",
]
PRECIOUS += [f"mailto:suporte%2B{OTHER}%40desk.test", f"*Ref.:* {TOKEN.upper()}", "ANA%40DESK.TEST"]
COMMANDS = [
    "#fechar",
    "#status pendente",
    "#etiqueta +canario",
    "/resolver",
    "#ASSUMIR",
    "#prioridade alta",
    "*#fechar*",
]
COMMANDS += [
    "#fehcar",
    "#lembrar 3d",
    "#cc +bruno@desk.test",
    "#requerente bruno@desk.test",
    "#atribuir bruno",
    "#simular",
]
NOTES = [["#nota", NOTE], ["#nota " + NOTE], ["#note", NOTE, "", "#fim"], ["#interno", f"{NOTE} {TOKEN}", "#fim"]]
NOTES += [["#nota", "O prazo é de 3 dias.", "Bom dia, Maria.", "#fim"], ["#nota", "O prazo é de 3 dias.", "#fim"]]
BREAKS = ["", "\u200b", "\n", " \n> "]

breaking = st.tuples(st.sampled_from(PRECIOUS), st.integers(1, 12), st.sampled_from(BREAKS)).map(
    lambda given: f"{given[0][: given[1]]}{given[2]}{given[0][given[1] :]}"
)
public = st.lists(st.one_of(st.sampled_from(WORDS), breaking), min_size=1, max_size=5)
commands = st.lists(st.sampled_from(COMMANDS), max_size=2, unique=True)
notes = st.sampled_from([[], [], *NOTES])
files = st.lists(
    st.sampled_from(
        [
            ("foto.bin", b"\x89PNG"),
            (f"para {BRUNO.address}.txt", b"nada"),
            (f"suporte+{OTHER}@desk.test.txt", b"nada"),
            ("aviso.eml", NOTICE),
            ("aviso.txt", HIDDEN),
        ]
    ),
    max_size=2,
)
extras = ["", PICTURE, f'<a href="mailto:{ANA.address}">x</a>', f'<p style="display:none">{TOKEN}</p>']
extras += [f"<!-- {NOTE} -->", f'<img alt="Ref.: {TOKEN}" src="cid:nada">', f'<span title="{NOTE}"></span>']


@st.composite
def replies(draw: Any) -> tuple[dict[str, Any], list[str]]:
    """What a mail of an agent is made of, and the command lines in it."""
    first, last, note, words = draw(commands), draw(commands), draw(notes), draw(public)
    middle = draw(st.permutations([words, note])) if note else [words]
    image = bool(note) and draw(st.booleans())
    if image:
        place = draw(st.integers(1, len(note) - (note[-1] == "#fim")))
        middle = [[*note[:place], PICTURE, *note[place:]] if part is note else part for part in middle]
    lines = [*first, *middle[0], *(middle[1] if note else []), *last]
    # Behind the last words of the answer a picture is the answer's.
    below = [extra for extra in extras if not (image and extra == PICTURE and middle[-1] is words)]
    made = dict(
        lines=[piece for line in lines for piece in line.split("\n")],
        form=draw(st.sampled_from(["plain", "html", "both"])),
        history=draw(st.sampled_from(sorted(HISTORIES))),
        page=draw(st.sampled_from(sorted(PAGE))),
        subject=draw(st.sampled_from(["Re: [#42] Impressora", f"Re: [#42] {TOKEN}", f"[#42] {ANA.address}"])),
        extra=draw(st.sampled_from(below)),
        files=draw(files),
        image=image,
    )
    return made, [command.strip("*") for command in [*first, *last]]


@settings(max_examples=50)
@given(replies())
def test_whatever_an_agent_writes_customers_see_only_what_is_theirs(reply: tuple[dict[str, Any], list[str]]) -> None:
    made, ordered = reply
    mails = sent_to_customers(a_reply(**made))
    event("answered" if mails else "nothing sent")
    for mail in mails:
        assert leaks(mail, ordered) == []


# --- and what is theirs does arrive ----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["plain", "html", "both"])
@pytest.mark.parametrize("history", HISTORIES)
def test_an_answer_between_commands_and_a_note_arrives(form: str, history: str) -> None:
    lines = ["#assumir", "Bom dia, Maria.", "Escreva a bruno@desk.test.", "#nota", NOTE, "#fim", "#status aberto"]
    mails = sent_to_customers(a_reply(lines, form=form, history=history, page="bold", files=[("guia.pdf", b"%PDF-1")]))
    assert len(mails) == 2
    for mail in mails:
        said = everything(mail)
        assert "Escreva a suporte@desk.test." in said
        assert "guia.pdf" in said
        assert ("<b>Bom dia, Maria.</b>" in said) == (form != "plain")
        assert leaks(mail, ["#assumir", "#status"]) == []


def test_an_answer_comes_from_the_agent_at_the_queues_address_whatever_the_agent_is_called() -> None:
    mail = message_from_bytes(sent_to_customers(a_reply(["Bom dia."]))[0], policy=policy.default)
    assert str(mail["From"]) == '"fechar Ana <suporte@desk.test> (Suporte Exemplo)" <suporte@desk.test>'
    assert "#fechar" not in everything(mail.as_bytes())


@pytest.mark.parametrize("typed", ["#fehcar", "#resovler", "#atribiur bruno", "#satus pendente"])
def test_a_mistyped_command_among_words_goes_to_nobody(typed: str) -> None:
    assert sent_to_customers(a_reply(["O prazo é de 3 dias.", typed, "Ligue se precisar."])) == []
    assert sent_to_customers(a_reply(["O prazo é de 3 dias.", "#1042 é o outro", "Ligue se precisar."])) != []


def test_an_agent_whose_own_ticket_it_is_gets_the_answer_unseen_by_customers_in_copy() -> None:
    mails = sent_to_customers(a_reply(["O prazo é de 3 dias.", "#requerente bruno@desk.test"]))
    assert mails
    for mail in mails:
        assert "bruno" not in str(message_from_bytes(mail, policy=policy.default)["To"])
        assert leaks(mail) == []


def test_earlier_messages_are_quoted_below_an_answer_with_their_agents_at_the_queues_address() -> None:
    said = everything(sent_to_customers(a_reply(["Bom dia."]))[0])
    assert "> Parou de novo." in said
    assert "> Escreva para suporte@desk.test" in said


def test_an_image_in_the_answer_arrives_where_it_stood_and_one_in_a_note_stays_here() -> None:
    image = '<div>Veja:</div><img src="cid:tela@x"><div>Certo?</div>'
    mails = sent_to_customers(a_reply(["Bom dia."], form="html", extra=image, image=True))
    assert ["cid:tela@x" in everything(mail) for mail in mails] == [True, True]
    noted = a_reply(["O prazo é de 3 dias.", "#nota", NOTE], form="html", extra='<img src="cid:tela@x">', image=True)
    assert [leaks(mail) for mail in sent_to_customers(noted)] == [[], []]


FIRST, SECOND = "O prazo é de 3 dias.", "Troque o papel."


@pytest.mark.parametrize("form", ["html", "both"])
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize(
    "lines",
    [
        ["#note", NOTE, PICTURE, "#fim", FIRST],
        ["#note", PICTURE, NOTE, "#fim", FIRST],
        [FIRST, "#note", NOTE, PICTURE, "#fim", SECOND],
        ["#nota", FIRST, PICTURE, "#fim", FIRST],
        ["#nota", FIRST, PICTURE, SECOND, "#fim", FIRST, SECOND],
        ["#nota", FIRST, PICTURE, "#fim", FIRST, "#nota", NOTE, "#fim", SECOND],
        [SECOND, "#nota", FIRST, PICTURE, SECOND, "#fim", FIRST, SECOND],
    ],
)
def test_a_picture_that_stands_in_a_note_goes_to_no_customer_even_beside_the_answers_words(
    lines: list[str], history: str, form: str
) -> None:
    mails = sent_to_customers(a_reply(lines, form=form, history=history, image=True))
    assert [leaks(mail) for mail in mails] == [[], []]


def test_a_picture_behind_the_words_of_an_answer_below_a_note_goes_along() -> None:
    lines = ["#note", NOTE, "", "#fim", "Bom dia, Maria.", FIRST, PICTURE]
    mails = sent_to_customers(a_reply(lines, form="html", history="gmail", page="bold", image=True))
    assert ["segredo-da-imagem" in everything(mail) for mail in mails] == [True, True]


@pytest.mark.parametrize("content", [NOTICE, HIDDEN])
def test_an_answer_that_brings_one_of_our_notices_along_is_held_and_the_file_is_named(content: bytes) -> None:
    mail = parse(a_reply(["Segue."], files=[("aviso.bin", content)]))
    decision = decide(mail, facts(a_ticket(), tokens=(a_token(ANA),)), DESK_POLICY, NOW)
    assert (decision.reason, decision.outcome, decision.feedback.files) == ("quotes-our-notice", "held", ("aviso.bin",))
    situation = Situation(decision, a_ticket(), a_ticket(), mail, facts(a_ticket()))
    (held,) = plan.plan(situation, DESK_POLICY, NOW)
    assert "“aviso.bin”" in render(TEMPLATES, *held.job).text
