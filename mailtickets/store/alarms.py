"""The alarms: for all gateways of one database, and over a restart.

Owns: the tables `alarm` and `alarm_report`. An alarm is open as long as a gateway reports its trouble. Whether ops know
of it is in its row, and changes in the transaction that queues the mail: of several gateways only one writes.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from mailtickets.store.read.health import Alarm
from mailtickets.store.schema import alarm, alarm_report
from mailtickets.store.statements import insert_of, replacing

EVERYBODY = ""
"""In place of a gateway's name: the trouble is one of the whole desk."""
FLAPS_WITHIN = timedelta(hours=1)
"""An alarm that comes again so soon after it has passed is the same trouble, which comes and goes."""
GONE_AFTER = timedelta(hours=1)
"""A gateway that has repeated its reports for so long no more is not running."""
KEPT = timedelta(days=90)
"""How long an alarm that has passed is remembered."""

_SHOWN = tuple(alarm.c[name] for name in Alarm.__dataclass_fields__)


def report(
    connection: Connection, key: str, text: str, gateway: str, now: datetime, *, again_when_changed: bool = False
) -> bool:
    """A gateway sees the trouble of an alarm. Returns whether the alarm was not open before."""
    is_new = _insert(connection, key, text, now, cleared_at=None)
    before = connection.execute(select(alarm).where(alarm.c.key == key).with_for_update()).one()
    changes: dict[str, object] = {"text": text}
    if before.cleared_at is not None:
        flaps = now - before.cleared_at < FLAPS_WITHIN
        changes |= {"cleared_at": None, "times": before.times + 1 if flaps else 1}
        changes |= {} if flaps else {"since": now}
    elif again_when_changed and text != before.text:
        changes |= {"told": False}
    if changes != {"text": before.text}:
        connection.execute(update(alarm).where(alarm.c.key == key).values(changes))
    renewed = replacing(connection.dialect.name, alarm_report, ("key", "gateway"), ("seen_at",))
    connection.execute(renewed, {"key": key, "gateway": gateway, "seen_at": now})
    return is_new or before.cleared_at is not None


def note_event(connection: Connection, key: str, text: str, now: datetime) -> bool:
    """Something has happened that cannot pass. Returns False where it is known already."""
    return _insert(connection, key, text, now, cleared_at=now)


def _insert(connection: Connection, key: str, text: str, now: datetime, cleared_at: datetime | None) -> bool:
    row = insert_of(connection.dialect.name)(alarm).values(
        key=key, text=text, since=now, cleared_at=cleared_at, times=1, told=False, told_at=None
    )
    return connection.execute(row.on_conflict_do_nothing().returning(alarm.c.key)).first() is not None


def withdraw(connection: Connection, key: str, gateway: str, now: datetime) -> bool:
    """A gateway sees the trouble no more. Returns whether the alarm has passed with that."""
    connection.execute(select(alarm.c.key).where(alarm.c.key == key).with_for_update())  # in turn with `report`
    mine = alarm_report.c.key == key, alarm_report.c.gateway == gateway
    if connection.execute(delete(alarm_report).where(*mine)).rowcount == 0:
        return False
    return bool(_close(connection, now, alarm.c.key == key))


def withdraw_gone(connection: Connection, gateway: str, now: datetime) -> int:
    """Drops what other gateways have reported that are not running any more. Returns how many alarms have passed."""
    others = alarm_report.c.gateway.not_in([gateway, EVERYBODY]), alarm_report.c.seen_at < now - GONE_AFTER
    if connection.execute(delete(alarm_report).where(*others)).rowcount == 0:
        return 0
    return _close(connection, now)


def _close(connection: Connection, now: datetime, *which: ColumnElement[bool]) -> int:
    reported = exists().where(alarm_report.c.key == alarm.c.key)
    passed = update(alarm).where(alarm.c.cleared_at.is_(None), ~reported, *which).values(cleared_at=now)
    return connection.execute(passed).rowcount


def forget(connection: Connection, key: str, gateway: str) -> None:
    """Drops a gateway's report, without a word to ops: what it was about is no longer in the configuration."""
    connection.execute(delete(alarm_report).where(alarm_report.c.key == key, alarm_report.c.gateway == gateway))
    if not connection.execute(select(alarm_report.c.gateway).where(alarm_report.c.key == key)).first():
        connection.execute(delete(alarm).where(alarm.c.key == key))


def keys(connection: Connection) -> list[str]:
    """The keys of all alarms that are remembered."""
    return list(connection.execute(select(alarm.c.key)).scalars())


def reported_by(connection: Connection, gateway: str) -> dict[str, str]:
    """The alarms that a gateway has reported, with their texts."""
    mine = select(alarm.c.key, alarm.c.text).join(alarm_report).where(alarm_report.c.gateway == gateway)
    return {row.key: row.text for row in connection.execute(mine)}


# --- what ops know --------------------------------------------------------------------------------------


def untold(connection: Connection) -> list[Alarm]:
    """The alarms of which ops have something to be told, now or later; the oldest first."""
    is_open, told = alarm.c.cleared_at.is_(None), alarm.c.told
    news = or_(and_(is_open, ~told), and_(~is_open, told), alarm.c.told_at.is_(None))
    found = connection.execute(select(*_SHOWN).where(news).order_by(alarm.c.since, alarm.c.key))
    return [Alarm(*row) for row in found]


def told_since(connection: Connection, moment: datetime) -> list[str]:
    """The keys of the alarms that ops were written of since then."""
    return list(connection.execute(select(alarm.c.key).where(alarm.c.told_at > moment)).scalars())


def tell(connection: Connection, one: Alarm, *, told: bool, told_at: datetime | None) -> bool:
    """Notes what ops are told now. False: another gateway has told them, or things have changed meanwhile."""
    same = (
        alarm.c.key == one.key,
        alarm.c.told == one.told,
        alarm.c.told_at.is_not_distinct_from(one.told_at),
        alarm.c.cleared_at.is_not_distinct_from(one.cleared_at),
    )
    return connection.execute(update(alarm).where(*same).values(told=told, told_at=told_at)).rowcount == 1


def forget_old(connection: Connection, now: datetime) -> None:
    """Forgets alarms that passed long ago."""
    connection.execute(delete(alarm).where(alarm.c.cleared_at < now - KEPT))
