"""Metrics as families, and families as Prometheus' text format 0.0.4.

The text is written in pieces that leave the event loop free between them: a page of ten thousand samples
would otherwise hold up every call.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.samples import Sample

from switch.metrics.histogram import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "centralita_"
_SAMPLES_AT_ONCE = 200
_HISTOGRAMS_AT_ONCE = 10
Labels = TypeVar("Labels", bound=tuple[str, ...])
Value = TypeVar("Value")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Declared:
    """One counter or gauge, its name without the prefix, and without the `_total` that a counter adds.

    A family comes in parts of a bounded size, each of which is made when it is asked for.
    """

    family: type[CounterMetricFamily] | type[GaugeMetricFamily]
    name: str
    help: str
    labels: tuple[str, ...] = ()

    def numbers(self, values: Mapping[Labels, float]) -> Iterator[Metric]:
        """The family with one sample for each label set."""
        for some in _parts(values, _SAMPLES_AT_ONCE):
            made = self.family(PREFIX + self.name, self.help, labels=self.labels)
            for labels, value in some:
                made.add_metric(labels, value)
            yield made

    def number(self, value: float) -> Iterator[Metric]:
        """The family of a metric without labels."""
        return self.numbers({(): value})


@dataclass(frozen=True, slots=True)
class DeclaredHistogram:
    """One histogram, its name without the prefix."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def histograms(self, values: Mapping[Labels, Histogram]) -> Iterator[Metric]:
        """The family with one histogram for each label set."""
        for some in _parts(values, _HISTOGRAMS_AT_ONCE):
            made = HistogramMetricFamily(PREFIX + self.name, self.help, labels=self.labels)
            for labels, histogram in some:
                made.add_metric(labels, histogram.buckets(), histogram.total)
            yield made


def _parts(values: Mapping[Labels, Value], size: int) -> Iterator[list[tuple[Labels, Value]]]:
    """The items in lists of at most `size`; at least one, so that an empty family has its header."""
    items = iter(values.items())
    yield list(islice(items, size))
    while some := list(islice(items, size)):
        yield some


async def render(registry: CollectorRegistry) -> bytes:
    """The page of `registry`, part by part; the loop runs between any two of them."""
    pieces: list[str] = []
    last = ""
    for part in registry.collect():
        if part.name != last:
            pieces.append(_header(part))
            last = part.name
        pieces.extend(map(_line, part.samples))
        await asyncio.sleep(0)
    return "".join(pieces).encode()


def _header(family: Metric) -> str:
    name = family.name + "_total" if family.type == "counter" else family.name
    text = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {text}\n# TYPE {name} {family.type}\n"


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
    return f"{sample.name}{'{' + labels + '}' if labels else ''} {_number(float(sample.value))}\n"


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
