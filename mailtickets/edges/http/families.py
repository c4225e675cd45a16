"""Every metric there is: its name outside, what it says, and its labels. docs/metrics.md shows this list to people.

Names follow Prometheus' advice: base units in the name, `_total` for counts. A moment is a timestamp and not an age, so
that it grows older while the desk stands still; 0 says that there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailtickets.gateway.measures import Counted, Timed


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name as it is shown, its help, and the names of its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


COUNTS: Mapping[Counted, Family] = {
    "received": Family("mailtickets_received_total", "Messages made durable, by door.", ("door",)),
    "received-bytes": Family("mailtickets_received_bytes_total", "Octets of these messages.", ("door",)),
    "received-again": Family(
        "mailtickets_received_again_total", "Retransmissions of messages that were durable already.", ("door",)
    ),
    "not-received": Family(
        "mailtickets_not_received_total",
        "Messages that a door did not take: deferred (trouble of ours, 4xx) or refused (5xx).",
        ("door", "answer"),
    ),
    "decided": Family(
        "mailtickets_outcomes_total", "Messages decided on, by outcome and reason.", ("outcome", "reason")
    ),
    "not-decided": Family(
        "mailtickets_process_failures_total",
        "Attempts at a message that decided nothing: deferred (trouble of ours) or failed (the message's own).",
        ("trouble",),
    ),
    "withheld": Family("mailtickets_withheld_total", "Copies of notices that were not sent, by reason.", ("reason",)),
    "delivered": Family(
        "mailtickets_deliveries_total", "Attempts to send a copy, by notice and result.", ("notice", "result")
    ),
    "worker-restarted": Family(
        "mailtickets_worker_restarts_total", "Processes that read mail and were started again, by cause.", ("cause",)
    ),
}

TIMES: Mapping[Timed, Family] = {
    "accept": Family(
        "mailtickets_accept_duration_seconds", "From the last octet of a message until it is durable.", ("kind",)
    ),
    "process": Family("mailtickets_process_duration_seconds", "One attempt at a message, from reading to its outcome."),
    "deliver": Family("mailtickets_deliver_duration_seconds", "One attempt to send a copy, to the smarthost's answer."),
    "loop-lag": Family("mailtickets_loop_lag_seconds", "How late the event loop comes to what is due."),
}

GAUGES: Mapping[str, Family] = {
    family.name.removeprefix("mailtickets_"): family
    for family in (
        Family("process_start_time_seconds", "When the daemon started."),
        Family("process_resident_memory_bytes", "Octets of memory that the daemon has, without its workers."),
        Family("process_open_fds", "Files and connections that the daemon has open."),
        Family("process_max_fds", "How many it may have open."),
        Family("mailtickets_ready", "Whether mail can be taken, as /readyz says it: 1 or 0 for each part.", ("part",)),
        Family("mailtickets_config_reload_successful", "Whether the configuration was read without errors last time."),
        Family("mailtickets_config_reload_timestamp_seconds", "When a sound configuration was put into force."),
        Family("mailtickets_connections", "Clients that are connected, by kind of door.", ("kind",)),
        Family("mailtickets_delivery_connections", "Connections that send a copy now."),
        Family(
            "mailtickets_delivery_rest_until_timestamp_seconds",
            "Until when nothing is sent because the smarthost said to slow down; 0: it did not.",
        ),
        Family("mailtickets_database_up", "Whether the database answered when these figures were gathered."),
        Family("mailtickets_database_size_bytes", "Octets of the database."),
        Family("mailtickets_disk_free_bytes", "Octets free on the disk of the state directory."),
        Family(
            "mailtickets_inbound_messages",
            "Messages that wait: accepted for the desk, held for a person.",
            ("state",),
        ),
        Family(
            "mailtickets_inbound_oldest_timestamp_seconds", "When the oldest of them was received; 0: none.", ("state",)
        ),
        Family("mailtickets_outbox_copies", "Copies that are still to be sent, by state.", ("state",)),
        Family(
            "mailtickets_outbox_oldest_timestamp_seconds", "When the oldest of them was written; 0: none.", ("state",)
        ),
        Family("mailtickets_tickets", "Tickets, by queue and status.", ("queue", "status")),
        Family("mailtickets_unanswered_tickets", "Tickets whose customer waits for an answer, by queue.", ("queue",)),
        Family(
            "mailtickets_unanswered_oldest_timestamp_seconds", "Since when their first one waits; 0: none.", ("queue",)
        ),
        Family("mailtickets_budget_used", "Automatic mail counted in the present window, by budget.", ("budget",)),
        Family("mailtickets_budget_limit", "How much of it the budget allows.", ("budget",)),
        Family("mailtickets_breaker_open", "1: the budget is used up, and its mail is withheld.", ("budget",)),
        Family(
            "mailtickets_lease_until_timestamp_seconds", "When the lease on a task of one gateway ends.", ("lease",)
        ),
        Family("mailtickets_alarms", "Alarms whose trouble lasts: `mailtickets status` says which."),
        Family(
            "mailtickets_account_last_success_timestamp_seconds",
            "When a mailbox was last read, a copy taken by the smarthost, a token got; 0: never.",
            ("kind", "account"),
        ),
        Family(
            "mailtickets_account_last_failure_timestamp_seconds",
            "When that last failed; 0: never.",
            ("kind", "account"),
        ),
        Family("mailtickets_token_expiry_timestamp_seconds", "When the token of an account ends.", ("account",)),
        Family(
            "mailtickets_secret_expiry_timestamp_seconds", "When the secret of an [[oauth]] table ends.", ("account",)
        ),
    )
}

BUILD = Family("mailtickets_build_info", "The program, and what it stands on.", ("version", "python", "database"))

CPU = Family("process_cpu_seconds_total", "Seconds of processor time that the daemon has used, without its workers.")

FAMILIES = (*COUNTS.values(), *TIMES.values(), *GAUGES.values(), BUILD, CPU)
"""Every metric there is."""
