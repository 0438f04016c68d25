"""In which call the party of one that ended by a transfer goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; there were no such transfers before."""
    op.add_column("calls", sa.Column("continued_in", sa.String(64)))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("calls", "continued_in")
