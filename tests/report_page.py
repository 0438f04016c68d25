"""Writes docs/reference/reports.md from the reports: `python -m tests.report_page`."""

from collections.abc import Iterator
from pathlib import Path

from switch.figures import FORMULAS
from switch.language import Language
from switch.reports.catalogue import REPORTS, Report, definitions
from switch.reports.question import Name
from switch.reports.sheet import Column

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "reports.md"

_HEAD = """# Reports

Written from the reports by `python -m tests.report_page`; a test fails when this page is older than they are.
[How to get them](../how-to/reports.md). A row of figures counts an event in the interval in which it happens.
Shares are rounded to a ten-thousandth, means to a tenth of a second, sums of time to a second: once, before
any format is written.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for name, report in REPORTS.items() for line in _report(name, report))])


def _report(name: Name, report: Report) -> Iterator[str]:
    yield f"## {report.title.en} (`{name.value}`)\n"
    yield f"{report.about.en} Narrowed down by {', '.join(f'`{key}`' for key in report.filters)}.\n"
    yield "| column | in English | in Spanish | kind | formula or fact |\n|---|---|---|---|---|"
    for column in report.columns:
        title = column.title
        yield f"| `{column.id}` | {title.en} | {title.es} | {column.kind.value} | {_source(column)} |"
    yield ""
    for definition in definitions(report, Language.EN):
        yield f"- `{definition.formula}`: {definition.text}"
    yield ""


def _source(column: Column) -> str:
    if column.formula is not None:
        return f"`{column.formula}` v{FORMULAS[column.formula].version}"
    return "" if column.fact is None else f"`{column.fact.value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
