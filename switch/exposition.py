"""Metrics as families, and families as Prometheus' text format 0.0.4.

The text is written in pieces that leave the event loop free between them: a page of ten thousand samples
would otherwise hold up every call.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.samples import Sample

from switch.histogram import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "centralita_"
_SAMPLES_AT_ONCE = 200
Labels = TypeVar("Labels", bound=tuple[str, ...])
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric, its name without the prefix, and without the `_total` that a counter adds."""

    family: type[CounterMetricFamily] | type[GaugeMetricFamily]
    name: str
    help: str
    labels: tuple[str, ...] = ()

    def numbers(self, values: Mapping[Labels, float]) -> Metric:
        """The family with one sample for each label set."""
        made = self.family(PREFIX + self.name, self.help, labels=self.labels)
        for labels, value in values.items():
            made.add_metric(labels, value)
        return made

    def number(self, value: float) -> Metric:
        """The family of a metric without labels."""
        return self.numbers({(): value})


@dataclass(frozen=True, slots=True)
class DeclaredHistogram:
    """One histogram, its name without the prefix."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def histograms(self, values: Mapping[Labels, Histogram]) -> Metric:
        """The family with one histogram for each label set."""
        made = HistogramMetricFamily(PREFIX + self.name, self.help, labels=self.labels)
        for labels, histogram in values.items():
            made.add_metric(labels, histogram.buckets(), histogram.total)
        return made


async def render(registry: CollectorRegistry) -> bytes:
    """The page of `registry`, family by family; the loop runs between any two pieces of it."""
    pieces: list[str] = []
    for family in registry.collect():
        for piece in _pieces(family):
            pieces.append(piece)
            await asyncio.sleep(0)
    return "".join(pieces).encode()


def _pieces(family: Metric) -> Iterator[str]:
    name = family.name + "_total" if family.type == "counter" else family.name
    text = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {name} {text}\n# TYPE {name} {family.type}\n"
    for first in range(0, len(family.samples), _SAMPLES_AT_ONCE):
        yield "".join(map(_line, family.samples[first : first + _SAMPLES_AT_ONCE]))


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
    return f"{sample.name}{'{' + labels + '}' if labels else ''} {_number(float(sample.value))}\n"


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
