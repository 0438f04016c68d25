"""The reports as data: what each is called, its columns, and by what it may be narrowed down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from switch.language import Language
from switch.reports.question import Filters, Name
from switch.reports.rows import ColumnRow, ReportRow
from switch.reports.said import Said
from switch.reports.sheet import Column, Definition, Kind


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `about` says what a row of it is."""

    title: Said
    about: Said
    columns: tuple[Column, ...]
    filters: tuple[str, ...]


def _text(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), Kind.TEXT)


def _time(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), Kind.TIME)


def _seconds(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), Kind.SECONDS)


_OFFSET = _text("utc_offset", "UTC offset", "Desfase UTC")
_QUEUE = _text("queue", "Queue", "Cola")
_AGENT = _text("agent", "Agent", "Agente")
_FROM = _text("from", "From", "Origen")
_TO = _text("to", "To", "Destino")
_CALL = _text("call", "Call", "Llamada")

REPORTS: Final[Mapping[Name, Report]] = {
    Name.ABANDONS: Report(
        Said("Abandons", "Abandonos"),
        Said(
            "Callers who hung up while they waited in a queue, each time they did, by when they did.",
            "Quienes colgaron mientras esperaban en una cola, cada vez, por cuándo colgaron.",
        ),
        (
            _time("left_at", "Hung up", "Colgó"),
            _OFFSET,
            _QUEUE,
            _FROM,
            _TO,
            _seconds("wait_s", "Waited (s)", "Espera (s)"),
            _CALL,
        ),
        ("queue", "number"),
    ),
    Name.CALLS: Report(
        Said("Call list", "Lista de llamadas"),
        Said(
            "Calls that ended in the period, by when they ended; queue, agent and wait are those of the last"
            " answered visit to a queue, else of the last.",
            "Llamadas que terminaron en el período, por cuándo terminaron; cola, agente y espera son los de"
            " la última visita atendida a una cola, si no de la última.",
        ),
        (
            _time("ended_at", "Ended", "Fin"),
            _OFFSET,
            _time("started_at", "Started", "Inicio"),
            _text("direction", "Direction", "Sentido"),
            _FROM,
            _TO,
            _text("trunk", "Trunk", "Troncal"),
            _QUEUE,
            _AGENT,
            _seconds("wait_s", "Waited (s)", "Espera (s)"),
            _seconds("talk_s", "Talked (s)", "Conversación (s)"),
            _seconds("hold_s", "On hold (s)", "Retención (s)"),
            _seconds("wrap_up_s", "Wrap-up (s)", "Cierre (s)"),
            _text("result", "Result", "Resultado"),
            _text("reason", "Reason", "Motivo"),
            _CALL,
        ),
        ("queue", "agent", "number"),
    ),
}


def definitions(report: Report, language: Language) -> tuple[Definition, ...]:
    """How each figure of the report is found, in the order of its columns."""
    return ()


def refused(report: Name, filters: Filters) -> list[str]:
    """By what the report cannot be narrowed down, in words."""
    by = REPORTS[report].filters
    return [
        f"{key}: the report {report.value} is narrowed down by {', '.join(by)}"
        for key in filters.__struct_fields__
        if getattr(filters, key) is not None and key not in by
    ]


def rows(language: Language) -> list[ReportRow]:
    """Every report, as the API tells of it."""
    return [
        ReportRow(
            name=name,
            title=report.title.in_(language),
            about=report.about.in_(language),
            columns=tuple(
                ColumnRow(id=each.id, title=each.title.in_(language), kind=each.kind, formula=each.formula)
                for each in report.columns
            ),
            filters=report.filters,
        )
        for name, report in REPORTS.items()
    ]
