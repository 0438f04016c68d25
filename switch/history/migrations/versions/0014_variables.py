"""What programs and carriers said of each call."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the calls before nobody said anything."""
    op.add_column("calls", sa.Column("variables", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("calls", "variables")
