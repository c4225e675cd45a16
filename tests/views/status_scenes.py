"""Desks as the status page shows them: all is well, something waits, something is wrong, nothing has happened yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mailtickets.config.outline import AgentOutline, DeskOutline, QueueOutline
from mailtickets.store.read.figures import WAITING_OUT, Waiting
from mailtickets.store.read.status import (
    AccountStatus,
    AgentStatus,
    DeskStatus,
    HeldFor,
    MachineStatus,
    MailHour,
    QueueStatus,
    Sounding,
)

NOW = datetime(2026, 11, 27, 17, 32, tzinfo=UTC)  # a Friday, 14h32 in São Paulo
NOBODY = Waiting(0, None)

IN = (3, 2, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 2, 4, 9, 14, 22, 31, 27, 24, 16, 19, 25, 11)
OUT = (6, 4, 3, 2, 1, 1, 1, 0, 0, 1, 0, 1, 3, 5, 12, 20, 33, 41, 38, 35, 18, 27, 36, 14)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def outline(locale: str = "pt_BR", **changes: Any) -> DeskOutline:
    made = DeskOutline(
        name="Suporte Exemplo",
        locale=locale,
        timezone="America/Sao_Paulo",
        queues=(
            QueueOutline("suporte", "Suporte"),
            QueueOutline("financeiro", "Financeiro"),
            QueueOutline("n2", "Redes"),
        ),
        agents=tuple(
            AgentOutline(name, f"{name.split()[0].lower()}@desk.test", ("suporte",))
            for name in ("Ana Lima", "Bruno Castro", "Carla Menezes", "Davi Rocha")
        ),
        accounts=(("imap", "suporte"), ("imap", "financeiro"), ("smtp", "delivery"), ("oauth", "microsoft")),
        secrets={"microsoft": date(2027, 5, 30)},
        max_message_bytes=26_214_400,
        own_addresses=frozenset({"suporte@desk.test"}),
    )
    return replace(made, **changes)


def hours(received: Sequence[int] = IN, sent: Sequence[int] = OUT) -> list[MailHour]:
    begun = NOW.replace(minute=0)
    return [
        MailHour(begun - timedelta(hours=23 - place), came, went)
        for place, (came, went) in enumerate(zip(received, sent, strict=True))
    ]


def queue(
    name: str, title: str, tickets: tuple[int, int, int], nobodys: int, unanswered: Waiting, oldest: int | None
) -> QueueStatus:
    return QueueStatus(
        name, title, dict(zip(("new", "open", "pending"), tickets, strict=True)), nobodys, unanswered, oldest
    )


def well(locale: str = "pt_BR") -> DeskStatus:
    said = outline(locale)
    return DeskStatus(
        outline=said,
        machine=MachineStatus("0.9.0", True, 48_300_000_000),
        at=NOW,
        hours=hours(),
        undecided=NOBODY,
        held=[],
        outbox=dict.fromkeys(WAITING_OUT, NOBODY) | {"queued": Waiting(2, ago(seconds=20))},
        replies={},
        failed=14,
        failed_lately={"550 5.1.1": 2},
        queues=[
            queue("suporte", "Suporte", (4, 11, 9), 4, Waiting(6, ago(hours=3, minutes=8)), 1042),
            queue("financeiro", "Financeiro", (0, 3, 5), 0, Waiting(1, ago(minutes=41)), 1061),
            queue("n2", "Redes", (0, 2, 1), 0, NOBODY, None),
        ],
        agents=[
            AgentStatus("Ana Lima", "ana@desk.test", 12, None),
            AgentStatus("Bruno Castro", "bruno@desk.test", 8, None),
            AgentStatus("Carla Menezes", "carla@desk.test", 11, ago(days=-3)),
            AgentStatus("Davi Rocha", "davi@desk.test", 0, None),
        ],
        others=0,
        accounts=[
            AccountStatus("imap", "suporte", ago(seconds=40)),
            AccountStatus("imap", "financeiro", ago(seconds=55)),
            AccountStatus("smtp", "delivery", ago(minutes=2)),
            AccountStatus("oauth", "microsoft", ago(minutes=24), expires_at=ago(minutes=-41)),
        ],
        alarms=[],
        database_bytes=184_000_000,
    )


def waits(locale: str = "pt_BR") -> DeskStatus:
    """Two mails are held, and a customer has waited for days; all goes on meanwhile."""
    calm = well(locale)
    return replace(
        calm,
        held=[HeldFor("spam-header", 2, ago(hours=5)), HeldFor("agent-without-token", 1, ago(minutes=12))],
        queues=[
            *calm.queues[:2],
            queue("n2", "Redes", (1, 2, 1), 1, Waiting(1, ago(days=4, hours=2)), 987),
        ],
    )


def trouble(locale: str = "pt_BR") -> DeskStatus:
    """A mailbox cannot be read, mail does not go out, a secret ends soon."""
    busy = waits(locale)
    return replace(
        busy,
        outline=replace(busy.outline, secrets={"microsoft": date(2026, 12, 9)}),
        hours=hours((*IN[:19], 3, 0, 0, 0, 0), (*OUT[:20], 2, 0, 0, 0)),
        outbox={
            "queued": Waiting(3, ago(minutes=2)),
            "sending": NOBODY,
            "deferred": Waiting(37, ago(hours=3, minutes=20)),
            "unknown": Waiting(1, ago(hours=3, minutes=12)),
        },
        replies={"451 4.7.500": 36, "no-reply": 2},
        accounts=[
            AccountStatus(
                "imap",
                "suporte",
                ago(hours=4),
                ago(hours=3, minutes=58),
                ago(minutes=1),
                "SELECT INBOX: User is authenticated but not connected.",
            ),
            *busy.accounts[1:],
        ],
        alarms=[
            Sounding("delivery-late", "", ago(hours=2)),
            Sounding("scanner-unavailable", "clamd: connection refused", ago(minutes=50)),
        ],
        others=3,
    )


def empty(locale: str = "pt_BR") -> DeskStatus:
    """A desk of the first minute."""
    calm = well(locale)
    return replace(
        calm,
        outline=replace(calm.outline, agents=(), accounts=()),
        hours=hours([0] * 24, [0] * 24),
        outbox=dict.fromkeys(WAITING_OUT, NOBODY),
        failed=0,
        failed_lately={},
        queues=[queue("suporte", "Suporte", (0, 0, 0), 0, NOBODY, None)],
        agents=[],
        accounts=[],
        database_bytes=300_000,
    )


SCENES = {"well": well, "waits": waits, "trouble": trouble, "empty": empty}
LOCALES = ("pt_BR", "en", "es")
