"""What figures are computed from: skills, thresholds and handling of a visit, transfers, legs of trunks."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_VISITS = ("within_s", "short_abandon_s", "talk_s", "hold_s", "wrap_up_s")
_MOMENTS = (
    ("legs", "ended_at"),
    ("queue_visits", "entered_at"),
    ("queue_visits", "left_at"),
    ("offers", "ended_at"),
    ("agent_states", "since"),
)

_HANDLED = """
update queue_visits set (talk_s, hold_s, wrap_up_s) = (
    select talk_s, hold_s, wrap_up_s from calls where calls.id = queue_visits.call
) where result = 'answered' and n = (
    select max(n) from queue_visits as each where each.call = queue_visits.call and each.result = 'answered'
)"""
"""Of a visit there was no more than what its call says of the last answered one."""

_OF_TRUNKS = """
update legs set of_trunk = true
where exists (select 1 from calls where calls.id = legs.call and calls.trunk = legs.peer)"""


def upgrade() -> None:
    """Add columns, table and indexes, and fill what is known."""
    op.add_column("legs", sa.Column("of_trunk", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("queue_visits", sa.Column("skills", sa.Text, nullable=False, server_default=""))
    for name in _VISITS:
        op.add_column("queue_visits", sa.Column(name, sa.Float))
    op.create_table(
        "transfers",
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", "n", name="pk_transfers"),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_transfers_call_calls", ondelete="CASCADE"),
    )
    op.create_index("ix_transfers_at", "transfers", ["at"])
    for table, column in _MOMENTS:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.execute(_HANDLED)
    op.execute(_OF_TRUNKS)


def downgrade() -> None:
    """Drop them."""
    for table, column in _MOMENTS:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_table("transfers")
    for name in (*_VISITS, "skills"):
        op.drop_column("queue_visits", name)
    op.drop_column("legs", "of_trunk")
