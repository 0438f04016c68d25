"""Makes one report, in the child: reads, rounds once, and writes every format in one go."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from switch.history.database import connect
from switch.reports import lists, tables
from switch.reports.catalogue import REPORTS, definitions
from switch.reports.formats.writers import WRITERS
from switch.reports.question import Question
from switch.reports.request import Request
from switch.reports.said import Said
from switch.reports.sheet import Sheet, Value, settle

OnProgress = Callable[[int, float | None], None]
"""So many rows are written, and such a share of the work is done."""

_PERIOD = Said("Period", "Período")
_ZONE = Said("Time zone", "Zona horaria")
_SCOPE = Said("Only of what this token sees", "Solo lo que ve este token")
_FILTERS = {
    "queue": Said("Queue", "Cola"),
    "agent": Said("Agent", "Agente"),
    "skill": Said("Skill", "Habilidad"),
    "number": Said("Number called", "Número llamado"),
    "caller": Said("Caller", "Llamante"),
    "fact": Said("Counted as", "Contadas como"),
}


async def write(request: Request, progress: OnProgress) -> tuple[int, Sheet]:
    """The files, all with the same figures; how many rows they have, and what stands around them.

    Raises SQLAlchemyError, OSError, and TooLong where a format holds no more rows.
    """
    question = request.question
    about = sheet(question)
    writers = [WRITERS[output.format](Path(output.path), about) for output in request.outputs]
    engine = connect(request.database, Path(request.data_dir))
    written = 0
    try:
        async with aclosing(_rows(engine, question)) as rows:
            async for row, share in rows:
                settled = settle(about.columns, row)
                for writer in writers:
                    writer.row(settled)
                written += 1
                progress(written, share)
        for writer in writers:
            writer.close()
    except BaseException:
        for writer in writers:
            writer.drop()
        raise
    finally:
        await engine.dispose()
    return written, about


def sheet(question: Question) -> Sheet:
    """What stands around the rows."""
    report, language = REPORTS[question.report], question.language
    lines = [(_PERIOD.in_(language), _period(question)), (_ZONE.in_(language), question.zone)]
    for name, said in _FILTERS.items():
        if (wanted := getattr(question.filters, name)) is not None:
            lines.append((said.in_(language), wanted))
    lines += [
        (f"{_SCOPE.in_(language)}: {_FILTERS[at.value].in_(language)}", ", ".join(sorted(names)))
        for at, names in lists.in_scope(question).items()
    ]
    return Sheet(
        report=question.report.value,
        title=report.title.in_(language),
        lines=lines,
        columns=report.columns,
        definitions=definitions(report, language),
        language=language,
    )


async def _rows(
    engine: AsyncEngine, question: Question
) -> AsyncGenerator[tuple[Sequence[Value], float | None], None]:
    """Each row, and how much of the work is done by then, where that is known."""
    fact = question.filters.fact
    if REPORTS[question.report].by is not None:
        async for row, share in tables.rows(engine, question):
            yield row, share
    elif fact is not None:
        async for row in lists.counted(engine, question, fact):
            yield row, None
    else:
        async with engine.connect() as connection:
            total, done = await lists.count(connection, question), 0
            async for row in lists.rows(connection, question):
                done += 1
                yield row, done / max(total, done)


def _period(question: Question) -> str:
    """As days where it begins and ends at midnight."""
    zone = ZoneInfo(question.zone)
    start, end = question.start.astimezone(zone), question.end.astimezone(zone)
    if start.hour == start.minute == start.second == end.hour == end.minute == end.second == 0:
        first, last = start.date(), end.date() - timedelta(days=1)
        return first.isoformat() if first == last else f"{first.isoformat()} - {last.isoformat()}"
    return f"{start.isoformat()} - {end.isoformat()}"
