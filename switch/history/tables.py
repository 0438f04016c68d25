"""The tables. Times are UTC; durations seconds; every row names its tenant and the node that wrote it.

Every row has a key of its own making, so that it can be written twice without being there twice.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite keeps the text without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database. Raises ValueError for a datetime without a zone: nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value.astimezone(UTC) if value.tzinfo is not UTC else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _origin() -> tuple[Column[str], Column[str]]:
    return Column("tenant", String(64), nullable=False), Column("node", String(255), nullable=False)


def _call_key() -> Column[str]:
    return Column("call", String(64), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)


calls = Table(
    "calls",
    metadata,
    Column("id", String(64), primary_key=True),
    *_origin(),
    Column("direction", String(16), nullable=False),
    Column("trunk", String(255)),
    Column("from", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("queue", String(255)),
    Column("agent", String(255)),
    Column("started_at", Utc, nullable=False),
    Column("connected_at", Utc),
    Column("queued_at", Utc),
    Column("answered_at", Utc),
    Column("ended_at", Utc, nullable=False),
    Column("wait_s", Float),
    Column("talk_s", Float, nullable=False),
    Column("hold_s", Float, nullable=False),
    Column("wrap_up_s", Float),
    Column("result", String(32), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("ended_by", String(32)),
    Column("continued_in", String(64)),
    Column("placed_by", String(255)),
    Column("variables", Text, nullable=False, server_default=""),
    Column("recording_path", Text),
    Column("recording_duration_s", Float),
    Column("recording_sha256", String(64)),
    Index(None, "ended_at", "id"),
    Index(None, "from", "ended_at"),
    Index(None, "placed_by", "ended_at", "id"),
)
"""`variables`: as JSON, empty where there are none."""

legs = Table(
    "legs",
    metadata,
    _call_key(),
    Column("id", String(64), primary_key=True),
    *_origin(),
    Column("role", String(16), nullable=False),
    Column("peer", String(255), nullable=False),
    Column("of_trunk", Boolean, nullable=False, server_default=false()),
    Column("sip_call_id", Text, nullable=False),
    Column("sip_status", Integer),
    Column("q850", Integer),
    Column("invited_at", Utc, nullable=False),
    Column("ringing_at", Utc),
    Column("answered_at", Utc),
    Column("ended_at", Utc),
    Column("codec", String(32)),
    Column("encryption", String(16)),
    Column("packets_received", BigInteger),
    Column("packets_sent", BigInteger),
    Column("packets_lost", BigInteger),
    Column("jitter_s", Float),
    Column("mos", Float),
    Column("r", Float),
    Column("packets_duplicated", BigInteger),
    Column("packets_discarded", BigInteger),
    Column("bursts", BigInteger),
    Column("burst_loss", Float),
    Column("gap_loss", Float),
    Column("burst_s", Float),
    Column("gap_s", Float),
    Column("round_trip_s", Float),
    Column("sent_packets_lost", BigInteger),
    Column("sent_jitter_s", Float),
    Column("sent_mos", Float),
    Column("sent_r", Float),
    Index(None, "ended_at"),
)

queue_visits = Table(
    "queue_visits",
    metadata,
    _call_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    *_origin(),
    Column("queue", String(255), nullable=False),
    Column("entered_at", Utc, nullable=False),
    Column("left_at", Utc),
    Column("wait_s", Float),
    Column("result", String(32)),
    Column("reason", String(32)),
    Column("agent", String(255)),
    Column("skills", Text, nullable=False, server_default=""),
    Column("within_s", Float),
    Column("short_abandon_s", Float),
    Column("talk_s", Float),
    Column("hold_s", Float),
    Column("wrap_up_s", Float),
    Column("call_ended_at", Utc),
    Index(None, "queue", "call_ended_at", "call"),
    Index(None, "agent", "call_ended_at", "call"),
    Index(None, "entered_at"),
    Index(None, "left_at"),
)
"""`skills`: the names of those asked for, separated by spaces. `call_ended_at`: its call's `ended_at`, by
which the last calls of a queue or an agent are found, however few they have.
"""

offers = Table(
    "offers",
    metadata,
    _call_key(),
    Column("id", String(64), primary_key=True),
    *_origin(),
    Column("queue", String(255), nullable=False),
    Column("agent", String(255), nullable=False),
    Column("leg", String(64)),
    Column("offered_at", Utc, nullable=False),
    Column("ringing_at", Utc),
    Column("ended_at", Utc, nullable=False),
    Column("result", String(32), nullable=False),
    Column("sip_status", Integer),
    Index(None, "agent", "offered_at"),
    Index(None, "ended_at"),
)

transfers = Table(
    "transfers",
    metadata,
    _call_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    *_origin(),
    Column("at", Utc, nullable=False),
    Column("queue", String(255), nullable=False),
    Column("agent", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("to", Text, nullable=False),
    Index(None, "at"),
)
"""Callers whom agents have sent on."""

decisions = Table(
    "decisions",
    metadata,
    Column("seal", String(32), primary_key=True),
    *_origin(),
    Column("decided_at", Utc, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("offer", String(64), nullable=False),
    Column("call", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "call"),
    Index(None, "offer"),
    Index(None, "node", "decided_at", "number"),
)
"""Why each offer was made, written when it was made: `text` as `acd.why` encodes it, under its `seal`."""

segments = Table(
    "segments",
    metadata,
    _call_key(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    *_origin(),
    Column("kind", String(16), nullable=False),
    Column("from", Utc, nullable=False),
    Column("to", Utc),
    Column("legs", Text, nullable=False),
)
"""`legs`: the ids of those connected, separated by spaces."""

agent_states = Table(
    "agent_states",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("agent", String(255), primary_key=True),
    Column("since", Utc, primary_key=True),
    Column("node", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("call", String(64)),
    Index(None, "since"),
)

bindings = Table(
    "bindings",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("phone", String(255), primary_key=True),
    Column("contact", String(1024), primary_key=True),
    Column("node", String(255), nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("state", Text, nullable=False),
)
"""Registrations that survive a restart. `state` is the registrar's own JSON."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    *_origin(),
    Column("hash", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("queues", Text, nullable=False),
    Column("agents", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
    Column("last_used_at", Utc),
)
"""Of programs: `hash` is the SHA-256 of the secret, which is kept nowhere. `queues` and `agents` are
lists in JSON.
"""

audit = Table(
    "audit",
    metadata,
    Column("id", String(26), primary_key=True),
    *_origin(),
    Column("at", Utc, nullable=False),
    Column("who", String(64), nullable=False),
    Column("token", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "at", "id"),
    Index(None, "who", "at"),
)
"""Who did what over the API. Rows are added, and never changed."""

holds = Table(
    "holds",
    metadata,
    Column("id", String(64), primary_key=True),
    *_origin(),
    Column("call", String(64)),
    Column("number", Text),
    Column("queue", String(255)),
    Column("from", Utc),
    Column("to", Utc),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Utc, nullable=False),
)
"""What is not deleted, whatever its age: the calls of which all that a hold names is true."""
