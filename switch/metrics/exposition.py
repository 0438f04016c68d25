"""Families as Prometheus' text format 0.0.4.

The text is written in parts of a bounded size that leave the event loop free between them: a page of ten
thousand samples would otherwise hold up every call. What a line says before its value is the same at each
scrape, and is kept.
"""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final, Literal, NamedTuple, TypeVar

from switch.metrics.histogram import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "centralita_"
_SAMPLES_AT_ONCE = 200
_HISTOGRAMS_AT_ONCE = 10
_MOST_KEPT: Final = 1 << 17
"""Beginnings of lines: more than the page of a thousand queues has."""
Labels = TypeVar("Labels", bound=tuple[str, ...])
Value = TypeVar("Value")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Part(NamedTuple):
    """Some samples of a family, and what stands above its first."""

    header: str
    lines: str


@dataclass(frozen=True, slots=True)
class Declared:
    """One counter or gauge, its name without the prefix, and without the `_total` that a counter adds.

    A family comes in parts of a bounded size, each of which is made when it is asked for.
    """

    kind: Literal["counter", "gauge"]
    name: str
    help: str
    labels: tuple[str, ...] = ()

    def numbers(self, values: Mapping[Labels, float]) -> Iterator[Part]:
        """The family with one sample for each label set."""
        name = f"{PREFIX}{self.name}{'_total' if self.kind == 'counter' else ''}"
        header = _header(name, self.help, self.kind)
        for some in _parts(values, _SAMPLES_AT_ONCE):
            lines = [_beginning(name, self.labels, labels) + _number(value) for labels, value in some]
            yield Part(header, "".join(lines))

    def number(self, value: float) -> Iterator[Part]:
        """The family of a metric without labels."""
        return self.numbers({(): value})


@dataclass(frozen=True, slots=True)
class DeclaredHistogram:
    """One histogram, its name without the prefix."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def histograms(self, values: Mapping[Labels, Histogram]) -> Iterator[Part]:
        """The family with one histogram for each label set."""
        header = _header(PREFIX + self.name, self.help, "histogram")
        for some in _parts(values, _HISTOGRAMS_AT_ONCE):
            yield Part(header, "".join([self._lines(labels, histogram) for labels, histogram in some]))

    def _lines(self, labels: tuple[str, ...], histogram: Histogram) -> str:
        buckets, count, total = _histogram(PREFIX + self.name, self.labels, labels, tuple(histogram.bounds))
        counts = list(accumulate(histogram.counts))
        lines = [f"{bucket}{number}.0\n" for bucket, number in zip(buckets, counts, strict=True)]
        return f"{''.join(lines)}{count}{counts[-1]}.0\n{total}{_number(histogram.total)}"


def _parts(values: Mapping[Labels, Value], size: int) -> Iterator[list[tuple[Labels, Value]]]:
    """The items in lists of at most `size`; at least one, so that an empty family has its header."""
    items = iter(values.items())
    yield list(islice(items, size))
    while some := list(islice(items, size)):
        yield some


async def render(parts: Iterable[Part]) -> bytes:
    """The page, part by part; the loop runs between any two of them."""
    pieces: list[str] = []
    last = ""
    for part in parts:
        if part.header != last:
            pieces.append(part.header)
            last = part.header
        pieces.append(part.lines)
        await asyncio.sleep(0)
    return "".join(pieces).encode()


def _header(name: str, help: str, kind: str) -> str:
    text = help.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


@lru_cache(maxsize=_MOST_KEPT)
def _beginning(name: str, names: tuple[str, ...], labels: tuple[str, ...]) -> str:
    """Of a sample's line, up to its value."""
    pairs = zip(names, labels, strict=True)
    text = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in pairs)
    return f"{name}{'{' + text + '}' if text else ''} "


@lru_cache(maxsize=_MOST_KEPT)
def _histogram(
    name: str, names: tuple[str, ...], labels: tuple[str, ...], bounds: tuple[float, ...]
) -> tuple[tuple[str, ...], str, str]:
    """Of a histogram's lines: one for each bucket, the count's, the sum's."""
    upto = (*(repr(float(bound)) for bound in bounds), "+Inf")
    return (
        tuple(_beginning(f"{name}_bucket", (*names, "le"), (*labels, bound)) for bound in upto),
        _beginning(f"{name}_count", names, labels),
        _beginning(f"{name}_sum", names, labels),
    )


def _number(value: float) -> str:
    """The rest of the line."""
    if math.isfinite(value):
        return f"{float(value)!r}\n"
    return "NaN\n" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf\n"
