"""Writes the page of the figures from the registry: `python -m tests.figure_page`."""

from collections.abc import Iterator
from pathlib import Path

from switch.figures.facts import Dimension, Fact
from switch.figures.formulas import FORMULAS, Formula, Sum

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "figures.md"

_HEAD = """# Figures

Written from the registry in `switch/figures/` by `python -m tests.figure_page`; a test fails when this page
is older than it. Every number names its formula and version; a formula is never changed, only followed by
the next version. Reports and `GET /api/v1/figures` compute by these and by nothing else.

## What is counted, and when

An event counts in the interval in which it happens: a visit is offered when it enters the queue, and
answered, abandoned or sent on when it leaves. Talk, hold and wrap-up count with the answer to which they
belong, so that handle times have the calls of their own denominator; offers to agents count when they end,
transfers when they are asked for, attempts at trunks when their leg ends, and an agent's seconds where they
pass. Over short intervals, so, who came in one interval may be answered in the next.

For every queue and interval: offered + waiting at the start = answered + abandoned + flowed out + ended
otherwise + waiting at the end. Each second of an agent is in exactly one state. A wait is within the
target, or short, if it is no longer than `service_level.within` and `short_abandon` were when the visit
ended.

Intervals are those of the clock on the wall in `server.timezone`: 15, 30 or 60 minutes, or days. Where the
clock is set back, an hour comes twice and is two intervals; a day of 25 hours has 100 quarters, one of 23
has 92.

A visit that asks for several skills counts for each of them, so sums over skills are more than the whole.
By agent there is no offered and no waiting: who calls does not call him. A transfer is blind where the
agent had not spoken to who gets the caller, else attended. Pauses are told by reason as well; a pause counts
where it begins, its seconds where they pass, and a change of the reason begins another.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((_HEAD, *_formulas(), *_facts()))


def _formulas() -> Iterator[str]:
    yield "## Formulas\n"
    for formula in FORMULAS.values():
        english, spanish = formula.words("en"), formula.words("es")
        by = ", ".join(each.value for each in Dimension if each in formula.by)
        yield f"### `{formula.id}`, version {formula.version}\n"
        yield f"{english.name}: {english.definition}.\n"
        yield f"*{spanish.name}: {spanish.definition}.*\n"
        yield f"{_quotient(formula)}; in {formula.unit.value}; by {by}.\n"


def _quotient(formula: Formula) -> str:
    if formula.percentile is not None:
        return f"Percentile {formula.percentile:g} of the waits of `answered`"
    return f"{_sum(formula.numerator)} ÷ {_sum(formula.denominator)}"


def _sum(parts: Sum) -> str:
    written = "".join(f" {'−' if factor < 0 else '+'} `{fact.value}`" for fact, factor in parts.items())
    return f"({written.removeprefix(' + ')})" if len(parts) > 1 else written.removeprefix(" + ")


def _facts() -> Iterator[str]:
    yield "## Counts\n"
    yield "Names that end in `_us` are microseconds, in `_milli` thousandths.\n"
    yield ", ".join(f"`{fact.value}`" for fact in Fact) + ".\n"


if __name__ == "__main__":
    PAGE.write_text(page())
