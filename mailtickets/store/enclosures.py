"""Files that the desk made and a notice carries: the pictures and tables of a report.

The notice's headers say what each file is, so that nothing is read for the many notices without files. The content lies
in the table `enclosure`, compressed, once for all copies of the notice. Every attempt to send a copy reads the same.
Owns: the table `enclosure`. Fails with: nothing of its own.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, select

from mailtickets.mail.model import Attachment
from mailtickets.store.schema import enclosure, notice, outbox
from mailtickets.store.statements import inserting

KEPT = timedelta(days=30)
"""How long the content is kept after the notice was written, and in any case until no copy waits any more."""
AT_ONCE = 200


def described(files: Iterable[Attachment]) -> list[list[Any]]:
    """What the files are, as the notice's headers keep it."""
    return [[f.filename, f.content_type, f.size, f.sha256, f.inline, f.content_id] for f in files]


def files(described_as: Iterable[Sequence[Any]]) -> tuple[Attachment, ...]:
    """The files of a notice, without their content."""
    return tuple(
        Attachment(name, kind, size, sha256, inline=inline, content_id=cid, content=b"")
        for name, kind, size, sha256, inline, cid in described_as
    )


def keep(connection: Connection, number: int, enclosed: Sequence[Attachment]) -> None:
    """Stores the files of the notice with this number."""
    rows = [
        dict(notice=number, place=place, content=zlib.compress(file.content)) for place, file in enumerate(enclosed)
    ]
    if rows:
        connection.execute(inserting(enclosure), rows)


def load(connection: Connection, number: int, without: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The files of a notice with their content. Those whose content is kept no more are left out."""
    rows = connection.execute(select(enclosure).where(enclosure.c.notice == number))
    content = {row.place: zlib.decompress(row.content) for row in rows}
    return tuple(replace(file, content=content[place]) for place, file in enumerate(without) if place in content)


def forget_sent(connection: Connection, now: datetime) -> int:
    """Deletes the content of old notices of which no copy is still to be sent. Returns how many files."""
    waiting = exists().where(outbox.c.notice == enclosure.c.notice, outbox.c.next_attempt_at.is_not(None))
    sending = exists().where(outbox.c.notice == enclosure.c.notice, outbox.c.state == "sending")
    old = (
        select(enclosure.c.notice)
        .join(notice, notice.c.id == enclosure.c.notice)
        .where(notice.c.created_at < now - KEPT, ~waiting, ~sending)
        .distinct()
        .limit(AT_ONCE)
    )
    numbers = list(connection.execute(old).scalars())
    return connection.execute(delete(enclosure).where(enclosure.c.notice.in_(numbers))).rowcount if numbers else 0
