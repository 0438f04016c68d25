"""By what pages of calls are found: each visit knows when its call ended."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PAGES = (("queue_visits", "queue call_ended_at call"), ("queue_visits", "agent call_ended_at call"))
_FORMER = (("calls", "queue ended_at"), ("calls", "agent ended_at"), ("queue_visits", "queue entered_at"))
"""Nothing is asked by them any more."""

_ENDED = "update queue_visits set call_ended_at = (select ended_at from calls where id = queue_visits.call)"


def upgrade() -> None:
    """Add the column, fill it, and change the indexes."""
    op.add_column("queue_visits", sa.Column("call_ended_at", sa.DateTime(timezone=True)))
    op.execute(_ENDED)
    _change(_FORMER, _PAGES)


def downgrade() -> None:
    """Put the indexes back, and drop the column."""
    _change(_PAGES, _FORMER)
    op.drop_column("queue_visits", "call_ended_at")


def _change(dropped: tuple[tuple[str, str], ...], made: tuple[tuple[str, str], ...]) -> None:
    for table, columns in dropped:
        op.drop_index(_name(table, columns), table)
    for table, columns in made:
        op.create_index(_name(table, columns), table, columns.split())


def _name(table: str, columns: str) -> str:
    return f"ix_{table}_{columns.replace(' ', '_')}"
