"""A maker's page of data: its files as templates, and its words for what we know by ours.

A template is text with {names}: `str.format` puts the facts of `switch.provisioning.facts` in, each of them
escaped before, once. A brace itself is {{ or }}.
"""

import re
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Final, Literal, Self

import msgspec
import yaml

from switch.config.choices import Maker

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WHITE: Final = re.compile(r"[\t\n\r]")


class CannotWrite(Exception):
    """A value that no file of this maker can hold."""


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One maker."""

    escape: Literal["xml", "line"]
    """How values stand in its files: in XML, or each to the end of its line."""
    media_type: str
    files: dict[str, str]
    """Templates by name; the name is one too, of {mac}."""
    agent: str | None = None
    """What the phone says of itself as User-Agent: a pattern whose group is its hardware address."""
    words: dict[str, dict[str, str]] = {}
    """By the name of a fact: its word for each of our values; * is for those that it has none for."""
    codec: str = ""
    """For each codec that is spoken, the preferred one first."""
    other_codec: str = ""
    """For each of `words.codec` that is not."""
    codec_slots: tuple[str, ...] = ()
    """Where it has a fixed number of places: those left over hold the last codec again."""
    summer: str = ""
    """Where the zone has a summer time..."""
    no_summer: str = ""
    """...and where it has none."""
    agents: str = ""
    """Where there are agents, who may log in at any phone."""
    lamp: str = ""
    dial: str = ""
    first_key: int = 1
    key_slots: tuple[tuple[str, ...], ...] = ()
    """Names of what belongs to each key, where they have no order."""

    @classmethod
    def of(cls, maker: Maker) -> Self:
        """The page of a maker."""
        text = files("switch.provisioning").joinpath(f"{maker}.yaml").read_text("utf-8")
        return msgspec.convert(yaml.safe_load(text), cls)

    @cached_property
    def agent_pattern(self) -> re.Pattern[str] | None:
        """`agent`, compiled."""
        return None if self.agent is None else re.compile(self.agent, re.IGNORECASE)

    def word(self, fact: str, value: str) -> str:
        """Its word for one of our values; the value itself where it has none."""
        known = self.words.get(fact, {})
        return known.get(value, known.get("*", value))

    def escaped(self, value: str) -> str:
        """A value as it stands in a file. Raises CannotWrite."""
        if _CONTROLS.search(value):
            raise CannotWrite("a control character")
        if self.escape == "xml":
            return _WHITE.sub(lambda white: f"&#{ord(white[0])};", escape(value, quote=True))
        if _WHITE.search(value) or value != value.strip():
            raise CannotWrite("a line break, or a space at its ends")
        return value

    def agrees(self, agent: str, mac: str | None) -> bool:
        """Whether a User-Agent names this hardware address, or none."""
        match = None if self.agent_pattern is None else self.agent_pattern.search(agent)
        return match is None or re.sub("[^0-9a-f]", "", match[1].lower()) == mac
