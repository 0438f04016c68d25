"""An agent: facts, and the state that follows from them.

The state is never stored: it is read off a decision table over facts, so that no event can leave it
stuck. (`announced` below is only what was last told to the world.)
"""

import enum

import msgspec

from acd.settings import AgentSettings
from acd.work import Channel, Work, room


class AgentState(enum.StrEnum):
    """The states of the contract."""

    OFFLINE = "offline"
    PAUSED = "paused"
    READY = "ready"
    RINGING = "ringing"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    UNREACHABLE = "unreachable"


# He takes no calls for now.
AWAY = frozenset({AgentState.OFFLINE, AgentState.PAUSED, AgentState.UNREACHABLE})
# Logged out, or without a phone that answers.
ABSENT = frozenset({AgentState.OFFLINE, AgentState.UNREACHABLE})
READY = AgentState.READY
_VOICE = Channel.VOICE


class Fact(enum.IntFlag):
    """The facts that the state follows from."""

    TALKING = 1  # in a conversation that the router made
    OFFERED = 2  # an offer's INVITE to the phone has no final response yet
    LOGGED_IN = 4
    DIALOGS = 8  # the phone is in INVITE dialogs that no running offer made
    WRAPPING_UP = 16
    CONTACTABLE = 32  # the phone is registered and answers
    PAUSED = 64


# The first row whose facts (`must`) all hold and of whose others (`must not`) none holds names the state.
PRECEDENCE: tuple[tuple[Fact, Fact, AgentState], ...] = (
    (Fact.TALKING, Fact(0), AgentState.ON_CALL),
    (Fact.OFFERED | Fact.CONTACTABLE, Fact(0), AgentState.RINGING),
    (Fact(0), Fact.LOGGED_IN, AgentState.OFFLINE),
    (Fact.DIALOGS, Fact(0), AgentState.ON_CALL),
    (Fact.WRAPPING_UP, Fact(0), AgentState.WRAP_UP),
    (Fact(0), Fact.CONTACTABLE, AgentState.UNREACHABLE),
    (Fact.PAUSED, Fact(0), AgentState.PAUSED),
    (Fact(0), Fact(0), AgentState.READY),
)


def _state_of(facts: int) -> AgentState:
    return next(
        state for must, must_not, state in PRECEDENCE if facts & must == must and not facts & must_not
    )


# By all facts, in their order.
_STATES: dict[tuple[bool, ...], AgentState] = {
    tuple(bool(facts & fact) for fact in Fact): _state_of(facts) for facts in range(128)
}


class Agent(Work):
    """The facts about one agent. Times are UTC microseconds.

    There is one voice work at most: what it holds are fields of the agent. Other works stand beside it.
    """

    settings: AgentSettings
    leaving: bool = False
    logged_in: bool = False
    # The next fresh registration is a login (login_on_register): never logged in, or un-registered.
    login_due: bool = True
    paused: bool = False
    pause_reason: str = ""
    registered: bool = False
    reachable: bool = True
    watched: bool = False
    dialogs: int = 0
    at_code: bool = False  # the phone has dialled a feature code: no offer until it is done
    chats: list[Work] = msgspec.field(default_factory=list)  # in the order in which they were offered
    chats_retry_at_us: int | None = None  # refused a chat: no other before this time
    retry_at_us: int | None = None  # refused an offer: no other before this time
    idle_since_us: int | None = None  # kept while ready and through offers that fail; anew with each chat
    place: int = 0  # in the configuration, from 0
    last_offer_us: int = 0  # 0: never
    at_work: bool = False  # available, ringing, on a call or in wrap-up
    calls: int = 0  # conversations since the login, or more (`Eligibility.start`)
    talk_us: int = 0  # their length, those that are over; likewise
    announced: AgentState = AgentState.OFFLINE
    announced_reason: str = ""
    announced_call: str | None = None
    since_us: int = 0

    @property
    def name(self) -> str:
        """The agent's name in the configuration."""
        return self.settings.name

    @property
    def state(self) -> AgentState:
        """The state, read off `PRECEDENCE`, chats aside: what callers by voice find."""
        return _STATES[
            self.conversation is not None,
            self.offer is not None,
            self.logged_in,
            self.dialogs > 0,
            self.wrap_up_until_us is not None,
            self.registered and self.reachable,
            self.paused,
        ]

    @property
    def shown(self) -> AgentState:
        """The state for people: that of the busiest work."""
        work = self.busiest
        return _STATES[
            work.conversation is not None,
            work.offer is not None,
            self.logged_in,
            self.dialogs > 0,
            work.wrap_up_until_us is not None,
            self.registered and self.reachable,
            self.paused,
        ]

    @property
    def busiest(self) -> Work:
        """The voice work if there is one, or nothing else; else the first chat of those that talk, are
        offered, or are wrapped up."""
        if self.calling or not self.chats:
            return self
        return max(self.chats, key=_business)

    @property
    def calling(self) -> bool:
        """Whether a voice work runs, or a call of his own."""
        runs = self.offer or self.conversation or self.wrap_up_until_us is not None
        return bool(runs) or self.dialogs > 0

    @property
    def free(self) -> bool:
        """Whether a caller may be offered now: ready, and neither refusing nor at a feature code."""
        return self.state is READY and self.open

    def may_take(self, channel: Channel) -> bool:
        """Whether a caller of this channel may be offered now."""
        return self.free and (channel is _VOICE or (self.chats_retry_at_us is None and self.has_room))

    @property
    def has_room(self) -> bool:
        """Whether one more chat may run beside what runs."""
        return self.room_beside(int(self.calling))

    def room_beside(self, calls: int) -> bool:
        """Whether one more chat may run beside so many voice works and the chats that run."""
        running = {_VOICE: calls, Channel.CHAT: len(self.chats)}
        return room(Channel.CHAT, running, self.settings.capacity)

    @property
    def chats_due_us(self) -> int | None:
        """When the wrap-up of a chat is over next."""
        ends = [one.wrap_up_until_us for one in self.chats if one.wrap_up_until_us is not None]
        return min(ends, default=None)

    @property
    def open(self) -> bool:
        """Whether nothing but his state may keep an offer from him."""
        return self.retry_at_us is None and not self.at_code and not self.leaving

    @property
    def expected(self) -> bool:
        """Whether he takes calls now, or as soon as he is done with the one that he has."""
        return not self.leaving and self.state not in AWAY


def _business(work: Work) -> tuple[bool, bool]:
    return (work.conversation is not None, work.offer is not None)
