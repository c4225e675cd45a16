"""Finds the values of fields in a mail: in the new words first, then in the subject, then in what was quoted.

A value that its field's name announces counts before one that nothing announces, and the earlier one before the later
one. A value that something else may look like (few characters, a choice) counts only if it is announced. Our own
example is never a value: it stands in our mail, which the customer quotes.
Fails with: nothing. Limits: `MAX_SEARCHED` characters of each part; time is linear in them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailtickets.config.kinds import TicketField
from mailtickets.mail.model import InboundMail
from mailtickets.words.fold import letters_in_place
from mailtickets.words.forms import FoundValue, whole_words

MAX_SEARCHED = 200_000
_BEFORE = 60
"""So many characters before a value may announce it."""


@dataclass(frozen=True, slots=True)
class MailParts:
    """The parts of a mail in which values are looked for, the most telling first; and its files."""

    parts: tuple[str, ...]
    files: tuple[str, ...] = ()

    @classmethod
    def of_new(cls, mail: InboundMail) -> "MailParts":
        """Of a mail that opens a ticket: all of it."""
        return cls((mail.reply, mail.subject, mail.signature, mail.quoted), _files(mail))

    @classmethod
    def of_reply(cls, mail: InboundMail) -> "MailParts":
        """Of a mail on a ticket: what is quoted there is on the ticket already, or our own."""
        return cls((mail.reply,), _files(mail))


def _files(mail: InboundMail) -> tuple[str, ...]:
    """The names of the files, as a database can hold them."""
    names = (file.filename.encode("utf-8", "replace").decode() for file in mail.attachments if not file.inline)
    return tuple(name or "-" for name in names)


def found(fields: Sequence[TicketField], sources: MailParts) -> Iterator[tuple[str, str]]:
    """(name, value) for each field of which the mail says the value."""
    parts = [(part[:MAX_SEARCHED], letters_in_place(part[:MAX_SEARCHED])) for part in sources.parts]
    for field in fields:
        if field.kind == "attachment":
            yield from [(field.name, sources.files[0])] if sources.files else []
            continue
        said = (value for text, plain in parts if (value := _best(field, text, plain)) is not None)
        value = next(said, None)
        if value is not None:
            yield field.name, value


def _best(field: TicketField, text: str, plain: str) -> str | None:
    """The value in one part: the first that is announced, else the first that is hardly anything else."""
    example = example_of(field)
    certain: str | None = None
    for occurrence in field.form.occurrences(text):
        if occurrence.value == example:
            continue
        if _is_announced(field, occurrence, plain):
            return occurrence.value
        certain = certain or (occurrence.value if occurrence.certain else None)
    return certain


def example_of(field: TicketField) -> str | None:
    """The field's example, as a value; None for a choice, whose question shows every choice."""
    if field.kind == "choice":
        return None
    return field.form.read(field.example or field.form.example())


def _is_announced(field: TicketField, occurrence: FoundValue, plain: str) -> bool:
    before = plain[max(0, occurrence.start - _BEFORE) : occurrence.start]
    return any(whole_words(name).search(before) for name in field.names())
