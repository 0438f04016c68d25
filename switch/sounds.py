"""The sounds that a configuration names, read before they are needed; what is missing, in words."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import structlog

from media.aio.sounds import SoundError, SoundLibrary
from media.desk_prompts import DESK, REASON
from media.playlist import Manner
from media.prompts import CLOSED
from media.spoken.sayings import PAUSE
from switch.config.choices import MusicOrder, MusicStart
from switch.config.schema import Config, Music
from switch.config.sounds import agents_languages, agents_prompts
from switch.config.targets import ClockTarget, HangupTarget


def read_sounds(config: Config) -> SoundLibrary:
    """A library that has read what `config` names, but for what is missing. Not for the loop's thread."""
    manners = {name: _manner(music) for name, music in config.music.items()}
    library = SoundLibrary(config.server.data_dir, config.server.language.value, manners)
    names_missing(library, config)
    read_desk(library, config)
    with suppress(SoundError):  # any queue may be closed out of turn; what is missing is said then
        library.prompt(CLOSED)
    for fault in library.left_out:
        structlog.get_logger("sounds").warning("left out of the music", fault=fault)
    return library


def read_desk(library: SoundLibrary, config: Config) -> None:
    """Read what feature codes say, in every language that an agent is spoken to in. Without it they are
    served all the same, and say nothing.
    """
    if not config.codes.written():
        return
    reasons = [f"{REASON}{reason}" for reason in config.desk.pauses.values()]
    languages = {agent.language or config.server.language for agent in config.agents.values()}
    for language in sorted({config.server.language, *languages}):
        try:
            library.read_parts(language.value)
            for name in DESK:
                library.prompt(name, language.value)
        except SoundError as error:
            structlog.get_logger("sounds").warning("feature codes say nothing", fault=str(error))
            continue
        for name in reasons:
            with suppress(SoundError):  # its number is said instead
                library.prompt(name, language.value)


def _manner(music: Music) -> Manner:
    seed = music.seed if music.order is MusicOrder.SHUFFLED else None
    return Manner(seed, live=music.start is MusicStart.LIVE)


def names_missing(library: SoundLibrary, config: Config) -> tuple[str, ...]:
    """One line for each prompt or music that cannot be played."""
    errors = []
    for key, read in _wanted(library, config):
        try:
            read()
        except SoundError as error:
            errors.append(f"{key}: {error}")
    return tuple(dict.fromkeys(errors))


def _wanted(library: SoundLibrary, config: Config) -> Iterator[tuple[str, Callable[[], object]]]:
    """The key that names each, and what reads it."""
    yield "queues.*.music", partial(library.music, "default")
    for name, queue in config.queues.items():
        yield f"queues.{name}.music", partial(library.music, queue.music)
        if queue.recording_notice is not None:
            yield f"queues.{name}.recording_notice", partial(library.prompt, queue.recording_notice)
        if queue.hours is not None:
            yield f"queues.{name}.closed_prompt", partial(library.prompt, queue.closed_prompt)
        if queue.announce_to_agent:
            for language in agents_languages(config):
                yield f"queues.{name}.announce_to_agent", partial(library.prompt, PAUSE, language)
    for path, language, prompt in agents_prompts(config):
        yield ".".join(map(str, path)), partial(library.prompt, prompt, language)
    if config.parking.slots:
        yield "parking.music", partial(library.music, config.parking.music)
    for place, route in enumerate(config.routes):
        if route.go == ClockTarget():
            yield f"routes[{place}].go", library.read_parts
        if route.otherwise == HangupTarget():
            yield f"routes[{place}].else", partial(library.prompt, CLOSED)
