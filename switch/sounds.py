"""The sounds that a configuration names, read before they are needed; what is missing, in words."""

from media.aio.sounds import SoundError, SoundLibrary
from switch.config.schema import Config


def read_sounds(config: Config) -> SoundLibrary:
    """A library that has read what `config` names, but for what is missing. Not for the loop's thread."""
    library = SoundLibrary(config.server.data_dir, config.server.language.value)
    names_missing(library, config)
    return library


def names_missing(library: SoundLibrary, config: Config) -> tuple[str, ...]:
    """One line for each prompt or music that cannot be played."""
    wanted = [("music", "queues.*.music", "default")]
    wanted += [("music", f"queues.{name}.music", queue.music) for name, queue in config.queues.items()]
    wanted += [
        ("prompt", f"queues.{name}.recording_notice", queue.recording_notice)
        for name, queue in config.queues.items()
        if queue.recording_notice is not None
    ]
    errors = []
    for kind, key, name in wanted:
        try:
            library.music(name) if kind == "music" else library.prompt(name)
        except SoundError as error:
            errors.append(f"{key}: {error}")
    return tuple(dict.fromkeys(errors))
