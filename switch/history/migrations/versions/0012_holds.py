"""What must not be deleted, whatever its age: legal holds."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "holds",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("call", sa.String(64)),
        sa.Column("number", sa.Text),
        sa.Column("queue", sa.String(255)),
        sa.Column("from", sa.DateTime(timezone=True)),
        sa.Column("to", sa.DateTime(timezone=True)),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop it: what was held is held no more."""
    op.drop_table("holds")
