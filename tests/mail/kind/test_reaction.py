"""Mails that programs write for a reader who tapped an emoji, or who wants an earlier mail back."""

import json

import pytest

from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.parse import parse

GMAIL_LINK = "<https://www.google.com/gmail/about/?utm_source=gmail-in-product>"
QUOTE = "Em qui., 26 de nov. de 2026 09:00, Suporte <suporte@desk.test> escreveu:\n\n> Podemos ir quinta?\n"


def gmail(
    emoji: str = "👍", line: str = "Maria Souza reagiu pelo Gmail", part: str | None = None, more: str = ""
) -> bytes:
    """A reaction as Gmail sends one."""
    given = part if part is not None else json.dumps({"emoji": emoji, "version": 1})
    return (
        "From: Maria Souza <maria@cliente.test>\nTo: suporte@desk.test\nSubject: Re: Visita\n"
        "Message-ID: <r1@cliente.test>\nDate: Fri, 27 Nov 2026 10:00:00 -0300\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="b"\n\n'
        "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"{emoji}\n\n{line} {GMAIL_LINK}\n{more}\n{QUOTE}\n"
        "--b\nContent-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n"
        f"{given}\n"
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f'<p style="font-size:50px">{emoji}</p><p>{line}</p>\n--b--\n'
    ).encode()


def outlook(line: str, below: str = "") -> bytes:
    """A reaction as Outlook sends one to somebody outside."""
    return (
        "From: Maria Souza <maria@cliente.test>\nTo: suporte@desk.test\nSubject: Re: Visita\n"
        "Message-ID: <r2@cliente.test>\nDate: Fri, 27 Nov 2026 10:00:00 -0300\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"{line}\n{below}________________________________\nFrom: Suporte <suporte@desk.test>\n"
        "Sent: Thursday, November 26, 2026 9:00:00 AM\nTo: Maria Souza <maria@cliente.test>\nSubject: Visita\n\n"
        "Podemos ir quinta?\n"
    ).encode()


def reacted(raw: bytes) -> tuple[str | None, str, str]:
    mail = parse(raw)
    return mail.reaction, mail.kind, mail.kind_reason


@pytest.mark.parametrize(
    ("emoji", "line"),
    [
        ("👍", "Maria Souza reagiu pelo Gmail"),
        ("❤️", "Maria Souza reacted via Gmail"),
        ("🎉", "Maria Souza reaccionó a través de Gmail"),
        ("👍🏽", "Maria Souza hat über Gmail reagiert"),
        ("👩‍💻", "Maria Souza a réagi via Gmail"),
    ],
)
def test_a_reaction_of_gmail_is_its_emoji_and_no_attachment(emoji: str, line: str) -> None:
    mail = parse(gmail(emoji, line))
    assert (mail.reaction, mail.kind, mail.kind_reason) == (emoji, "human", "emoji-reaction")
    assert mail.attachments == ()


def test_a_reaction_that_is_the_whole_mail_is_one() -> None:
    raw = (
        b"From: maria@cliente.test\nTo: suporte@desk.test\nMIME-Version: 1.0\n"
        b"Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n"
        + json.dumps({"emoji": "👍", "version": 1}).encode()
    )
    assert reacted(raw) == ("👍", "human", "emoji-reaction")
    assert parse(raw).text == "👍"


@pytest.mark.parametrize(
    "raw",
    [
        gmail(more="\nMas o boleto não veio.\n"),
        gmail(line="Não recebi nada no meu Gmail"),
        gmail(line="Podem reagir à minha mensagem no Gmail?"),
        gmail(part="no json"),
        gmail(part="[]"),
        gmail(part='{"emoji": 5}'),
        gmail(part='{"emoji": "pague 10"}'),
        gmail(part='{"emoji": "' + "👍" * 400 + '"}'),
        gmail(part="[" * 900),
    ],
)
def test_what_says_more_than_a_reaction_is_a_persons_mail(raw: bytes) -> None:
    mail = parse(raw)
    assert (mail.reaction, mail.kind, mail.kind_reason) == (None, "human", "no-machine-sign")
    assert "Gmail" in mail.reply


