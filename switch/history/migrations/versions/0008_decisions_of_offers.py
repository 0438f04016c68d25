"""Find the decision of an offer without looking at all of them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_decisions_offer", "decisions", ["offer"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_decisions_offer", "decisions")
