"""News: what the switch says has happened becomes events, once its turn of the loop is done with it.

Whoever changes something says only of what; what is another than it was told last is found by looking. So
nothing is told twice, and a regular look around finds what nobody said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from acd import commands as acd
from switch.events import facts, subject
from switch.events.board import key_of
from switch.events.changes import call_changes, row_change
from switch.events.rows import AgentNow, CallNow, Kind, OfferDone, OfferNow, PhoneNow, QueueNow, Row
from switch.events.stream import Stream
from switch.events.subject import Subject
from switch.events.types import (
    AgentData,
    AlarmData,
    CallData,
    CallEnded,
    ConfigReloaded,
    EventType,
    OfferEnded,
    OfferMade,
    PhoneData,
    QueueData,
    QueueWord,
    TrunkData,
)
from switch.records import AgentState, CallRecord, OfferResult

if TYPE_CHECKING:
    from switch.calls.talking import Talking
    from switch.exchange import Exchange

_DATA: Final = {
    Kind.CALL: CallData,
    Kind.QUEUE: QueueData,
    Kind.AGENT: AgentData,
    Kind.PHONE: PhoneData,
    Kind.TRUNK: TrunkData,
}
_REMOVED: Final[Mapping[Kind, EventType]] = {
    Kind.QUEUE: EventType.QUEUE_REMOVED,
    Kind.AGENT: EventType.AGENT_REMOVED,
    Kind.PHONE: EventType.PHONE_REMOVED,
    Kind.TRUNK: EventType.TRUNK_REMOVED,
}


class News:
    """Tells the stream. Every method is called in the loop's thread, and returns at once."""

    def __init__(self, exchange: Callable[[], Exchange], stream: Stream) -> None:
        self.stream = stream
        self.due_queues: dict[str, None] = {}
        """Those whose figures are others, to be told at the next look."""
        self._exchange = exchange
        self._board = stream.board
        self._calls: dict[str, Talking] = {}
        self._offers: list[tuple[str, OfferNow | OfferDone]] = []
        self._rows: dict[tuple[Kind, str], None] = {}
        self._words: list[acd.QueueChanged] = []
        self._ringing: dict[str, dict[str, str]] = {}
        """For each call the agents whose phones ring for it, by offer."""
        self._staff: dict[str, Counter[AgentState]] = {}
        self._settling = False

    # What has happened

    def call_changed(self, call: Talking) -> None:
        """A call has begun or come further."""
        self._calls[call.id] = call
        self._settle_soon()

    def call_ended(self, record: CallRecord) -> None:
        """A call's record is complete. It is told before anybody writes it down: a crash between the two
        tells it twice, and never not at all.
        """
        if (call := self._calls.pop(record.id, None)) is not None:
            self._tell_call(call)
        self._ringing.pop(record.id, None)
        about = {
            *self._board.remove(Kind.CALL, record.id),
            *(subject.queue(visit.queue) for visit in record.visits),
            *(subject.agent(visit.agent) for visit in record.visits if visit.agent is not None),
        }
        self.stream.tell(EventType.CALL_ENDED, CallEnded(call=record), about)

    def offer_made(self, call: Talking, offer: OfferNow) -> None:
        """An agent's phone is called for that call."""
        self._ringing.setdefault(call.id, {})[offer.id] = offer.agent
        self._calls.setdefault(call.id, call)
        self._offers.append((call.id, offer))
        self._settle_soon()

    def offer_ended(self, command: acd.OfferEnded, result: OfferResult) -> None:
        """It rings no more."""
        ringing = self._ringing.get(command.call, {})
        if ringing.pop(command.offer, None) is not None and not ringing:
            del self._ringing[command.call]
        done = OfferDone(
            id=command.offer,
            queue=command.queue,
            agent=command.agent,
            result=result,
            sip_status=command.status or None,
        )
        self._offers.append((command.call, done))
        self._settle_soon()

    def agent_changed(self, name: str) -> None:
        """An agent is in another state, or at another phone."""
        self._look_at(Kind.AGENT, name)
        for phone in {self._exchange().staffing.phone_of(name), self._phone_told(name)} - {None}:
            self._look_at(Kind.PHONE, phone or "")

    def phone_changed(self, name: str) -> None:
        """A phone has registered, or is registered no more."""
        self._look_at(Kind.PHONE, name)

    def queue_changed(self, name: str) -> None:
        """A queue's figures are others."""
        self.due_queues[name] = None

    def queue_said(self, command: acd.QueueChanged) -> None:
        """A queue is closed, or open."""
        self._words.append(command)
        self._settle_soon()

    def reloaded(self, changes: Sequence[str]) -> None:
        """Another configuration is in force."""
        self.stream.tell(EventType.CONFIG_RELOADED, ConfigReloaded(changes=tuple(changes)))

    def alarm(self, data: AlarmData) -> None:
        """Somebody should look, or need not any more."""
        self.stream.tell(EventType.ALARM, data)

    # Looking

    def look(self, kind: Kind, name: str) -> None:
        """Tell what of it is another than was told last."""
        row = self._now(kind, name)
        before = self._board.row(kind, name)
        if row is None and before is not None:
            about = self._about(before)
            self._board.remove(kind, name)
            self._count_staff(before, None)
            self.stream.tell(_REMOVED[kind], _DATA[kind](**{kind.value: before}), about)
        elif row is not None and row != before:
            about = self._put(row) | (frozenset() if before is None else self._about(before))
            self.stream.tell(row_change(before, row), _DATA[kind](**{kind.value: row}), about)

    def take_in(self, kind: Kind, name: str) -> None:
        """Have it on the board before anybody listens, and tell nothing."""
        if (row := self._now(kind, name)) is not None:
            self._put(row)

    # Inside

    def _look_at(self, kind: Kind, name: str) -> None:
        self._rows[kind, name] = None
        self._settle_soon()

    def _settle_soon(self) -> None:
        if not self._settling:
            self._settling = True
            self._exchange().dispatch.when_settled(self._settle)

    def _settle(self) -> None:
        """Calls first: who hears of an offer has heard of its call."""
        self._settling = False
        calls, self._calls = self._calls, {}
        offers, self._offers = self._offers, []
        rows, self._rows = self._rows, {}
        words, self._words = self._words, []
        offered = {call for call, _ in offers}
        for call in calls.values():
            self._tell_call(call, offered)
        for id, offer in offers:
            self._tell_offer(id, offer)
        for kind, name in rows:
            self.look(kind, name)
        for word in words:
            self._tell_word(word)

    def _tell_call(self, call: Talking, offered: frozenset[str] | set[str] = frozenset()) -> None:
        before = self._board.call(call.id)
        if call.over and before is not None:
            return  # its record comes
        now = facts.call_now(call, self._ringing.get(call.id, {}).values())
        changes = call_changes(before, now)
        if not changes:
            return
        about = self._put(now)
        if changes == [EventType.CALL_CHANGED] and call.id in offered:
            return  # what comes of the offer tells it
        for change in changes:
            self.stream.tell(change, CallData(call=now), about)

    def _tell_offer(self, id: str, offer: OfferNow | OfferDone) -> None:
        call = self._board.call(id)
        about = {subject.queue(offer.queue), subject.agent(offer.agent), *self._board.about(Kind.CALL, id)}
        if isinstance(offer, OfferDone):
            self.stream.tell(EventType.OFFER_ENDED, OfferEnded(offer=offer, call=call), about)
        elif call is not None:  # it has not ended in this very turn
            self.stream.tell(EventType.OFFER_MADE, OfferMade(offer=offer, call=call), about)

    def _tell_word(self, command: acd.QueueChanged) -> None:
        row = self._now(Kind.QUEUE, command.queue)
        if isinstance(row, QueueNow):
            change = EventType.QUEUE_OPENED if command.closed is None else EventType.QUEUE_CLOSED
            data = QueueWord(queue=row, by=command.by, why=command.why)
            self.stream.tell(change, data, self._put(row))

    def _now(self, kind: Kind, name: str) -> Row | None:
        exchange = self._exchange()
        match kind:
            case Kind.QUEUE:
                return facts.queue_now(exchange, name, self._staff.get(name, {}))
            case Kind.AGENT:
                return facts.agent_now(exchange, name)
            case Kind.PHONE:
                return facts.phone_now(exchange, name)
            case Kind.TRUNK:
                return facts.trunk_now(exchange, name)
            case Kind.CALL:
                raise ValueError("calls are told, and not looked for")

    def _put(self, row: Row) -> frozenset[Subject]:
        if isinstance(row, AgentNow):
            before = self._board.row(Kind.AGENT, key_of(row))
            self._count_staff(before, row)
        return self._board.put(row, self._about(row))

    def _count_staff(self, before: Row | None, now: Row | None) -> None:
        """Who may serve each queue, by state."""
        for row, by in ((before, -1), (now, +1)):
            if isinstance(row, AgentNow):
                for queue in row.queues:
                    self._staff.setdefault(queue, Counter())[row.state] += by
                    self.due_queues[queue] = None

    def _about(self, row: Row) -> frozenset[Subject]:
        match row:
            case CallNow(queue=queue, agent=agent, ringing=ringing, placed_by=placed_by):
                agents = (*ringing, agent, placed_by)
                about = [subject.agent(name) for name in agents if name is not None]
                return frozenset(about if queue is None else (*about, subject.queue(queue)))
            case AgentNow(name=name, queues=queues):
                return frozenset([subject.agent(name), *map(subject.queue, queues)])
            case QueueNow(name=name):
                return frozenset([subject.queue(name)])
            case PhoneNow(agent=str(agent)):
                return frozenset([subject.agent(agent)])
            case _:
                return frozenset()

    def _phone_told(self, agent: str) -> str | None:
        row = self._board.row(Kind.AGENT, agent)
        return row.phone if isinstance(row, AgentNow) else None
