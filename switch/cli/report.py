"""`centralita report`: have a report made, watch it grow, and take its result."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from switch.cli.arguments import AgentOption, ConfigOption, QueueOption
from switch.cli.client import DEFAULT_CONFIG, Client, Refusal
from switch.cli.completion import names
from switch.cli.outcome import asking, leave
from switch.cli.show import console
from switch.cli.tables import Column, table
from switch.figures.facts import Fact
from switch.language import Language
from switch.reports.question import Format

_AT_ONCE_S: Final = "2"
_POLL_S: Final = 0.3
_NOTHING: Final = "it has no rows: nothing of that in the period, or a name is not one of yours"
_BINARY: Final = (Format.XLSX, Format.PDF)
_REPORTS: Final = (
    Column("REPORT", lambda row: row["name"]),
    Column("WHAT IT TELLS", lambda row: row["about"]),
    Column("NARROWED BY", lambda row: " ".join(row["filters"])),
)


def report(
    name: Annotated[
        str | None,
        typer.Argument(help="Which one; without it they are listed.", autocompletion=names("reports")),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="A day, or a moment (RFC 3339). Default: today, in the zone.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="The last day, or a moment that is not included. Default: as --from.")
    ] = None,
    queue: QueueOption = None,
    agent: AgentOption = None,
    skill: Annotated[str | None, typer.Option(help="Only calls that asked for this skill.")] = None,
    number: Annotated[str | None, typer.Option(help="Only calls to this number.")] = None,
    caller: Annotated[str | None, typer.Option(help="Only calls from this number.")] = None,
    fact: Annotated[
        Fact | None, typer.Option(help="Only calls that it counts: those behind a figure.")
    ] = None,
    interval: Annotated[int, typer.Option(help="Minutes of an interval: 15, 30 or 60.")] = 30,
    zone: Annotated[str | None, typer.Option(help="Default: the server's.")] = None,
    language: Annotated[Language | None, typer.Option(help="Default: the server's.")] = None,
    format: Annotated[Format, typer.Option(help="What it is written as.")] = Format.TABLE,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where it is written; - is the output.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """A report of a period: figures by queue, agent and time with their definitions, or lists of calls."""
    wish = {
        "from": from_,
        "to": to,
        "interval": interval,
        "zone": zone,
        "language": language,
        "format": format,
        "queue": queue,
        "agent": agent,
        "skill": skill,
        "number": number,
        "caller": caller,
        "fact": fact,
    }
    if output is None and format in _BINARY and name is not None:
        leave(2, f"--output: name the file that the {format.value} is written to")
    with asking(config) as client:
        if name is None:
            rows = client.ask("GET", "/reports", params=_given({"language": language})).json()["items"]
            console().print(table(_REPORTS, rows))
            return
        job = _made(client, name, _given(wish))
        with _opened(output) as out, client.stream(f"/reports/jobs/{job}/result", {}) as response:
            for chunk in response.iter_bytes():
                out.write(chunk)
        client.ask("DELETE", f"/reports/jobs/{job}")


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if value is not None}


def _made(client: Client, name: str, wish: dict[str, Any]) -> str:
    """The id of the job, once it is done; an interrupt cancels it. Raises Refusal."""
    row = client.ask(
        "POST", f"/reports/{quote(name, safe='')}", json=wish, params={"wait": _AT_ONCE_S}
    ).json()
    path = f"/reports/jobs/{row['id']}"
    try:
        with _bar() as bar:
            task = bar.add_task(name, total=None, rows=row["rows"])
            while row["state"] in ("waiting", "running"):
                bar.update(
                    task, total=1.0 if row["share"] else None, completed=row["share"] or 0.0, rows=row["rows"]
                )
                time.sleep(_POLL_S)
                row = client.ask("GET", path).json()
    except KeyboardInterrupt:
        client.ask("DELETE", path)
        leave(1, "cancelled")
    if row["state"] != "done":
        raise Refusal(row["why"] or row["state"])
    if not row["rows"]:
        print(_NOTHING, file=sys.stderr)
    return str(row["id"])


def _bar() -> Progress:
    """On standard error, where somebody looks at it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]} rows"))
    err = Console(stderr=True)
    return Progress(*columns, TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def _opened(file: str | None) -> Iterator[BinaryIO]:
    if file is None or file == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    try:
        out = open(file, "wb")  # noqa: SIM115 - the block below ends it; what fails in it is not its opening
    except OSError as error:
        leave(1, f"{file}: {error.strerror}")
    with out:
        yield out
