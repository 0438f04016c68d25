"""What an agent hears before he is connected to a caller, who hears on what he heard; his own greeting."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from media.aio.sounds import SoundError
from media.port import Play
from media.sound import Sound
from media.spoken.sayings import Duration, Number, Prompt, Saying
from switch.calls.legs.leg import Leg
from switch.calls.place import Place
from switch.config.queue import Queue
from switch.exchange import Exchange

_FACTS: Final[Mapping[str, Callable[[Place], Saying]]] = {
    "{wait}": lambda place: Duration(int(place.waited_s)),
    "{priority}": lambda place: Number(max(0, place.priority)),
}
"""What can be said of the caller (`ANNOUNCED_FACTS`)."""


class Announcing:
    """An agent's leg that is up, and what it is told; `then` is called when it has heard all of it."""

    def __init__(self, leg: Leg, sounds: Sequence[Sound], token: int, then: Callable[[], None]) -> None:
        self._leg = leg
        self._token = token
        self._then = then
        leg.send(Play(tuple(sounds), token=token))

    def played(self, leg: Leg, token: int) -> None:
        """A prompt came to its end on one of the call's legs."""
        if leg is self._leg and token == self._token:
            self._then()


def announcement(exchange: Exchange, queue: Queue | None, agent: str, place: Place) -> tuple[Sound, ...]:
    """What the queue tells this agent of its caller, in his language; nothing where it tells nothing."""
    told = () if queue is None else queue.announce_to_agent
    return _spoken(
        exchange, agent, [_FACTS[each](place) if each in _FACTS else Prompt(each) for each in told]
    )


def greeting(exchange: Exchange, agent: str) -> tuple[Sound, ...]:
    """What this agent has recorded for his callers, if anything."""
    settings = exchange.config.agents.get(agent)
    name = None if settings is None else settings.greeting
    return () if name is None else _spoken(exchange, agent, [Prompt(name)])


def _spoken(exchange: Exchange, agent: str, sayings: Sequence[Saying]) -> tuple[Sound, ...]:
    """A sound that is missing keeps nobody from being connected."""
    try:
        return exchange.sounds.spoken(sayings, exchange.config.language_of(agent))
    except (SoundError, ValueError) as error:
        structlog.get_logger("call").error("cannot be said", agent=agent, reason=str(error))
        return ()
