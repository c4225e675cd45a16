"""The recipient's domain beside each copy, for what one domain may have.

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence
from unicodedata import normalize

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("domain", sa.String(), nullable=False, server_default=""))
    _name_the_domains_of_what_waits()
    waits, went = sa.text("next_attempt_at IS NOT NULL"), sa.text("sent_at IS NOT NULL")
    op.create_index(
        "ix_outbox_domain_due", "outbox", ["domain", "priority", "id"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_index("ix_outbox_domain_sent", "outbox", ["domain", "sent_at"], sqlite_where=went, postgresql_where=went)


def _name_the_domains_of_what_waits() -> None:
    """Among all that ever went out these are few; of the others nothing is asked any more."""
    connection = op.get_bind()
    waiting = connection.execute(sa.text("SELECT id, recipient FROM outbox WHERE next_attempt_at IS NOT NULL")).all()
    named = [{"id": row.id, "domain": _domain(row.recipient)} for row in waiting]
    if named:
        connection.execute(sa.text("UPDATE outbox SET domain = :domain WHERE id = :id"), named)


def _domain(address: str) -> str:
    """As the program of this step's time counted it: in A-labels (RFC 5890) and small letters."""
    labels = address.rpartition("@")[2].split(".")
    return ".".join(one if one.isascii() else f"xn--{_punycode(one)}" for one in labels).lower()


def _punycode(label: str) -> str:
    return normalize("NFC", label.lower()).encode("punycode").decode()
