"""How each leg was encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the legs before nobody knows."""
    op.add_column("legs", sa.Column("encryption", sa.String(16)))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("legs", "encryption")
