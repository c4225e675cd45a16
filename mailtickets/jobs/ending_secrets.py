"""Tells ops of secrets and certificates of mailboxes that end soon: a secret that has ended stops the mail."""

from collections.abc import Awaitable, Callable, Iterable

from mailtickets.gateway.gateway import Gateway

ENDING_SECONDS = 3600
"""How often this is looked at. An alarm that has been told is not told again."""

EndingSecrets = Callable[[], Awaitable[Iterable[tuple[str, str | None]]]]
"""The alarms about secrets: their keys, and what to tell; None where all is well."""


async def tell_of_ending_secrets(gateway: Gateway, ending: EndingSecrets) -> None:
    for key, text in await ending():
        if text is None:
            await gateway.alarms.clear(key)
        else:
            await gateway.alarms.sound(key, text)
