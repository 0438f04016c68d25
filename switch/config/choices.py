"""The values of keys that offer a choice."""

from enum import StrEnum


class Codec(StrEnum):
    """By their names in SDP (media.codecs)."""

    PCMA = "PCMA"
    PCMU = "PCMU"
    G722 = "G722"
    OPUS = "OPUS"
    G729 = "G729"


class Login(StrEnum):
    """How an agent comes to work."""

    ON_REGISTER = "on-register"


class Role(StrEnum):
    """What an agent may do beside taking calls."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    """He may listen to the calls of others."""


class Answer(StrEnum):
    """What a caller in a queue hears: 200 and music, 183 and music, or the carrier's ringback until an
    agent answers.
    """

    AT_ONCE = "at-once"
    EARLY = "early"
    ON_AGENT = "on-agent"


class MusicOrder(StrEnum):
    """Which file of a class of music comes next."""

    BY_NAME = "by-name"
    SHUFFLED = "shuffled"


class MusicStart(StrEnum):
    """Where somebody comes in who is queued or put on hold: at the beginning, or as with a radio."""

    BEGINNING = "beginning"
    LIVE = "live"


class OnNoAnswer(StrEnum):
    """What happens to an agent who let it ring."""

    PAUSE = "pause"
    RETRY = "retry"


class OnAgentLost(StrEnum):
    """What happens to a caller whose agent's phone vanished."""

    REQUEUE = "requeue"
    HANGUP = "hangup"


class RecordDigits(StrEnum):
    """What a recording has of the digits that are pressed."""

    MASKED = "masked"
    """Silence in their place."""
    AUDIBLE = "audible"


class Maker(StrEnum):
    """Whose desk phone it is: makers differ in how they are asked to ring and to answer (`switch.phones`)."""

    YEALINK = "yealink"
    POLYCOM = "polycom"
    SNOM = "snom"
    GRANDSTREAM = "grandstream"
    CISCO = "cisco"
    GENERIC = "generic"


class NoAgents(StrEnum):
    """What happens to a caller while nobody is logged in."""

    WAIT = "wait"
    OVERFLOW = "overflow"


class AtClosing(StrEnum):
    """What becomes of callers in line when their queue closes."""

    KEEP = "keep"
    """They wait on, and are served."""
    SEND = "send"
    """They go where `closed` leads."""
