"""Which secrets and certificates end soon: told 30 days before, and once more when a week is left."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from mailtickets.config.models import Config
from mailtickets.edges.oauth2.account import OAuthAccount, accounts
from mailtickets.edges.oauth2.incident import expiry_text

FIRST_DAYS, AGAIN_DAYS = 30, 7


def ending(config: Config, today: date) -> Iterator[tuple[str, str | None]]:
    """The alarms about ends: (key, text). The text is None where there is nothing to tell: the alarm has passed.

    It opens the certificates whose end the configuration does not say.
    """
    for account in accounts(config).values():
        end = ends_on(account)
        days = (end - today).days if end is not None else FIRST_DAYS + 1
        for key, before in ((f"oauth-{account.name}-expires", FIRST_DAYS), (f"oauth-{account.name}-ends", AGAIN_DAYS)):
            yield key, expiry_text(account, end, days) if end is not None and days <= before else None


def ends_on(account: OAuthAccount) -> date | None:
    """The day on which the account's secret or certificate ends; None if nobody knows."""
    if account.settings.expires:
        return date.fromisoformat(account.settings.expires)
    try:
        pair = account.certificate()
        return _end_of(pair[1]) if pair is not None else None
    except (OSError, ValueError, ModuleNotFoundError):
        return None  # what is wrong with the file is told when it is used


def _end_of(certificate: str) -> date:
    from cryptography import x509

    end: datetime = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return end.astimezone(UTC).date()
