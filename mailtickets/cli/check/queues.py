"""Queues, their agents, and how far agents' mail is believed."""

from collections.abc import Iterator

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config, Queue
from mailtickets.desk.claims.identity import plus_address
from mailtickets.views.check import CheckLine, ok, warning

_FROM_ALONE = (
    "is \"token\": an agent's reply address and From line are believed, whatever the agent's domain says; whoever has "
    "read or been forwarded a notice can answer customers in that agent's name"
)
_VERIFY = (
    "when Authentication-Results are believed (`smtp_in.authserv_id`, `imap_in.N.authserv_id`) or "
    "trust.internal_evidence speaks for agents, see with `mailtickets check --agent ADDRESS` that their mail passes, "
    'then set trust.agents = "verified"'
)


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    for number, queue in enumerate(config.queue):
        yield from _queue(config, number, queue)
    yield from _trust(config)
    if config.delivery.envelope == "verp" and not all(queue.plus_addressing for queue in config.queue):
        yield warning(
            "delivery.envelope",
            "verp needs plus_addressing: queues without it send as `queue`",
            'set delivery.envelope = "queue" if that is meant, or plus_addressing = true where it works',
        )


def _queue(config: Config, number: int, queue: Queue) -> Iterator[CheckLine]:
    agents = [agent.address for agent in config.agent if queue.name in agent.queues]
    if agents:
        yield ok(f"queue.{number}", f"{queue.name}: {queue.address}, agents {', '.join(agents)}")
    else:
        yield warning(
            f"queue.{number}",
            f"{queue.name}: no agent is told of its tickets",
            f'add "{queue.name}" to the queues of an [[agent]]',
        )
    if queue.plus_addressing and not _fits(queue):
        yield warning(
            f"queue.{number}.addresses.0",
            "too long for a reply token: used as if plus_addressing = false",
            "put a shorter address first, or set plus_addressing = false",
        )


def _trust(config: Config) -> Iterator[CheckLine]:
    if config.smtp_in and config.trust.agents == "verified" and not config.smtp_in.authserv_id:
        yield warning(
            "smtp_in.authserv_id",
            "is empty: no Authentication-Results of your relays are believed, and an agent's answer by this door waits "
            "to be confirmed unless trust.internal_evidence speaks for it",
            "name the id that your relay writes into Authentication-Results (for Postfix with OpenDMARC: its hostname)",
        )
    if config.trust.agents == "token":
        yield warning("trust.agents", _FROM_ALONE, _VERIFY)


def _fits(queue: Queue) -> bool:
    return bool(plus_address(queue.address, "a" * 26))
