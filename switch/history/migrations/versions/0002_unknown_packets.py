"""What a leg's port had counted may be unknown: a crash took it.

SQLite can only copy the table. What a copy that was cut short left behind is removed first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTS = ("packets_received", "packets_sent", "packets_lost")


def upgrade() -> None:
    """Let the counts be NULL."""
    _let_be_null(nullable=True)


def downgrade() -> None:
    """Unknown is 0 again."""
    for count in COUNTS:
        op.execute(f"UPDATE legs SET {count} = 0 WHERE {count} IS NULL")
    _let_be_null(nullable=False)


def _let_be_null(*, nullable: bool) -> None:
    op.execute("DROP TABLE IF EXISTS _alembic_tmp_legs")
    with op.batch_alter_table("legs", table_kwargs={"sqlite_with_rowid": False}) as legs:
        for count in COUNTS:
            legs.alter_column(count, existing_type=sa.BigInteger, nullable=nullable)
