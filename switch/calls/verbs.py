"""What a flow can do with its caller alone: ring, answer, play, say."""

from media.port import Echo, Tone
from media.spoken.sayings import Saying
from switch.calls.leg_incoming import IncomingLeg
from switch.calls.playing import Playing
from switch.exchange import Exchange


class CallerVerbs:
    """The caller's side of a call, until it is over."""

    def __init__(self, exchange: Exchange, caller: IncomingLeg) -> None:
        self.caller = caller
        self.over = False
        self.language: str = exchange.config.server.language.value
        """In which the caller is spoken to."""
        self._exchange = exchange
        self._playing = Playing(exchange.loop, caller)

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

    async def music(self, music_class: str) -> None:
        """Play music until something else is sent."""
        self.caller.send(self._exchange.music(music_class))

    async def echo(self) -> None:
        """Let the caller hear himself."""
        self.caller.send(Echo())
        await self.until_over()

    async def tone(self, hz: float) -> None:
        """Let the caller hear a tone at 0 dBm0."""
        self.caller.send(Tone(hz=hz))
        await self.until_over()

    async def until_over(self) -> None:
        """Wait for the end of the call, which ends this task; at once where the flow itself has ended it."""
        if not self.over:
            await self._exchange.loop.create_future()
