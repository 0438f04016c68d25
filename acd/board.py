"""What every rule of the router sees: the facts, the indexes over them, and the step in progress."""

import struct
from hashlib import blake2b

from acd.agent import Agent
from acd.commands import Command, CommandId
from acd.deadlines import Deadlines, Due
from acd.eligibility import Eligibility
from acd.queued_call import QueuedCall
from acd.state import State

_LOT = struct.Struct("<qqq")


class Board:
    """The facts (`state`), their indexes, and what this step has done so far."""

    __slots__ = (
        "arrived",
        "assigned",
        "commands",
        "deadlines",
        "eligibility",
        "freed_agents",
        "freed_calls",
        "now_us",
        "pool",
        "preferring",
        "present",
        "sequence",
        "state",
        "touched",
        "unsettled",
    )

    def __init__(self, pool: str, sequence: int, now_us: int, state: State) -> None:
        self.pool = pool
        self.sequence = sequence
        self.now_us = now_us
        self.state = state
        self.eligibility = Eligibility(state, self.draw)
        self.deadlines = Deadlines(self._due_of)
        # Calls that wait for one agent alone, each agent's in order.
        self.assigned: dict[str, dict[str, None]] = {}
        # Calls for which one agent comes first for a time, by him.
        self.preferring: dict[str, dict[str, None]] = {}
        self.arrived: list[QueuedCall] = []  # whose first steps are due as they come
        self.present: set[str] = set()  # agents counted in `SkillClass.present`
        self.commands: list[Command] = []
        self.touched: dict[str, Agent] = {}  # facts changed in this step
        self.unsettled: list[Agent] = []  # of these, not yet looked at again
        self.freed_agents: dict[str, Agent] = {}  # free now and not in any line yet
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
        self.touched[agent.settings.name] = agent
        self.unsettled.append(agent)

    def assign(self, call: QueuedCall, agent: str) -> None:
        """The call, which waits and is in no line, waits for this agent alone."""
        call.assigned = agent
        self.assigned.setdefault(agent, {})[call.id] = None

    def unassign(self, call: QueuedCall) -> None:
        """The call waits for nobody in particular any more."""
        if call.assigned is not None:
            theirs = self.assigned[call.assigned]
            del theirs[call.id]
            if not theirs:
                del self.assigned[call.assigned]
            call.assigned = None

    def prefer(self, call: QueuedCall, agent: str) -> None:
        """This agent comes first for the call, until `preferred_until_us`."""
        call.preferred = agent
        self.preferring.setdefault(agent, {})[call.id] = None

    def prefer_nobody(self, call: QueuedCall) -> None:
        """No agent comes first for the call any more."""
        if call.preferred is not None:
            theirs = self.preferring[call.preferred]
            del theirs[call.id]
            if not theirs:
                del self.preferring[call.preferred]
            call.preferred = call.preferred_until_us = None

    def _due_of(self, kind: Due, name: str) -> int | None:
        match kind:
            case Due.OFFER:
                offer = self.state.offers.get(name)
                return offer.due_us if offer else None
            case Due.MAX_WAIT:
                call = self.state.calls.get(name)
                return call.due_us if call else None
            case Due.RING_NEXT:
                call = self.state.calls.get(name)
                return call.ring_next_us if call else None
            case Due.PREFERRED:
                call = self.state.calls.get(name)
                return call.preferred_until_us if call else None
            case Due.STEP:
                call = self.state.calls.get(name)
                return call.look_at_us if call else None
            case Due.ASK:
                call = self.state.calls.get(name)
                return call.ask_until_us if call else None
            case Due.WRAP_UP:
                agent = self.state.agents.get(name)
                return agent.wrap_up_until_us if agent else None
            case Due.RETRY:
                agent = self.state.agents.get(name)
                return agent.retry_at_us if agent else None
            case Due.GATHER:
                return self.state.gather_until_us
