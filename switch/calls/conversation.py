"""The caller and one other party, from answer to parting: the recording notice, the bridge, the segments."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from media.port import Play
from media.sound import Sound
from switch.calls.bridge import Bridge, pass_on
from switch.calls.digits import Pressed
from switch.calls.ledger import Ledger
from switch.calls.legs.leg import Leg
from switch.config.queue import Queue
from switch.exchange import Exchange
from switch.metrics.metrics import HandlePhase
from switch.records import HOLDS, TALKS, SegmentKind

DEFAULT_MUSIC: Final = "default"


class Conversation:
    """Two legs that are up. `on_joined` is called when the two begin to hear each other, after the notice;
    `consults` says whether whoever has a leg calls somebody else meanwhile.
    """

    def __init__(
        self,
        exchange: Exchange,
        ledger: Ledger,
        caller: Leg,
        party: Leg,
        queue: Queue | None,
        on_joined: Callable[[], None],
        consults: Callable[[Leg], bool],
        *,
        by_agent: bool = True,
        noticed: bool = False,
        greeting: Sequence[Sound] = (),
    ) -> None:
        """`queue` is the one that the call was taken from; None where one party dialled the other. `by_agent`
        is where the router's agent took it: he hears its notice, and his time is counted; `noticed`: they
        have heard the notice. The agent's `greeting` comes after it.
        """
        self.party = party
        self.bridge: Bridge | None = None
        """From the notice's end to the parting."""
        self._exchange = exchange
        self._ledger = ledger
        self._caller = caller
        self._queue = queue
        self._on_joined = on_joined
        self._consults = consults
        self._by_agent = by_agent
        self._noticed = noticed or not by_agent
        self._greeting = greeting
        self._kind: SegmentKind | None = None
        self._held = False
        self._notice_token = 0
        self._listening: set[Leg] = set()
        """Who has not yet heard all of the notice."""
        self._first_segment = len(ledger.segments)

    def begin(self, token: int) -> None:
        """Play notice and greeting to both where there are any, as `token`, and then connect them."""
        sounds = (*self._notice(), *self._greeting)
        if not sounds:
            self._join()
            return
        opening = Play(sounds, token=token)
        self._notice_token = token
        self._listening = {self._caller, self.party}
        for listener in (self._caller, self.party):
            listener.send(opening)

    def _notice(self) -> tuple[Sound, ...]:
        queue = self._queue
        if queue is None or queue.recording_notice is None or not queue.record or self._noticed:
            return ()
        return (self._exchange.sounds.prompt(queue.recording_notice),)

    def played(self, leg: Leg, token: int) -> None:
        """A prompt came to its end on one of the legs."""
        if token == self._notice_token and leg in self._listening:
            self._listening.discard(leg)
            if not self._listening:
                self._join()

    def pressed(self, leg: Leg, pressed: Pressed) -> None:
        """One of the two pressed a digit, for the other unless one of them holds."""
        if self.bridge is not None and not self._held:
            listener = self.party if leg is self._caller else self._caller
            pass_on(pressed, listener, relayed=self.bridge.relays)

    def held(self) -> None:
        """One of them holds, or came back; or whoever holds calls somebody else, or does not any more."""
        if self.bridge is not None:
            self.bridge.update()
            self._note_kind()

    def end(self) -> None:
        """They are not connected any more; what the agent spent on the call is counted."""
        now_us = self._exchange.now_us()
        self._ledger.parted(now_us)
        if self.bridge is not None:
            self.bridge.close()
            self.bridge = None
        for leg in (self._caller, self.party):
            leg.part(False)  # a hold by a program is of this conversation, whomever he talks to next
        self._listening.clear()
        visit = self._ledger.served
        if self._queue is None or visit is None or not self._by_agent:
            return
        segments = self._ledger.segments[self._first_segment :]
        for phase, kinds in ((HandlePhase.TALK, TALKS), (HandlePhase.HOLD, HOLDS)):
            seconds = sum(segment.seconds(now_us) for segment in segments if segment.kind in kinds)
            self._exchange.metrics.handled(visit.queue, phase, seconds)

    def _join(self) -> None:
        music_class = self._queue.music if self._queue is not None else DEFAULT_MUSIC
        self.bridge = Bridge(self._exchange.plane, partial(self._exchange.music, music_class))
        self.bridge.add(self._caller)
        self.bridge.add(self.party)
        self.bridge.update()
        self._note_kind()
        self._on_joined()

    def _note_kind(self) -> None:
        held = [leg for leg in (self._caller, self.party) if leg.held]
        self._held = bool(held)
        if any(map(self._consults, held)):
            kind = SegmentKind.CONSULTATION
        else:
            kind = SegmentKind.HOLD if held else SegmentKind.TALK
        if kind is not self._kind:
            self._kind = kind
            self._ledger.joined(kind, (self._caller, self.party), self._exchange.now_us())
