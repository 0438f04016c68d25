"""The first tables: calls and their parts, agents' states, registrations.

In SQLite they are WITHOUT ROWID: rows lie in the order of their key, and there is no second tree to write.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create them."""
    _calls()
    _legs()
    _queue_visits()
    _offers()
    _segments()
    _agent_states()
    _bindings()


def downgrade() -> None:
    """Drop them, and what is in them."""
    for table in (
        "segments",
        "offers",
        "queue_visits",
        "legs",
        "calls",
        "agent_states",
        "bindings",
    ):
        op.drop_table(table)


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("trunk", sa.String(255)),
        sa.Column("from", sa.Text, nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.Column("queue", sa.String(255)),
        sa.Column("agent", sa.String(255)),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("connected_at", UTC),
        sa.Column("queued_at", UTC),
        sa.Column("answered_at", UTC),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("wait_s", sa.Float),
        sa.Column("talk_s", sa.Float, nullable=False),
        sa.Column("hold_s", sa.Float, nullable=False),
        sa.Column("wrap_up_s", sa.Float),
        sa.Column("result", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("ended_by", sa.String(32)),
        sa.Column("recording_path", sa.Text),
        sa.Column("recording_duration_s", sa.Float),
        sa.Column("recording_sha256", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_calls_agent_ended_at", "calls", ["agent", "ended_at"])
    op.create_index("ix_calls_ended_at_id", "calls", ["ended_at", "id"])
    op.create_index("ix_calls_queue_ended_at", "calls", ["queue", "ended_at"])


def _legs() -> None:
    op.create_table(
        "legs",
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("peer", sa.String(255), nullable=False),
        sa.Column("sip_call_id", sa.Text, nullable=False),
        sa.Column("sip_status", sa.Integer),
        sa.Column("q850", sa.Integer),
        sa.Column("invited_at", UTC, nullable=False),
        sa.Column("ringing_at", UTC),
        sa.Column("answered_at", UTC),
        sa.Column("ended_at", UTC),
        sa.Column("codec", sa.String(32)),
        sa.Column("packets_received", sa.BigInteger, nullable=False),
        sa.Column("packets_sent", sa.BigInteger, nullable=False),
        sa.Column("packets_lost", sa.BigInteger, nullable=False),
        sa.Column("jitter_s", sa.Float),
        sa.Column("mos", sa.Float),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_legs_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "id", name="pk_legs"),
        sqlite_with_rowid=False,
    )


def _queue_visits() -> None:
    op.create_table(
        "queue_visits",
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("entered_at", UTC, nullable=False),
        sa.Column("left_at", UTC),
        sa.Column("wait_s", sa.Float),
        sa.Column("result", sa.String(32)),
        sa.Column("reason", sa.String(32)),
        sa.Column("agent", sa.String(255)),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_queue_visits_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "n", name="pk_queue_visits"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_queue_visits_queue_entered_at", "queue_visits", ["queue", "entered_at"])


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.Column("leg", sa.String(64)),
        sa.Column("offered_at", UTC, nullable=False),
        sa.Column("ringing_at", UTC),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("result", sa.String(32), nullable=False),
        sa.Column("sip_status", sa.Integer),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_offers_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "id", name="pk_offers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_offers_agent_offered_at", "offers", ["agent", "offered_at"])


def _segments() -> None:
    op.create_table(
        "segments",
        sa.Column("call", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("from", UTC, nullable=False),
        sa.Column("to", UTC),
        sa.Column("legs", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_segments_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "n", name="pk_segments"),
        sqlite_with_rowid=False,
    )


def _agent_states() -> None:
    op.create_table(
        "agent_states",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("call", sa.String(64)),
        sa.PrimaryKeyConstraint("tenant", "agent", "since", name="pk_agent_states"),
        sqlite_with_rowid=False,
    )


def _bindings() -> None:
    op.create_table(
        "bindings",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(255), nullable=False),
        sa.Column("contact", sa.String(1024), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "phone", "contact", name="pk_bindings"),
        sqlite_with_rowid=False,
    )
