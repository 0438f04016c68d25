"""The codecs of a call: their names in SDP, what their clocks count, and whether they can be heard here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from ext import codecs as built_in
from ext import g722


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec by its name in SDP, upper case.

    `clock_rate_hz` is of RTP timestamps, `pcm_rate_hz` of the samples that it makes and takes (0: passed
    through only). `payload_type` is the static one of RFC 3551, None where there is none. `capsule` is its
    table of functions for the engine; None where the library is missing that Debian has in `package`.
    """

    name: str
    clock_rate_hz: int
    pcm_rate_hz: int
    payload_type: int | None
    capsule: object | None
    package: str | None = None

    @property
    def is_heard(self) -> bool:
        """Whether prompts, music, mixing and recording are possible in it."""
        return self.pcm_rate_hz > 0


def _opus() -> tuple[object | None, str | None]:
    """Its capsule; else the package that is missing, to build with or to run with."""
    try:
        from ext.opus import CODEC
    except ModuleNotFoundError:
        return None, "libopus-dev"
    except ImportError:
        return None, "libopus0"
    return CODEC, None


CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        codec.name: codec
        for codec in (
            Codec("PCMA", 8000, 8000, 8, built_in.PCMA),
            Codec("PCMU", 8000, 8000, 0, built_in.PCMU),
            Codec("G722", 8000, 16000, 9, g722.CODEC),
            Codec("OPUS", 48000, 16000, None, *_opus()),
            Codec("G729", 8000, 0, 18, built_in.G729),
        )
    }
)
"""All that Centralita knows."""


@lru_cache(maxsize=64)
def heard_first(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same in the same order, but what is passed through only comes last."""
    known = [CODECS[name] for name in names]
    return tuple(codec.name for codec in sorted(known, key=lambda codec: not codec.is_heard))


@lru_cache(maxsize=64)
def partners(name: str | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that a leg with this codec can talk to, in their order.

    What is passed through only talks to itself alone, and nothing else talks to it. A leg that has no codec
    yet (None) is to have one that is heard.
    """
    heard = name is None or CODECS[name].is_heard
    known = [CODECS[each] for each in names]
    return tuple(codec.name for codec in known if (codec.is_heard if heard else codec.name == name))
