"""A scene that shows a sample of every metric, for tests of what is made of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.edges.http.metrics import Moment, Scene
from mailtickets.gateway.measures import Measures
from mailtickets.store.read.figures import WAITING_IN, WAITING_OUT, Figures, Waiting
from mailtickets.store.read.health import Account, AccountKind

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

CONFIG = """
[instance]
hostname = "mail.desk.test"
[http]
[delivery]
host = "smtp.desk.test"
max_per_day = 500
[[oauth]]
name = "microsoft"
provider = "microsoft"
flow = "client_credentials"
tenant = "t"
client_id = "c"
client_secret_file = "s"
expires = "2027-03-01"
[[imap_in]]
name = "suporte"
host = "imap.desk.test"
username = "suporte@desk.test"
password_file = "p"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
"""


def a_config(directory: Path) -> Config:
    file = directory / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return load(file)


def some_measures() -> Measures:
    """One of each thing that is counted or timed."""
    made = Measures()
    made.count("received", "smtp")
    made.count("not-received", "smtp", "refused")
    made.count("decided", "opened", "new-mail")
    made.count("withheld", "budget-person")
    made.count("delivered", "answer", "sent")
    made.time("accept", 0.004, "smtp")
    made.time("process", 0.1)
    made.time("deliver", 0.7)
    made.time("loop-lag", 0.0)
    return made


def an_account(
    kind: AccountKind,
    name: str,
    succeeded: datetime | None = None,
    failed: datetime | None = None,
    *,
    gateway: str = "one",
    expires_at: datetime | None = None,
) -> Account:
    return Account(kind, name, gateway, succeeded, failed, None, "", expires_at)


def a_scene(
    config: Config,
    *,
    measures: Measures | None = None,
    outbox: Mapping[str, Waiting] | None = None,
    tickets: Mapping[tuple[str, str], int] | None = None,
    budgets: Mapping[str, int] | None = None,
) -> Scene:
    keys = ("everybody", "known-everybody", "unproven-everybody", "known-account", "unproven-account")
    figures = Figures(
        inbound=dict.fromkeys(WAITING_IN, Waiting(0, None)),
        outbox=dict.fromkeys(WAITING_OUT, Waiting(0, None)) | dict(outbox or {}),
        unanswered={"suporte": Waiting(1, NOW - timedelta(hours=3))},
        tickets=tickets or {("suporte", "open"): 1},
        budgets=dict.fromkeys(keys, 0) | dict(budgets or {}),
        sent_in_a_day=17,
        leases={"housekeeping": NOW + timedelta(minutes=1), "somebody@else.test": NOW},
        database_bytes=331_776,
        alarms=2,
        accounts=(
            an_account("imap", "suporte", NOW - timedelta(minutes=1), NOW - timedelta(days=1)),
            an_account("imap", "suporte", NOW - timedelta(days=2), None, gateway="two"),
            an_account("oauth", "microsoft", NOW - timedelta(minutes=20), expires_at=NOW + timedelta(minutes=40)),
            an_account("smtp", "delivery", NOW, NOW - timedelta(days=3)),
            an_account("imap", "outra", NOW, NOW),
        ),
    )
    moment = Moment(
        NOW - timedelta(days=1),
        ready={"database": "", "disk": "", "doors": ""},
        connections={"smtp": 2, "lmtp": 0, "http": 1},
        sending=1,
        disk_free_bytes=10**10,
    )
    return Scene(config, measures or some_measures(), moment, figures)
