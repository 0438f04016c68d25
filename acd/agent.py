"""An agent: facts, and the state that follows from them.

The state is never stored: it is read off a decision table over facts, so that no event can leave it
stuck. (`announced` below is only what was last told to the world.)
"""

import enum

import msgspec

from acd.settings import AgentSettings


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


class Agent(msgspec.Struct):
    """The facts about one agent. Times are UTC microseconds."""

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
    offer: str | None = None
    # The call and the queue of the conversation, or of the wrap-up after it.
    call: str | None = None
    queue: str | None = None
    conversation: str | None = None  # the offer that became the conversation
    wrap_up_since_us: int | None = None
    wrap_up_until_us: int | None = None
    wrap_up_extra_us: int = 0  # asked for during the conversation: added to the wrap-up after it
    retry_at_us: int | None = None  # refused an offer: no other before this time
    idle_since_us: int | None = None  # kept while ready and through offers that fail
    place: int = 0  # in the configuration, from 0
    last_offer_us: int = 0  # 0: never
    at_work: bool = False  # available, ringing, on a call or in wrap-up
    calls: int = 0  # conversations since the login, or more (`Eligibility.start`)
    talk_us: int = 0  # their length, those that are over; likewise
    talking_since_us: int = 0
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
        """The state, read off `PRECEDENCE`."""
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
    def free(self) -> bool:
        """Whether a caller may be offered now: ready, and neither refusing nor at a feature code."""
        return self.state is READY and self.open

    @property
    def open(self) -> bool:
        """Whether nothing but his state may keep an offer from him."""
        return self.retry_at_us is None and not self.at_code and not self.leaving

    @property
    def expected(self) -> bool:
        """Whether he takes calls now, or as soon as he is done with the one that he has."""
        return not self.leaving and self.state not in AWAY
