"""What ops are told about an account without a token: what is wrong, whom it concerns, what to do. Pure."""

from datetime import date, datetime

from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import Dead


def dead_text(account: OAuthAccount, found: Dead, until: datetime | None) -> str:
    """`until` is the end of the token that still serves; None: there is none."""
    lines = [
        f'The account "{account.name}" gets no new token: {found.reason}',
        f"What to do: {found.advice}",
        _serves(until),
        *_whom(account),
    ]
    return "\n".join(lines)


def late_text(account: OAuthAccount, reason: str, since: datetime) -> str:
    lines = [
        f'The account "{account.name}" has had no token since {_moment(since)}: {reason}',
        "It is tried again and again. What to do if it lasts: look whether this machine reaches the token server.",
        *_whom(account),
    ]
    return "\n".join(lines)


def refused_text(account: OAuthAccount, found: Dead) -> str:
    lines = [f'The account "{account.name}": {found.reason}', f"What to do: {found.advice}", *_whom(account)]
    return "\n".join(lines)


def expiry_text(account: OAuthAccount, on: date, days: int) -> str:
    """The secret or certificate of an account ends in so many days; negative: it has ended."""
    what = "certificate" if account.settings.certificate_file else "secret"
    when = f"ends on {on}, in {days} days" if days > 1 else f"ends on {on}" if days >= 0 else f"has ended on {on}"
    lines = [
        f'The {what} of the account "{account.name}" {when}. After that it gets no tokens.',
        f"What to do: make a new {what} at the provider, put it into the file that the [[oauth]] table names,",
        "set oauth.expires to its end, and reload (systemctl reload mailtickets).",
        f"Who needs it: {', '.join(account.uses) or 'nobody at present'}.",
    ]
    return "\n".join(lines)


def _serves(until: datetime | None) -> str:
    return f"The present token serves until {_moment(until)}." if until else "There is no token that serves meanwhile."


def _whom(account: OAuthAccount) -> list[str]:
    """Who cannot read or send mail without this account."""
    if not account.uses:
        return ["No mailbox and no delivery uses this account."]
    lines = [f"Who needs it: {', '.join(account.uses)}. Other accounts go on."]
    if account.is_the_way_out:
        lines.append(
            "Mail goes out by this account. Without a token it waits, this alarm too: `mailtickets oauth status` and"
            " `mailtickets status` show it meanwhile."
        )
    return lines


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M %Z")
