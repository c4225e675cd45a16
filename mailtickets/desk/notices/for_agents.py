"""What all notices to agents have in common: recipients, sender, files that come along, and what a reply does.

Owns: which notices answer an agent's own mail (`ANSWERS`); how many attachments fit into one notice.
Fails with: nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailtickets.config.models import Agent
from mailtickets.desk.model.effects import AddMessage
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.contexts import (
    MAX_SHOWN,
    Extent,
    context,
)
from mailtickets.desk.notices.notice import (
    CONFIRMABLE,
    SUPPRESS,
    SUPPRESS_BUT_ABSENCE,
    Notice,
    Occasion,
    Situation,
)
from mailtickets.desk.notices.row import AnsweredAs, NoticeName, ReplyEffect
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import Address, Attachment
from mailtickets.mail.read.text_file import FILENAME, text_file

ANSWERS: tuple[NoticeName, ...] = (
    "held",
    "returned",
    "stale",
    "digest",
    "found",
    "commands_help",
    "history",
    "held_more",
)
"""The notices that answer an agent's own mail, beside the receipt."""


def for_agents(
    name: NoticeName,
    agents: Iterable[Agent],
    occasion: Occasion,
    *,
    message: AddMessage | None = None,
    silent: bool = False,
    extra: Mapping[str, object] | None = None,
) -> Notice:
    """`message` is shown instead of the one in hand; a `silent` notice shows none."""
    row = NOTICES[name]
    if row.ticket == "never":
        occasion = replace(occasion, situation=replace(occasion.situation, after=None))
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    words, confirms = row.carries_customers_words, _confirms(situation)
    attached, whole_in = _attached(situation, policy) if words else ((), "")
    locale, extent = policy.instance.locale, Extent(whole_in=whole_in, attached=attached if words else None)
    seen = context(occasion, locale, public=False, extent=extent, message=message)
    shown = message or situation.message
    author = shown.author if shown is not None and (words or row.names_author) else None
    takes_lines = situation.after is None and not confirms
    doers = frozenset() if row.also_to_doer else _doers(situation, policy)
    return Notice(
        name,
        locale,
        queue,
        tuple(Address(a.name, a.address) for a in agents if a not in doers),
        {
            **seen,
            **_answered_otherwise(name, situation, confirms=confirms),
            **(extra or {}),
            **({"message": None} if silent else {}),
        },
        row.priority,
        to_customer=False,
        asks_to_confirm=confirms,
        takes_lines=takes_lines,
        cause=situation.mail.digest if takes_lines and name in ANSWERS and situation.mail else "",
        auto_submitted=None if words else "auto-generated",
        suppress=SUPPRESS_BUT_ABSENCE if words else SUPPRESS,
        loop=True,
        sender_name=f"{author.name or author.address} ({queue.title})" if author else queue.title,
        attachments=attached,
    )


def _answered_otherwise(name: NoticeName, situation: Situation, *, confirms: bool) -> dict[str, object]:
    """The effect of a reply to a notice whose replies do not go to the customer."""
    effect = _REPLY_EFFECT.get(NOTICES[name].answered_as)
    return {"reply_effect": effect} if effect and situation.after is not None and not confirms else {}


_REPLY_EFFECT: Mapping[AnsweredAs, ReplyEffect] = {"note": "to_team", "receipt": "asks"}


def _confirms(situation: Situation) -> bool:
    """Whether a reply to the notice says what becomes of a message that is held."""
    return situation.decision.outcome == "held" and situation.decision.reason in CONFIRMABLE


def _doers(situation: Situation, policy: Policy) -> frozenset[Agent | None]:
    """The agents who did what the notice is about."""
    added = situation.message or situation.note
    author = added.author.address if added and added.direction == "out" else ""  # the shell answers as an agent
    return frozenset({policy.agent(situation.decision.actor), policy.agent(author)})


def _attached(situation: Situation, policy: Policy) -> tuple[tuple[Attachment, ...], str]:
    """The attachments that fit into one notice, in their order; behind them words that are too long to be shown, and
    the name of the file that has these.
    """
    mail, message = situation.mail, situation.message
    fitting, room = [], policy.max_attachment_bytes
    for attachment in mail.attachments if mail else ():
        if attachment.size <= room:
            fitting.append(attachment)
            room -= attachment.size
    if mail is None or not MAX_SHOWN < len(mail.reply) <= room or (message and message.text is not None):
        return tuple(fitting), ""
    whole = text_file(situation.mail_as_read or mail)
    return (*fitting, *([whole] if whole.size <= room else [])), FILENAME if whole.size <= room else ""
