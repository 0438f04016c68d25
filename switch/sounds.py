"""The sounds that a configuration names, read before they are needed; what is missing, in words."""

from collections.abc import Callable, Iterator
from functools import partial

import structlog

from media.aio.sounds import SoundError, SoundLibrary
from media.playlist import Manner
from switch.config.schema import Config, Music, MusicOrder, MusicStart
from switch.config.targets import ClockTarget


def read_sounds(config: Config) -> SoundLibrary:
    """A library that has read what `config` names, but for what is missing. Not for the loop's thread."""
    manners = {name: _manner(music) for name, music in config.music.items()}
    library = SoundLibrary(config.server.data_dir, config.server.language.value, manners)
    names_missing(library, config)
    for fault in library.left_out:
        structlog.get_logger("sounds").warning("left out of the music", fault=fault)
    return library


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
    for place, route in enumerate(config.routes):
        if route.go == ClockTarget():
            yield f"routes[{place}].go", library.read_parts
