"""Types and fields: what is asked for, and what is never asked for, never found or gives a priority that surprises."""

from collections.abc import Iterator
from itertools import pairwise

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.kinds import TicketField, TicketKind
from mailtickets.config.models import Config
from mailtickets.desk.fields.missing import MAX_ASKED
from mailtickets.desk.model.ticket import PRIORITIES
from mailtickets.views.check import CheckLine, ok, warning
from mailtickets.words.forms import CERTAIN


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    yield from of_config(inquiry.config)


def of_config(config: Config) -> Iterator[CheckLine]:
    for number, kind in enumerate(config.type):
        key = f"type.{number}"
        yield ok(key, f"{kind.name}: {_in_words(kind)}")
        yield from _never_asked(key, kind, config)
        yield from _surprising(key, kind)
    for number, field in enumerate(config.field):
        yield from _hardly_found(f"field.{number}", field)
    yield from _strangers(config)


def _in_words(kind: TicketKind) -> str:
    needs = f"needs {', '.join(kind.needs)}" if kind.needs else "needs nothing"
    scales = " and ".join(
        f"{scale} ({', '.join(levels)})"
        for scale, levels in (("impact", kind.impact), ("urgency", kind.urgency))
        if levels
    )
    return f"{needs}; {f'{scales} give the priority' if scales else 'no levels of impact or urgency'}"


def _never_asked(key: str, kind: TicketKind, config: Config) -> Iterator[CheckLine]:
    """Needs for which no acknowledgement asks: nothing knows the type by then, or there are too many questions."""
    fields = {field.name: field for field in config.field}
    if not kind.needs:
        return
    if not any(rule.set.type == kind.name and "new" in rule.on for rule in config.rule):
        yield warning(
            f"{key}.needs",
            f"no rule gives new mail the type {kind.name}, so nobody is asked for what it needs",
            'write a [[rule]] with on = ["new"] that sets this type',
        )
    if len(kind.needs) > MAX_ASKED:
        left = ", ".join(kind.needs[MAX_ASKED:])
        yield warning(
            f"{key}.needs",
            f"an acknowledgement asks {MAX_ASKED} questions at most: {left} is asked for only where others are known",
            "put the most important ones first",
        )
    for at, name in enumerate(kind.needs):
        if fields[name].types and kind.name not in fields[name].types:
            yield warning(
                f"{key}.needs.{at}",
                f"the field {name} is for {', '.join(fields[name].types)} alone, and not for {kind.name}",
                "add the type to the field's types, or take the field out of needs",
            )


def _strangers(config: Config) -> Iterator[CheckLine]:
    """Acknowledgements ask only customers who are known or whose mail is vouched for: nothing vouches here."""
    asks = any(kind.needs for kind in config.type) or any(rule.ask for rule in config.rule)
    believed = [mailbox.authserv_id for mailbox in config.imap_in]
    believed += [config.smtp_in.authserv_id] if config.smtp_in else []
    if asks and not any(believed) and not config.trust.internal_evidence:
        yield warning(
            "type",
            "no Authentication-Results are believed, so nobody vouches for a stranger's mail, and only customers who "
            "are known already are asked for what is missing",
            "name the id that your mail server writes into Authentication-Results in smtp_in.authserv_id or "
            "imap_in.N.authserv_id",
        )


def _surprising(key: str, kind: TicketKind) -> Iterator[CheckLine]:
    """A matrix in which more impact or urgency gives less priority."""
    ranks = [[PRIORITIES.index(priority) for priority in row] for row in kind.matrix]
    falls = any(low > high for row in ranks for low, high in pairwise(row))
    falls = falls or any(low > high for one, two in pairwise(ranks) for low, high in zip(one, two, strict=True))
    if falls:
        yield warning(
            f"{key}.matrix",
            f"{kind.name}: a higher level gives a lower priority somewhere",
            "write rows and columns from the lowest level to the highest",
        )


def _hardly_found(key: str, field: TicketField) -> Iterator[CheckLine]:
    signs = sum(sign.isalnum() or sign in "#@" for sign in field.pattern)
    if field.kind == "pattern" and signs < CERTAIN:
        yield ok(
            f"{key}.pattern", f"{field.name}: so short that it counts only where the field's name stands before it"
        )
