"""What a flow can do with its caller alone: ring, answer, play, say, confer."""

from collections.abc import Callable
from functools import partial

from media.port import Echo, Play, Silence, Source, Tone
from media.spoken.sayings import Saying
from switch.calls.bridge import Bridge
from switch.calls.conferences import Conferences
from switch.calls.gathering import Gathering
from switch.calls.ledger import Ledger
from switch.calls.legs.leg import Leg
from switch.calls.playing import Playing
from switch.exchange import Exchange
from switch.records import SegmentKind


class CallerVerbs:
    """The caller's side of a call, until it is over."""

    def __init__(self, exchange: Exchange, caller: Leg, ledger: Ledger) -> None:
        self.caller: Leg = caller
        self.ledger = ledger
        self.over = False
        self.language: str = exchange.config.server.language.value
        """In which the caller is spoken to."""
        self._exchange = exchange
        self._playing = Playing(exchange.loop, caller)
        self._gathering: Gathering | None = None
        self._conference: Bridge | None = None
        self._announced: int | None = None
        """The playback that interrupts what the caller hears."""
        self.hears: Callable[[], Source] = Silence
        """What the caller hears while he talks to nobody, made anew for each who hears it."""

    def let_hear(self, source: Callable[[], Source]) -> None:
        """Let the caller hear this until something else is sent."""
        self.hears = source
        self.caller.send(source())

    async def ring(self) -> None:
        """180: the carrier plays its own ringback."""
        self.caller.ring()

    async def early(self) -> None:
        """183: the caller hears us before he is charged; 180 where we cannot send him a description."""
        self.caller.open_early()
        if not self.caller.early:
            self.caller.ring()

    async def answer(self) -> None:
        """200: from here the carrier bills."""
        self.caller.answer()

    async def play(self, prompt: str) -> None:
        """Play a prompt to its end."""
        await self._playing.play(self._exchange.sounds.prompt(prompt, self.language))

    async def say(self, *sayings: Saying) -> None:
        """Say all this to its end, a pause between each two."""
        await self._playing.play(*self._exchange.sounds.spoken(sayings, self.language))

    async def ask(self, *sayings: Saying, most: int = 16) -> str:
        """Say all this until a digit is pressed, and gather digits up to # or a while after the last; what
        was pressed, empty where it was nothing.
        """
        self._gathering = Gathering(self._exchange.loop, most, self._playing.interrupt)
        try:
            await self.say(*sayings)
            return await self._gathering.digits()
        finally:
            self._gathering = None

    def announce(self, prompt: str) -> None:
        """Let a caller who hears us hear a prompt, then again what he heard. Nothing waits for its end."""
        if self.caller.answered or self.caller.early:
            self._announced = self._playing.next_token()
            self.caller.send(Play(self._exchange.sounds.prompt(prompt, self.language), token=self._announced))

    def announced(self, token: int) -> None:
        """A playback came to its end; if it was a prompt in the midst of something, that goes on."""
        if token == self._announced:
            self._announced = None
            self.caller.send(self.hears())

    async def music(self, music_class: str) -> None:
        """Play music until something else is sent."""
        self.let_hear(partial(self._exchange.music, music_class))

    async def echo(self) -> None:
        """Let the caller hear himself."""
        self.caller.send(Echo())
        await self.until_over()

    async def tone(self, hz: float) -> None:
        """Let the caller hear a tone at 0 dBm0."""
        self.let_hear(partial(Tone, hz=hz))
        await self.until_over()

    async def confer(self, conferences: Conferences, name: str) -> None:
        """Talk to all who are in the conference of that name."""
        self.ledger.joined(SegmentKind.CONFERENCE, (self.caller,), self._exchange.now_us())
        try:
            self._conference = conferences.join(name, self.caller)
            await self.until_over()
        finally:
            conferences.leave(name, self.caller)

    async def until_over(self) -> None:
        """Wait for the end of the call, which ends this task; at once where the flow itself has ended it."""
        if not self.over:
            await self._exchange.loop.create_future()
