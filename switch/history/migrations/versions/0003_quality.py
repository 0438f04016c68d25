"""How each leg sounded: bursts of loss, R, and the direction that its party reports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MEASURED = ("r", "burst_loss", "gap_loss", "burst_s", "gap_s", "round_trip_s")
REPORTED = ("sent_jitter_s", "sent_mos", "sent_r")
COUNTED = ("packets_duplicated", "packets_discarded", "bursts", "sent_packets_lost")


def upgrade() -> None:
    """Add the columns; of the legs before nobody knows."""
    for name in (*MEASURED, *REPORTED):
        op.add_column("legs", sa.Column(name, sa.Float))
    for name in COUNTED:
        op.add_column("legs", sa.Column(name, sa.BigInteger))


def downgrade() -> None:
    """Drop them."""
    for name in (*MEASURED, *REPORTED, *COUNTED):
        op.drop_column("legs", name)
