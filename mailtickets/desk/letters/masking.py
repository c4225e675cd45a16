"""What every mail of ours leaves out of a customer's words: card numbers and passwords.

In: the context of a notice. Out: the same context with `masked` words, in text and in HTML. Agents' words stay as they
are: whoever sends a customer a new password must reach them with it. What is stored, and files, stay whole too.
Fails with: nothing. HTML that cannot be masked is None: the notice then shows the text.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from mailtickets.mail.reply.page_edits import html_edited
from mailtickets.words.secrets import masked, secrets

_AS_IT_IS = frozenset(
    {"address", "answer", "clocks", "code", "html", "instance", "kind", "queue", "reason", "ref", "rules", "tag"}
)
"""Names of values that customers do not write, or that are looked at elsewhere."""
_TELLING = 4
"""Fewer characters than this may stand in HTML by chance."""


def without_secrets(context: Mapping[str, object]) -> dict[str, object]:
    """The context without card numbers and passwords in what customers wrote."""
    return {key: value if key in _AS_IT_IS else _value(value) for key, value in context.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return _mapping(value) if isinstance(value, Mapping) else value


def _mapping(value: Mapping[str, object]) -> dict[str, object]:
    """A value with its parts masked. A message of ours keeps its words; the name of its author is masked."""
    ours = {key: value[key] for key in ("text", "html") if key in value} if value.get("ours") else {}
    html, text = value.get("html"), value.get("text")
    shown = {**without_secrets(value), **ours}
    if html and not ours and isinstance(html, str) and isinstance(text, str) and shown["text"] != text:
        edited = html_edited(html, secrets, masked)
        shown["html"] = edited if edited and not _still_shows(edited, text) else None
    return shown


def _still_shows(html: str, text: str) -> bool:
    """Whether the HTML shows a password of the text all the same: what divides the words there is not in the text."""
    hidden = (text[edit.start : edit.stop] for edit in secrets(text))
    return any(len(secret) >= _TELLING and (secret in html or escape(secret) in html) for secret in hidden)
