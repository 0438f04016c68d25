"""Prompts and music that a configuration names, and that are missing or cannot be read: told by `check`.

A running switch passes over music that it cannot read.
"""

from collections.abc import Iterator

from media.aio.sounds import unreadable_music, unreadable_prompt
from media.prompts import CLOSED, parts
from switch.config.checks import Finding
from switch.config.document import Path
from switch.config.schema import Config
from switch.config.targets import ClockTarget, HangupTarget
from switch.config.values import ANNOUNCED_FACTS


def faults(config: Config) -> Iterator[Finding]:
    """Every file that is named, or that everybody hears, and is missing or cannot be read."""
    yield from _music(config)
    yield from _prompts(config)


def _music(config: Config) -> Iterator[Finding]:
    named: dict[str, Path] = {"default": ("queues",)}
    for name, queue in reversed(config.queues.items()):
        named[queue.music] = ("queues", name, "music")
    if config.parking.slots:
        named[config.parking.music] = ("parking", "music")
    for name in config.music:
        named[name] = ("music", name)
    for music_class, path in named.items():
        for fault in unreadable_music(config.server.data_dir, music_class):
            yield Finding(path, fault)


def _prompts(config: Config) -> Iterator[Finding]:
    language = config.server.language.value
    named: dict[tuple[str, str], Path] = {}
    for place, route in enumerate(config.routes):
        if route.go == ClockTarget():
            named |= {(language, part): ("routes", place, "go") for part in parts(language)}
        if route.otherwise == HangupTarget():
            named[language, CLOSED] = ("routes", place, "else")
    for name, queue in config.queues.items():
        if queue.recording_notice is not None:
            named[language, queue.recording_notice] = ("queues", name, "recording_notice")
        if queue.hours is not None:
            named[language, queue.closed_prompt] = ("queues", name, "closed_prompt")
    for path, spoken, prompt in agents_prompts(config):
        named[spoken, prompt] = path
    for (spoken, prompt), path in named.items():
        for fault in unreadable_prompt(config.server.data_dir, spoken, prompt):
            yield Finding(path, fault)


def agents_prompts(config: Config) -> Iterator[tuple[Path, str, str]]:
    """What agents are told: the key that names each prompt, in which language, its name."""
    for name, agent in config.agents.items():
        if agent.greeting is not None:
            yield ("agents", name, "greeting"), config.language_of(name), agent.greeting
    for name, queue in config.queues.items():
        path = ("queues", name, "announce_to_agent")
        for language in agents_languages(config):
            for told in queue.announce_to_agent:
                for prompt in parts(language) if told in ANNOUNCED_FACTS else (told,):
                    yield path, language, prompt


def agents_languages(config: Config) -> list[str]:
    """In which somebody is spoken to."""
    return sorted({config.language_of(name) for name in config.agents})
