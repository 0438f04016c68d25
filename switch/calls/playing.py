"""What is played to one leg to its end, told apart by tokens from what was played before."""

from asyncio import AbstractEventLoop, Future

from media.port import Play, Silence
from media.sound import Sound
from switch.calls.legs.leg import Leg


class Playing:
    """Prompts for a leg, one at a time."""

    def __init__(self, loop: AbstractEventLoop, listener: Leg) -> None:
        self._loop = loop
        self.listener = listener
        self._played: Future[None] | None = None
        self._token = 0
        self._last_token = 0

    async def play(self, *sounds: Sound) -> None:
        """Until they have come to their end."""
        self._token = self.next_token()
        self._played = self._loop.create_future()
        self.listener.send(Play(sounds, token=self._token))
        await self._played

    def next_token(self) -> int:
        """One that no other playback of the call has."""
        self._last_token += 1
        return self._last_token

    def heard(self, token: int) -> None:
        """A playback came to its end."""
        if token == self._token and self._played is not None and not self._played.done():
            self._played.set_result(None)

    def interrupt(self) -> None:
        """Whoever listens has heard enough: silence follows."""
        if self._played is not None and not self._played.done():
            self.listener.send(Silence())
            self._played.set_result(None)

    def stop(self) -> None:
        """The call is over: nobody waits any more."""
        self._played = None
