"""Why each offer was made, and the seals that show whether any of it was altered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; of the offers before nobody knows."""
    op.create_table(
        "decisions",
        sa.Column("seal", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("offer", sa.String(64), nullable=False),
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seal", name="pk_decisions"),
    )
    op.create_index("ix_decisions_call", "decisions", ["call"])
    op.create_index("ix_decisions_node_decided_at_number", "decisions", ["node", "decided_at", "number"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("decisions")
