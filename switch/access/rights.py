"""Who may do what: roles and their rights, as a table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a token is for."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    WALLBOARD = "wallboard"
    METRICS = "metrics"


class Right(StrEnum):
    """What a route needs. What is seen or acted on must be in the token's scope besides."""

    QUEUES_SEE = "queues.see"
    QUEUES_CLOSE = "queues.close"
    AGENTS_SEE = "agents.see"
    AGENTS_SET = "agents.set"
    CALLS_SEE = "calls.see"
    CALLS_ACT = "calls.act"
    """End them, send the caller on, pause what is recorded."""
    CALLS_PLACE = "calls.place"
    """A caller's place in line."""
    CALLS_SUPERVISE = "calls.supervise"
    """Listen, whisper, speak to both, take over."""
    CALLS_WHY = "calls.why"
    CALLS_TRACE = "calls.trace"
    FORKS = "forks"
    """Send what is said to a program."""
    RECORDINGS_HEAR = "recordings.hear"
    PHONES_SEE = "phones.see"
    PHONES_SET = "phones.set"
    PHONES_PROVISION = "phones.provision"
    """Where a phone's files are, its secret in them."""
    TRUNKS_SEE = "trunks.see"
    EVENTS = "events"
    """Hear what happens to what may be seen."""
    REPORTS = "reports"
    """Figures and lists of what may be seen."""
    METRICS = "metrics"
    WIRE = "wire"
    """All that is on the wire."""
    AUDIT = "audit"
    ADMINISTER = "administer"
    """The machine as a whole: its configuration, bans, webhooks, tokens."""


_WATCHING: Final = frozenset({Right.QUEUES_SEE, Right.AGENTS_SEE, Right.EVENTS})

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.ADMIN: frozenset(Right),
    Role.SUPERVISOR: _WATCHING
    | {
        Right.QUEUES_CLOSE,
        Right.AGENTS_SET,
        Right.CALLS_SEE,
        Right.CALLS_ACT,
        Right.CALLS_PLACE,
        Right.CALLS_SUPERVISE,
        Right.CALLS_WHY,
        Right.CALLS_TRACE,
        Right.RECORDINGS_HEAR,
        Right.REPORTS,
        Right.PHONES_SEE,
        Right.TRUNKS_SEE,
    },
    Role.AGENT: frozenset(
        {
            Right.AGENTS_SEE,
            Right.AGENTS_SET,
            Right.CALLS_SEE,
            Right.CALLS_ACT,
            Right.PHONES_SEE,
            Right.EVENTS,
            Right.REPORTS,
        }
    ),
    Role.WALLBOARD: _WATCHING,
    Role.METRICS: frozenset({Right.METRICS}),
}
"""An agent's token has one agent in its scope: himself."""
