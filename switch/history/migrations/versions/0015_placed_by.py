"""For which agent a program placed each call."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEX = "ix_calls_placed_by_ended_at_id"


def upgrade() -> None:
    """Add the column, and the index by which an agent finds them; of the calls before nobody noted it."""
    op.add_column("calls", sa.Column("placed_by", sa.String(255)))
    op.create_index(_INDEX, "calls", ["placed_by", "ended_at", "id"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index(_INDEX, "calls")
    op.drop_column("calls", "placed_by")
