"""How far IMAP folders have been read, and which gateway holds the lease on tasks that only one gateway may do."""

from datetime import datetime

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.store.schema import imap_cursor, lease


def load(connection: Connection, account: str, folder: str) -> ImapCursor | None:
    wanted = select(imap_cursor).where(imap_cursor.c.account == account, imap_cursor.c.folder == folder)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return ImapCursor(row.account, row.folder, row.uidvalidity, row.last_uid, row.first_connected_at)


def save(connection: Connection, cursor: ImapCursor) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    progress = {"uidvalidity": cursor.uidvalidity, "last_uid": cursor.last_uid}
    row = dialect.insert(imap_cursor).values(
        account=cursor.account, folder=cursor.folder, first_connected_at=cursor.first_connected_at, **progress
    )
    connection.execute(row.on_conflict_do_update(index_elements=["account", "folder"], set_=progress))


def load_all(connection: Connection, account: str) -> list[ImapCursor]:
    """The cursors of all folders of an account."""
    rows = connection.execute(select(imap_cursor).where(imap_cursor.c.account == account))
    return [ImapCursor(r.account, r.folder, r.uidvalidity, r.last_uid, r.first_connected_at) for r in rows]


def is_time(connection: Connection, name: str, holder: str, now: datetime, again_at: datetime) -> bool:
    """Whether a periodic task of one gateway is due now. If so, it is due again at `again_at`.

    A task that is asked for the first time is due at `again_at`, not now.
    """
    waiting = connection.execute(select(lease.c.until).where(lease.c.name == name)).one_or_none()
    if waiting is None:
        take_lease(connection, name, holder, again_at, now)
        return False
    due = update(lease).where(lease.c.name == name, lease.c.until <= now)
    return connection.execute(due.values(holder=holder, until=again_at)).rowcount == 1


def take_lease(connection: Connection, name: str, holder: str, until: datetime, now: datetime) -> bool:
    """Takes a lease, or prolongs it when less than half of it is left. Returns False while another gateway holds it."""
    held = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if held is not None and held.until - now > (until - now) / 2:
        return bool(held.holder == holder)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(lease).values(name=name, holder=holder, until=until)
    free = or_(lease.c.holder == holder, lease.c.until <= now)
    taken = row.on_conflict_do_update(
        index_elements=["name"], set_={"holder": holder, "until": until}, where=free
    ).returning(lease.c.holder)
    return connection.execute(taken).scalar() == holder
