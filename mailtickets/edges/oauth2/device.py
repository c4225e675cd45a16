"""A person types a short code into a page, on any device (RFC 8628): for a machine without a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailtickets.edges.oauth2 import microsoft, other
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import Dead, Retry, TokenOutcome, json_object, of_answer
from mailtickets.edges.oauth2.transport import Transport

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_SECONDS = 5
"""RFC 8628, 3.5: what `slow_down` adds to the interval."""


@dataclass
class DeviceLogin:
    """A login that waits for a person."""

    account: OAuthAccount
    transport: Transport
    answer: Mapping[str, Any]
    """The provider's answer to the first question."""
    app: Any = None
    """MSAL's application."""
    interval_seconds: int = 5

    @property
    def page(self) -> str:
        return str(self.answer.get("verification_uri") or self.answer.get("verification_url"))

    @property
    def code(self) -> str:
        return str(self.answer["user_code"])

    @property
    def lasts_seconds(self) -> int:
        return int(self.answer.get("expires_in") or 900)

    def look(self) -> TokenOutcome | None:
        """Whether the person has done it. None: not yet. Raises OSError when the token server does not answer."""
        found = self._ask()
        if isinstance(found, Dead) and found.error == "authorization_pending":
            return None
        if isinstance(found, Retry):
            self.interval_seconds += _SLOWER_SECONDS
            return None
        return found

    def _ask(self) -> TokenOutcome:
        if self.app is not None:
            found = self.app.acquire_token_by_device_flow(dict(self.answer), exit_condition=lambda flow: True)
            return microsoft.outcome(found, self.transport)
        question = {"grant_type": _GRANT, "device_code": str(self.answer["device_code"])}
        return other.exchange(self.account, question, self.transport)


def begin(account: OAuthAccount, transport: Transport) -> DeviceLogin | Dead | Retry:
    """Asks for a code. Raises OSError, and what MSAL raises."""
    app = None
    if account.settings.provider == "microsoft":
        app = microsoft.application(account, transport)
        answer = app.initiate_device_flow(list(account.scopes))
    else:
        question = {"client_id": account.settings.client_id}
        if account.scopes:
            question["scope"] = " ".join(account.scopes)
        answer = json_object(transport.post(account.settings.device_url, data=question).text)
    if "user_code" not in answer or "device_code" not in answer:
        found = of_answer(transport.last, account.settings.provider) if transport.last else None
        return found if isinstance(found, Dead | Retry) else Retry("the provider gives no code")
    return DeviceLogin(account, transport, answer, app, max(1, int(answer.get("interval") or 5)))
