"""Who wrote the mail that somebody forwards, by program, and where that cannot be told.

Beside each `NAME.eml` stands `NAME.toml`, written by hand. Only the keys that are there are compared; `none` says that
the mail forwards nothing, `text_begins` how the original's text begins.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mailtickets.mail.model import Address, Forwarded, InboundMail
from mailtickets.mail.read.parse import as_json, parse
from mailtickets.mail.reply.forwarded import MAX_ORIGINALS

FORWARDS = Path(__file__).parents[1] / "forwards"
NAMES = sorted(path.stem for path in FORWARDS.glob("*.eml"))
ENDINGS = {"lf": b"\n", "crlf": b"\r\n"}


def read(name: str, ending: bytes = b"\n") -> InboundMail:
    return parse((FORWARDS / f"{name}.eml").read_bytes().replace(b"\n", ending))


def test_the_forwards_are_there() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_forward_names_its_author(name: str, ending: str) -> None:
    expected = tomllib.loads((FORWARDS / f"{name}.toml").read_text("utf-8"))
    forwarded = read(name, ENDINGS[ending]).forwarded
    if expected.pop("none", False):
        assert forwarded is None
        return
    assert forwarded is not None
    assert {key: shown(forwarded)[key] for key in expected} == expected | _beginning(forwarded, expected)


def _beginning(forwarded: Forwarded, expected: dict[str, Any]) -> dict[str, Any]:
    wanted = expected.get("text_begins")
    return {"text_begins": forwarded.text} if wanted and forwarded.text.startswith(wanted) else {}


def shown(forwarded: Forwarded) -> dict[str, Any]:
    return {
        "author": _mailbox(forwarded.author),
        "date": forwarded.date.isoformat() if forwarded.date else "",
        "subject": forwarded.subject,
        "to": [mailbox.address for mailbox in forwarded.to],
        "cc": [mailbox.address for mailbox in forwarded.cc],
        "text": forwarded.text,
        "text_begins": forwarded.text,
        "note": forwarded.note,
        "message_id": forwarded.message_id or "",
        "source": forwarded.source,
        "ambiguous": forwarded.ambiguous,
    }


def _mailbox(mailbox: Address | None) -> str:
    if mailbox is None:
        return ""
    return f"{mailbox.name} <{mailbox.address}>" if mailbox.name else mailbox.address


def test_what_parse_prints_does_not_change() -> None:
    assert "forwarded" not in as_json(read("gmail-pt"), "gmail-pt.eml")


def test_a_date_without_a_zone_is_the_forwarders_and_utc_where_that_is_unknown() -> None:
    raw = (FORWARDS / "gmail-pt.eml").read_bytes()
    elsewhere = parse(raw.replace(b"14:05:09 -0300", b"14:05:09 +0200")).forwarded
    assert elsewhere is not None
    assert elsewhere.date is not None
    assert elsewhere.date.isoformat() == "2025-03-03T10:12:00+02:00"
    nowhere = parse(raw.replace(b"Date: Mon", b"X-Date: Mon")).forwarded
    assert nowhere is not None
    assert nowhere.date is not None
    assert nowhere.date.isoformat() == "2025-03-03T10:12:00+00:00"


def test_of_a_heap_of_attached_mails_only_some_are_read() -> None:
    head, body = (FORWARDS / "attached-thunderbird.eml").read_bytes().split(b"--mix\nContent-Type: message", 1)
    part = b"--mix\nContent-Type: message" + body.removesuffix(b"--mix--\n")
    forwarded = parse(head + part * (MAX_ORIGINALS * 20) + b"--mix--\n").forwarded
    assert forwarded is not None
    assert forwarded.ambiguous
    machine = part.replace(b"Subject: Fatura", b"Subject: Fatura\nAuto-Submitted: auto-replied")
    hidden = parse(head + part + machine * MAX_ORIGINALS + b"--mix--\n").forwarded
    assert hidden is not None
    assert hidden.ambiguous
    seen = parse(head + part + machine * (MAX_ORIGINALS - 1) + b"--mix--\n").forwarded
    assert seen is not None
    assert not seen.ambiguous


def test_a_block_that_never_ends_is_read_as_far_as_it_counts() -> None:
    raw = (FORWARDS / "gmail-pt.eml").read_bytes()
    endless = raw.replace(
        b"Subject: Fatura\nTo: <ana@desk.test>", b"To: <ana@desk.test>," + b" <x@desk.test>,\n" * 5_000
    )
    forwarded = parse(endless).forwarded
    assert forwarded is not None
    assert forwarded.author == Address("Fornecedor", "contas@fornecedor.test")
    assert len(forwarded.to) < 200
