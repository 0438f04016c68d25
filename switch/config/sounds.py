"""Prompts and music that a configuration names, and that are missing or cannot be read: told by `check`.

A running switch passes over music that it cannot read.
"""

from collections.abc import Iterator

from media.aio.sounds import unreadable_music, unreadable_prompt
from media.prompts import parts
from switch.config.checks import Finding
from switch.config.document import Path
from switch.config.schema import Config
from switch.config.targets import ClockTarget


def faults(config: Config) -> Iterator[Finding]:
    """Every file that is named, or that everybody hears, and is missing or cannot be read."""
    yield from _music(config)
    yield from _prompts(config)


def _music(config: Config) -> Iterator[Finding]:
    named: dict[str, Path] = {"default": ("queues",)}
    for name, queue in reversed(config.queues.items()):
        named[queue.music] = ("queues", name, "music")
    for name in config.music:
        named[name] = ("music", name)
    for music_class, path in named.items():
        for fault in unreadable_music(config.server.data_dir, music_class):
            yield Finding(path, fault)


def _prompts(config: Config) -> Iterator[Finding]:
    language = config.server.language.value
    named: dict[str, Path] = {}
    for place, route in enumerate(config.routes):
        if route.go == ClockTarget():
            named |= dict.fromkeys(parts(language), ("routes", place, "go"))
    for name, queue in config.queues.items():
        if queue.recording_notice is not None:
            named[queue.recording_notice] = ("queues", name, "recording_notice")
    for prompt, path in named.items():
        for fault in unreadable_prompt(config.server.data_dir, language, prompt):
            yield Finding(path, fault)
