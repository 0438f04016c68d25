"""What every rule of the router sees: the facts, the indexes over them, and the step in progress."""

import struct
from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter

from acd.agent import Agent, AgentState
from acd.commands import Command, CommandId
from acd.deadlines import Deadlines, Due
from acd.eligibility import Eligibility
from acd.queued_call import QueuedCall
from acd.standing import Standing
from acd.state import State
from acd.work import Channel

_LOT = struct.Struct("<qqq")
_VOICE = Channel.VOICE  # Python 3.11 calls a function to find a member through its class

# Where the times are kept that deadlines go by: whose, and in which field.
_KEPT: dict[Due, tuple[str, str]] = {
    Due.WRAP_UP: ("agents", "wrap_up_until_us"),
    Due.RETRY: ("agents", "retry_at_us"),
    Due.CHATS_WRAP_UP: ("agents", "chats_due_us"),
    Due.CHATS_RETRY: ("agents", "chats_retry_at_us"),
    Due.OFFER: ("offers", "due_us"),
    Due.MAX_WAIT: ("calls", "due_us"),
    Due.RING_NEXT: ("calls", "ring_next_us"),
    Due.STEP: ("calls", "look_at_us"),
    Due.ASK: ("calls", "ask_until_us"),
    Due.PREFERRED: ("calls", "preferred_until_us"),
}


class Board:
    """The facts (`state`), their indexes, and what this step has done so far."""

    __slots__ = (
        "arrived",
        "assigned",
        "chats",
        "commands",
        "conversations",
        "deadlines",
        "eligibility",
        "freed_agents",
        "freed_calls",
        "freed_for_chats",
        "now_us",
        "pool",
        "preferring",
        "present",
        "present_for_chats",
        "sequence",
        "settled",
        "standings",
        "state",
        "unsettled",
    )

    def __init__(self, pool: str, sequence: int, now_us: int, state: State) -> None:
        self.pool = pool
        self.sequence = sequence
        self.now_us = now_us
        self.state = state
        self.eligibility = Eligibility(state, self.draw)  # of calls by voice
        self.chats = Eligibility(state, self.draw)
        self.deadlines = Deadlines({due: _reader(state, due) for due in Due})
        # Calls that wait for one agent alone, each agent's in order.
        self.assigned: dict[str, dict[str, None]] = {}
        # Calls for which one agent comes first for a time, by him.
        self.preferring: dict[str, dict[str, None]] = {}
        self.standings: dict[str, Standing] = {}  # of the queues whose recipes ask for positions
        self.conversations: set[str] = set()  # the offers, and pick-ups, by which agents talk
        self.arrived: list[QueuedCall] = []  # whose first steps are due as they come
        self.present: set[str] = set()  # agents counted in `SkillClass.present`
        self.present_for_chats: set[str] = set()  # likewise, of those who take chats
        self.commands: list[Command] = []
        self.unsettled: list[Agent] = []  # facts changed, and the state was not read again yet
        self.settled: dict[str, AgentState] = {}  # agents of this step, and the state as it was read last
        self.freed_agents: dict[str, Agent] = {}  # free now and not in any line yet
        self.freed_for_chats: dict[str, Agent] = {}  # likewise
        self.freed_calls: list[QueuedCall] = []  # wanting an agent, or one more, and not in any line yet

    def begin(self, now_us: int) -> None:
        """Start a step. Time never runs backwards."""
        self.sequence += 1
        if now_us > self.now_us:
            self.now_us = now_us
        self.commands = []

    def draw(self, count: int) -> int:
        """A number below `count`, each as likely: the next command's lot, made of the configured seed."""
        lot = _LOT.pack(self.state.seed, self.sequence, len(self.commands))
        return int.from_bytes(blake2b(lot, digest_size=8).digest(), "little") % count

    def next_id(self) -> CommandId:
        """The id of the command that is appended next."""
        return (self.pool, self.sequence, len(self.commands))

    def next_name(self) -> str:
        """The same as a name, for an offer or a visit."""
        return f"{self.pool}-{self.sequence}-{len(self.commands)}"

    def touch(self, agent: Agent) -> None:
        """A fact about the agent has changed: its state is read again before the step ends."""
        self.unsettled.append(agent)

    def lines_of(self, call: QueuedCall) -> Eligibility:
        """The lines of the call's channel."""
        return self.eligibility if call.channel is _VOICE else self.chats

    def line_up_again(self, agent: Agent) -> None:
        """What agents are ordered by has changed of one who stands in lines: he takes his new places."""
        for lines in (self.eligibility, self.chats):
            if agent.settings.name in lines.agents:
                lines.engage(agent)
                lines.free(agent)

    def assign(self, call: QueuedCall, agent: str) -> None:
        """The call, which waits and is in no line, waits for this agent alone."""
        call.assigned = agent
        self.assigned.setdefault(agent, {})[call.id] = None

    def unassign(self, call: QueuedCall) -> None:
        """The call waits for nobody in particular any more."""
        if call.assigned is not None:
            _strike(self.assigned, call.assigned, call.id)
            call.assigned = None

    def prefer(self, call: QueuedCall, agent: str) -> None:
        """This agent comes first for the call, until `preferred_until_us`."""
        call.preferred = agent
        self.preferring.setdefault(agent, {})[call.id] = None

    def prefer_nobody(self, call: QueuedCall) -> None:
        """No agent comes first for the call any more."""
        if call.preferred is not None:
            _strike(self.preferring, call.preferred, call.id)
            call.preferred = call.preferred_until_us = None


def _strike(by_agent: dict[str, dict[str, None]], agent: str, call: str) -> None:
    """The call is the agent's no more."""
    theirs = by_agent[agent]
    del theirs[call]
    if not theirs:
        del by_agent[agent]


def _reader(state: State, due: Due) -> Callable[[str], int | None]:
    """What tells of one kind when somebody is due; None where nothing is, or nobody is there."""
    if due is Due.GATHER:
        return lambda _: state.gather_until_us
    owners, field = map(attrgetter, _KEPT[due])
    return lambda name: None if (owner := owners(state).get(name)) is None else field(owner)
