"""Stores agents' signatures and the pictures in them, and how often each was seen."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from mailtickets.desk.signatures.learning import TIMES, Ending, EndLine, Seen, seen_again
from mailtickets.store.schema import signature, signature_picture
from mailtickets.store.statements import replacing

MAX_SIGNATURES = 8
"""The number of signatures that are kept for one agent (computer, telephones). The last seen ones are kept."""


def learned(connection: Connection, agent: str) -> tuple[tuple[tuple[str, ...], ...], frozenset[str]]:
    """The lines of each signature that an agent uses, and the sha256 of pictures that came often (`TIMES`)."""
    mine = select(signature).where(signature.c.agent == agent.casefold()).order_by(signature.c.seen_at.desc())
    endings = [_ending(row.lines, row.seen) for row in connection.execute(mine)]
    often = select(signature_picture.c.sha256).where(
        signature_picture.c.agent == agent.casefold(), signature_picture.c.seen >= TIMES
    )
    pictures = frozenset(connection.execute(often).scalars())
    return tuple(ending.signature for ending in endings if ending.is_learned), pictures


def learn(connection: Connection, seen: Seen, now: datetime) -> None:
    """Adds the signature and the pictures of one mail."""
    agent = seen.agent.casefold()
    if seen.ending is not None:
        _learn_ending(connection, agent, seen.ending, now)
    if seen.pictures is None:
        return
    others = signature_picture.c.sha256.not_in(seen.pictures)
    connection.execute(delete(signature_picture).where(signature_picture.c.agent == agent, others))
    for picture in seen.pictures:
        which = (signature_picture.c.agent == agent) & (signature_picture.c.sha256 == picture)
        before = connection.execute(select(signature_picture.c.seen).where(which)).scalar() or 0
        row = {"agent": agent, "sha256": picture, "seen": before + 1, "seen_at": now}
        _replace(connection, signature_picture, ("agent", "sha256"), row)


def _learn_ending(connection: Connection, agent: str, ending: Ending, now: datetime) -> None:
    which = (signature.c.agent == agent) & (signature.c.last == ending.last)
    row = connection.execute(select(signature.c.lines, signature.c.seen).where(which)).one_or_none()
    known = seen_again(_ending(row.lines, row.seen) if row is not None else None, ending)
    lines = [[line.key, line.opens, line.names] for line in known.lines]
    values = {"agent": agent, "last": known.last, "lines": lines, "seen": known.seen, "seen_at": now}
    _replace(connection, signature, ("agent", "last"), values)
    _forget(connection, signature, agent, MAX_SIGNATURES)


def _replace(connection: Connection, table: Table, keys: tuple[str, ...], values: dict[str, Any]) -> None:
    changed = tuple(name for name in values if name not in keys)
    connection.execute(replacing(connection.dialect.name, table, keys, changed), [values])


def _forget(connection: Connection, table: Table, agent: str, kept: int) -> None:
    """Deletes an agent's rows in a table, except the `kept` rows that were seen last."""
    oldest = (
        select(table.c.seen_at).where(table.c.agent == agent).order_by(table.c.seen_at.desc()).offset(kept).limit(1)
    )
    moment = connection.execute(oldest).scalar()
    if moment is not None:
        connection.execute(delete(table).where(table.c.agent == agent, table.c.seen_at <= moment))


def _ending(lines: list[list[Any]], seen: int) -> Ending:
    return Ending(tuple(EndLine(str(key), bool(opens), bool(names)) for key, opens, names in lines), seen)
