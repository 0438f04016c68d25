"""Who gets whom: every free agent and every caller in line are brought together before a step ends.

Invariant between steps: no caller in line has a free agent with the skills. So whoever becomes free, or
comes to wait, alone in a step finds the partner at the head of one line; nothing is searched.
"""

from acd.board import Board
from acd.commands import VisitReason
from acd.offering import Offering
from acd.pairing import Pairing
from acd.queued_call import CallState, QueuedCall
from acd.relaxing import Relaxing
from acd.settings import NoAgents
from acd.staff import Staff
from acd.visits import Visits
from acd.work import Channel

# Members that most steps name: Python 3.11 calls a function to find one through its class.
_VOICE = Channel.VOICE
_WAITING = CallState.WAITING


class Matching:
    """The end of each step: agents settled, callers without agents sent on, pairs offered."""

    __slots__ = ("_board", "_chats", "_offering", "_relaxing", "_ripe", "_staff", "_visits", "_voice")

    def __init__(
        self, board: Board, visits: Visits, offering: Offering, staff: Staff, relaxing: Relaxing
    ) -> None:
        self._board = board
        self._relaxing = relaxing
        self._visits = visits
        self._offering = offering
        self._staff = staff
        self._voice = Pairing(board, offering, board.eligibility, Channel.VOICE)
        self._chats = Pairing(board, offering, board.chats, Channel.CHAT)
        self._ripe = False  # the gathered are to be brought together in this step

    def finish(self) -> None:
        """Bring the step to its end: afterwards nobody waits who could talk, and all states are told."""
        board = self._board
        while True:
            if board.unsettled:
                self._settle()
            if board.freed_agents or board.freed_calls or board.arrived or self._ripe:
                self._match()
            elif board.freed_for_chats:
                self._match_chats([])
            elif not board.unsettled:
                break
        if board.settled:
            for name, state in board.settled.items():
                self._staff.announce(board.state.agents[name], state)
            board.settled.clear()

    def _settle(self) -> None:
        """Read the states again of those whose facts have changed."""
        unsettled, self._board.unsettled = self._board.unsettled, []
        emptied = False
        for agent in unsettled:
            if self._staff.settle(agent):
                emptied = True
        if emptied:
            self._send_on()

    def _send_on(self) -> None:
        """Somebody's last agent went: callers leave the queues that do not wait for nobody."""
        for queue in list(self._board.state.queues.values()):
            if queue.settings.no_agents is NoAgents.WAIT:
                continue
            for name in list(queue.visits):
                call = self._board.state.calls[name]
                waits = call.state is _WAITING and call.assigned is None
                if waits and self._visits.finds_nobody(call, queue):
                    self._visits.overflow(call, VisitReason.NO_AGENTS)

    def _match(self) -> None:
        """Voice first: who gets a call is offered no chat."""
        board = self._board
        agents, board.freed_agents = list(board.freed_agents.values()), {}
        calls = self._wanting() if board.freed_calls or board.arrived else []
        if self._ripe:
            self._ripe, self._voice.ripe, self._chats.ripe = False, True, True
        chats = [call for call in calls if call.channel is not _VOICE]
        if chats:
            calls = [call for call in calls if call.channel is _VOICE]
        self._voice.pair(agents, calls)
        if chats or board.freed_for_chats or self._chats.ripe:
            self._match_chats(chats)

    def _match_chats(self, chats: list[QueuedCall]) -> None:
        """Who is free for chats still, and who wants to chat."""
        freed, self._board.freed_for_chats = self._board.freed_for_chats, {}
        self._chats.pair([one for one in freed.values() if one.may_take(Channel.CHAT)], chats)

    def _wanting(self) -> list[QueuedCall]:
        """Those who came (back) to wait, or ring for somebody, and want an agent; each once."""
        board = self._board
        calls: dict[str, QueuedCall] = {}
        while board.arrived or board.freed_calls:  # who is sent on may come to wait elsewhere, among these
            arrived, board.arrived = board.arrived, []
            for call in arrived:
                self._relaxing.look(call)
            freed, board.freed_calls = board.freed_calls, []
            for call in freed:
                calls[call.id] = call
                if call.state is _WAITING:
                    self._waits_on(call)
        return [call for call in calls.values() if self._wants(call)]

    def _waits_on(self, call: QueuedCall) -> None:
        """Where he can, and has somebody to wait for; else he is sent on. Who serves him no more
        does not come first for him."""
        board = self._board
        if self._visits.shows_out(call) or call.assigned is not None:
            return
        if self._visits.finds_nobody(call, board.state.queues[call.queue]):
            self._visits.send_on(call, VisitReason.NO_AGENTS)
        elif call.preferred is not None:
            agent = board.state.agents[call.preferred]
            if not board.lines_of(call).serves(agent.settings, call):
                board.prefer_nobody(call)

    def _wants(self, call: QueuedCall) -> bool:
        waits = call.state is _WAITING and call.assigned is None
        return waits or self._offering.seeks(call)

    def gathered(self) -> None:
        """Who could be brought together has waited long enough for others."""
        self._board.state.gather_until_us = None
        self._ripe = True
