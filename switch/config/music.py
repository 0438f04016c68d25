"""What is wrong with files of music: told by `check`, passed over by a running switch."""

from collections.abc import Iterator

from media.aio.sounds import unreadable_music
from switch.config.checks import Finding
from switch.config.document import Path
from switch.config.schema import Config


def faults(config: Config) -> Iterator[Finding]:
    """Every file of a class that is named, or that everybody hears, and cannot be read."""
    named: dict[str, Path] = {"default": ("queues",)}
    for name, queue in reversed(config.queues.items()):
        named[queue.music] = ("queues", name, "music")
    for name in config.music:
        named[name] = ("music", name)
    for music_class, path in named.items():
        for fault in unreadable_music(config.server.data_dir, music_class):
            yield Finding(path, fault)
