"""Find the last call of a number quickly."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_calls_from_ended_at", "calls", ["from", "ended_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_calls_from_ended_at", "calls")
