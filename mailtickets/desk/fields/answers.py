"""Reads what a customer answers to the numbered questions of an acknowledgement: `1) 12345-67`.

Any answer moves on: what cannot be read stays open, and agents see it. A line with a number answers the question with
that number. Lines without numbers are read as every mail is; if one thing alone is open, the first line that is a
value answers it.
Fails with: nothing.
"""

import re
from collections.abc import Iterator, Sequence

from mailtickets.config.kinds import TicketField
from mailtickets.desk.fields.find import MAX_SEARCHED, MailParts, example_of, found

MAX_LINES = 200
_NUMBERED = re.compile(r"[ \t>*\-]{0,6}\(?([1-9])[ \t]?[).:\-–º°][).]?[ \t]*(\S.{0,500})")
_LABELLED = re.compile(r"[^:=]{1,100}[:=]\s*(\S.*)")


def answered(asked: Sequence[TicketField | None], sources: MailParts) -> dict[str, str]:
    """The values that a reply gives to what was asked, by name. None: a field that is configured no more."""
    given: dict[str, str] = {}
    lines = [line for line in sources.parts[0][:MAX_SEARCHED].splitlines() if line.strip()][:MAX_LINES]
    for line in lines:
        numbered = _NUMBERED.match(line)
        at = int(numbered[1]) - 1 if numbered else len(asked)
        field = asked[at] if at < len(asked) else None
        if numbered and field is not None and field.name not in given:
            given.update(_value_in(field, numbered[2]))
    wanted = [field for field in asked if field is not None and field.name not in given]
    given.update(found(wanted, sources))
    alone = [field for field in wanted if field.name not in given]
    if len(alone) == 1:
        values = (value for line in lines if (value := _meant(alone[0], line)) is not None)
        given.update((alone[0].name, value) for value in [*values][:1])
    return given


def _value_in(field: TicketField, text: str) -> Iterator[tuple[str, str]]:
    """The value in the answer to one question: all of it, what follows a label, or the first value in it."""
    value = _meant(field, text)
    if value is None:
        value = next((one.value for one in field.form.occurrences(text) if one.value != example_of(field)), None)
    if value is not None and field.kind != "attachment":
        yield field.name, value


def _meant(field: TicketField, line: str) -> str | None:
    if field.kind == "attachment":
        return None  # a file, not words about one
    labelled = _LABELLED.fullmatch(line.strip())
    texts = (line, labelled[1]) if labelled else (line,)
    values = (field.form.read(text) for text in texts)
    return next((value for value in values if value is not None and value != example_of(field)), None)