@pytest.mark.parametrize(
    ("line", "emoji"),
    [
        ("[like]  Maria Souza reacted to your message:", "👍"),
        ("[heart] Souza, Maria reacted to your message:", "❤️"),
        ("[thumbsdown] Maria Souza reacted to your message:", "👎"),
        ("[👍] Maria Souza reagiu à sua mensagem:", "👍"),
        ("Maria Souza reagiu à sua mensagem:", ""),
        ("[me gusta]  Maria Souza reaccionó a su mensaje:", "👍"),
        ("[confetti]  Maria Souza reacted to your message:", ""),
    ],
)
def test_a_reaction_of_outlook_is_known_by_its_line(line: str, emoji: str) -> None:
    assert reacted(outlook(line)) == (emoji, "human", "emoji-reaction")


@pytest.mark.parametrize(
    ("line", "below", "emoji"),
    [
        ("Maria Souza reagiu à sua mensagem:", "\n👍\n", "👍"),
        ("Maria Souza reacted to your message:", "❤️\n", "❤️"),
        ("[like] Maria Souza reacted to your message:", "👍\n", "👍"),
    ],
)
def test_the_emoji_of_a_reaction_of_outlook_may_stand_on_a_line_of_its_own(line: str, below: str, emoji: str) -> None:
    assert reacted(outlook(line, below)) == (emoji, "human", "emoji-reaction")


@pytest.mark.parametrize(
    ("line", "below"),
    [
        ("[like]  Maria Souza reacted to your message:", "Mas o boleto não veio.\n"),
        ("Maria Souza reacted to your message: por quê?", ""),
        ("Ninguém reagiu à sua mensagem: podem ver?", ""),
        ("[like] esta", ""),
    ],
)
def test_a_line_with_more_in_it_is_no_reaction_of_outlook(line: str, below: str) -> None:
    assert reacted(outlook(line, below))[0] is None


# --- recall ---------------------------------------------------------------------------------------------


def recall(subject: str, said: str, header: str = "") -> InboundMail:
    return parse(
        (
            f"From: Maria Souza <maria@cliente.test>\nTo: suporte@desk.test\nSubject: {subject}\n{header}"
            "Message-ID: <r3@cliente.test>\nDate: Fri, 27 Nov 2026 10:00:00 -0300\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{said}\n"
        ).encode()
    )


MARKED = "X-MS-Exchange-RecallReportGenerated: true\n"


@pytest.mark.parametrize(
    ("subject", "said", "header", "wanted"),
    [
        ("Recall: Prices", 'Souza, Maria would like to recall the message, "Prices".', "", "Prices"),
        ("Recall: Prices", 'maria@cliente.test would like to recall the message, "Prices".', MARKED, "Prices"),
        ("Recuperar: Preços", "Maria Souza gostaria de recuperar a mensagem “Preços”.", "", "Preços"),
        ("Recuperar: Precios", 'Maria Souza desea recuperar el mensaje "Precios".', "", "Precios"),
        ("Rückruf: Preise", 'Maria Souza möchte die Nachricht "Preise" zurückrufen.', MARKED, "Preise"),
        ("Recall: Say \"hi\"", 'Maria would like to recall the message, "Say "hi"".', "", 'Say "hi"'),
        ("Recall: A long\n subject", 'Maria would like to recall the message, "A long\nsubject".', "",
         "A long subject"),
    ],
)  # fmt: skip
def test_a_recall_request_of_outlook_names_the_message_that_is_wanted_back(
    subject: str, said: str, header: str, wanted: str
) -> None:
    mail = recall(subject, said, header)
    assert (mail.recalls, mail.kind, mail.kind_reason) == (wanted, "human", "message-recall")


@pytest.mark.parametrize(
    ("subject", "said", "header"),
    [
        ("Recall: Prices", "Please recall the boxes with lot 17.", ""),
        ("Recall: Prices", 'Maria would like to recall the message, "Other".', ""),
        ("Prices", 'Maria would like to recall the message, "Prices".', ""),
        ("Recall: Prices", 'Maria would like to recall the message, "Prices".\n\nIt had the wrong table.', ""),
        ("Recall: Prices", "", MARKED),
    ],
)
def test_what_only_looks_like_a_recall_request_is_a_persons_mail(subject: str, said: str, header: str) -> None:
    assert recall(subject, said, header).recalls is None
