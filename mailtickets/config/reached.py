"""The queue that mail to an address reaches. Pure; fails with nothing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtickets.config.models import Config


def queue_reached(config: "Config", address: str) -> str | None:
    """The name of the queue that mail to this address would reach, with a plus part or without."""
    local, _, domain = address.casefold().rpartition("@")
    reached = {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"}
    return next((queue.name for queue in config.queue for own in queue.addresses if own.casefold() in reached), None)
