"""What an agent does for one caller, and what else may run beside it: channels, and the table of capacity."""

import enum
from collections.abc import Mapping

import msgspec


class Channel(enum.StrEnum):
    """By which way somebody reaches an agent."""

    VOICE = "voice"
    CHAT = "chat"


class Beside(enum.Enum):
    """How many works may run already when one more is offered."""

    NONE = enum.auto()
    FEWER = enum.auto()
    """Fewer than the agent's capacity for them."""
    ANY = enum.auto()


V, C = Channel.VOICE, Channel.CHAT

# (channel of the caller, channel of works that run) -> how many of these may run. Voice goes first: no chat
# keeps a call from an agent and none is taken away for it, but no chat is offered to who is in a call.
BESIDE: dict[tuple[Channel, Channel], Beside] = {
    (V, V): Beside.NONE,
    (V, C): Beside.ANY,
    (C, V): Beside.NONE,
    (C, C): Beside.FEWER,
}

# What an agent may do at a time who has no capacity of his own.
CAPACITY: dict[Channel, int] = {V: 1, C: 0}


def room(channel: Channel, running: Mapping[Channel, int], capacity: Mapping[Channel, int]) -> bool:
    """Whether one more of the channel may begin beside so many that run of each."""
    return all(
        running[other] < _limit(BESIDE[channel, other], other, capacity)
        for other in Channel
        if BESIDE[channel, other] is not Beside.ANY
    )


def _limit(beside: Beside, other: Channel, capacity: Mapping[Channel, int]) -> int:
    return 1 if beside is Beside.NONE else capacity.get(other, CAPACITY[other])


class Work(msgspec.Struct, kw_only=True):
    """One offer, the conversation that it became, and the wrap-up after it. Times are UTC microseconds."""

    offer: str | None = None
    # The call and the queue of the conversation, or of the wrap-up after it.
    call: str | None = None
    queue: str | None = None
    conversation: str | None = None  # the offer that became the conversation
    wrap_up_since_us: int | None = None
    wrap_up_until_us: int | None = None
    wrap_up_extra_us: int = 0  # asked for during the conversation: added to the wrap-up after it
    talking_since_us: int = 0
