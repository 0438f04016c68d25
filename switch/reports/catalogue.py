"""The reports as data: what each is called, its columns, and by what it may be narrowed down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from switch.figures.calendar import Interval
from switch.figures.facts import Dimension, Fact
from switch.figures.formulas import FORMULAS, Unit
from switch.language import Language
from switch.reports.question import Filters, Name
from switch.reports.rows import ColumnRow, ReportRow
from switch.reports.said import Said
from switch.reports.sheet import Column, Definition, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report; `about` says what a row of it is. One of figures is told `by` dimensions and, where it has
    an `interval`, by that; a total stands below where `total` says so."""

    title: Said
    about: Said
    columns: tuple[Column, ...]
    filters: tuple[str, ...]
    by: tuple[Dimension, ...] | None = None
    interval: Interval | None = None
    total: bool = False


_KINDS: Final = {
    Unit.RATIO: Kind.SHARE,
    Unit.SECONDS: Kind.SECONDS,
    Unit.COUNT: Kind.COUNT,
    Unit.SCORE: Kind.SCORE,
}


def _text(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), Kind.TEXT)


def _seconds(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), Kind.SECONDS)


def _time(name: str, en: str, es: str) -> tuple[Column, Column]:
    """A time that a row counts at, and how far it is from UTC."""
    return Column(name, Said(en, es), Kind.TIME), _text("utc_offset", "UTC offset", "Desfase UTC")


def _count(fact: Fact, en: str, es: str) -> Column:
    return Column(fact.value, Said(en, es), Kind.COUNT, fact=fact)


def _sum(fact: Fact, en: str, es: str) -> Column:
    return Column(fact.value.removesuffix("_us"), Said(en, es), Kind.DURATION, fact=fact)


def _figure(name: str, en: str, es: str) -> Column:
    return Column(name, Said(en, es), _KINDS[FORMULAS[name].unit], formula=name)


_QUEUE = _text("queue", "Queue", "Cola")
_AGENT = _text("agent", "Agent", "Agente")
_FROM = _text("from", "From", "Origen")
_TO = _text("to", "To", "Destino")
_CALL = _text("call", "Call", "Llamada")
_OFFERED = _count(Fact.OFFERED, "Offered", "Ofrecidas")
_ANSWERED = _count(Fact.ANSWERED, "Answered", "Atendidas")
_WITHIN = _count(Fact.ANSWERED_WITHIN, "In target", "En objetivo")
_ABANDONED = _count(Fact.ABANDONED, "Abandoned", "Abandonos")
_SHORT = _count(Fact.ABANDONED_SHORT, "Short abandons", "Abandonos cortos")
_LEVEL = _figure("service_level.abandons_negative", "Service level", "Nivel de servicio")
_ASA = _figure("speed_of_answer", "ASA (s)", "ASA (s)")
_RATE = _figure("abandon_rate", "Abandon rate", "Tasa de abandono")
_AHT = _figure("handle_time", "AHT (s)", "AHT (s)")
_CONSERVED = (
    _count(Fact.WAITING_AT_START, "Waiting at start", "En espera al inicio"),
    _OFFERED,
    _ANSWERED,
    _ABANDONED,
    _count(Fact.FLOWED_OUT, "Flowed out", "Desbordadas"),
    _count(Fact.ENDED_OTHERWISE, "Ended otherwise", "Otro final"),
    _count(Fact.WAITING_AT_END, "Waiting at end", "En espera al final"),
)
"""The first two are as many as the others, always."""
_SERVICE = (_WITHIN, _SHORT, _LEVEL, _ASA, _RATE, _AHT)
_OF_VISITS = ("queue", "skill", "number")
_OF_CALLS = ("queue", "agent", "number", "caller", "fact")

REPORTS: Final[Mapping[Name, Report]] = {
    Name.QUEUES: Report(
        title=Said("Queues", "Colas"),
        about=Said("Each queue over the whole period.", "Cada cola en todo el período."),
        columns=(
            _QUEUE,
            *_CONSERVED,
            *_SERVICE,
            _figure("speed_of_answer.p50", "ASA p50 (s)", "ASA p50 (s)"),
            _figure("speed_of_answer.p90", "ASA p90 (s)", "ASA p90 (s)"),
            _figure("abandon_time", "Time to abandon (s)", "Tiempo de abandono (s)"),
            _figure("talk_time", "ATT (s)", "ATT (s)"),
        ),
        filters=_OF_VISITS,
        by=(Dimension.QUEUE,),
        total=True,
    ),
    Name.INTERVALS: Report(
        title=Said("Intervals", "Intervalos"),
        about=Said("Each queue in each interval of the period.", "Cada cola en cada intervalo del período."),
        columns=(*_time("start", "From", "Desde"), _QUEUE, *_CONSERVED, *_SERVICE),
        filters=_OF_VISITS,
        by=(Dimension.QUEUE,),
        interval=Interval.HALF,
    ),
    Name.HOURS: Report(
        title=Said("Hours by weekday", "Horas por día de la semana"),
        about=Said(
            "Each hour of each weekday, over all weeks of the period.",
            "Cada hora de cada día de la semana, en todas las semanas del período.",
        ),
        columns=(
            _text("weekday", "Weekday", "Día"),
            _text("hour", "Hour", "Hora"),
            _OFFERED,
            _ANSWERED,
            _ABANDONED,
            *_SERVICE,
        ),
        filters=_OF_VISITS,
        by=(),
        interval=Interval.HOUR,
    ),
    Name.ABANDONS: Report(
        title=Said("Abandons", "Abandonos"),
        about=Said(
            "Callers who hung up while they waited in a queue, each time they did, by when they did.",
            "Quienes colgaron mientras esperaban en una cola, cada vez, según cuándo colgaron.",
        ),
        columns=(
            *_time("left_at", "Hung up", "Colgó"),
            _QUEUE,
            _FROM,
            _TO,
            _seconds("wait_s", "Waited (s)", "Espera (s)"),
            _CALL,
        ),
        filters=("queue", "number", "caller"),
    ),
    Name.AGENTS: Report(
        title=Said("Agents", "Agentes"),
        about=Said("Each agent over the whole period.", "Cada agente en todo el período."),
        columns=(
            _AGENT,
            _ANSWERED,
            _AHT,
            _figure("talk_time", "ATT (s)", "ATT (s)"),
            _count(Fact.OFFERS, "Offers", "Ofertas"),
            _count(Fact.OFFERS_UNANSWERED, "Not answered", "Sin respuesta"),
            _figure("no_answer_rate", "No-answer rate", "Tasa de no respuesta"),
            _figure("transfer_rate", "Transfer rate", "Tasa de transferencia"),
            _sum(Fact.READY_US, "Ready", "Disponible"),
            _sum(Fact.RINGING_US, "Ringing", "Timbrando"),
            _sum(Fact.ON_CALL_US, "On call", "En llamada"),
            _sum(Fact.WRAPPING_US, "Wrap-up", "Postllamada"),
            _sum(Fact.PAUSED_US, "Paused", "En pausa"),
            _sum(Fact.UNREACHABLE_US, "Unreachable", "Inalcanzable"),
            _figure("occupancy", "Occupancy", "Ocupación"),
            _figure("utilisation", "Utilisation", "Utilización"),
        ),
        filters=("agent",),
        by=(Dimension.AGENT,),
        total=True,
    ),
    Name.PAUSES: Report(
        title=Said("Pauses", "Pausas"),
        about=Said(
            "Each agent's pauses by their reason: how many began in the period, and how long he was in them.",
            "Las pausas de cada agente por motivo: cuántas empezaron en el período, y cuánto duraron en él.",
        ),
        columns=(
            _AGENT,
            _text("reason", "Reason", "Motivo"),
            _count(Fact.PAUSES, "Pauses", "Pausas"),
            _sum(Fact.PAUSED_US, "Time", "Tiempo"),
            _figure("pause_time", "Average (s)", "Media (s)"),
        ),
        filters=("agent",),
        by=(Dimension.AGENT, Dimension.REASON),
    ),
    Name.CALLS: Report(
        title=Said("Call list", "Lista de llamadas"),
        about=Said(
            "Calls that ended in the period, by when they ended; or those that a fact of it counts. Queue,"
            " agent and wait are those of the last answered visit to a queue, else of the last.",
            "Llamadas que terminaron en el período, según cuándo terminaron; o las que cuenta un hecho de él."
            " Cola, agente y espera son los de la última visita atendida a una cola, si no de la última.",
        ),
        columns=(
            *_time("ended_at", "Ended", "Fin"),
            Column("started_at", Said("Started", "Inicio"), Kind.TIME),
            _text("direction", "Direction", "Sentido"),
            _FROM,
            _TO,
            _text("trunk", "Trunk", "Troncal"),
            _QUEUE,
            _AGENT,
            _seconds("wait_s", "Waited (s)", "Espera (s)"),
            _seconds("talk_s", "Talked (s)", "Conversación (s)"),
            _seconds("hold_s", "On hold (s)", "Retención (s)"),
            _seconds("wrap_up_s", "Wrap-up (s)", "Postllamada (s)"),
            _text("result", "Result", "Resultado"),
            _text("reason", "Reason", "Motivo"),
            _CALL,
        ),
        filters=_OF_CALLS,
    ),
    Name.DAYS: Report(
        title=Said("Service level by day", "Nivel de servicio por día"),
        about=Said("Each queue on each day of the period.", "Cada cola en cada día del período."),
        columns=(
            Column("day", Said("Day", "Día"), Kind.DAY),
            _QUEUE,
            _OFFERED,
            _ANSWERED,
            _ABANDONED,
            *_SERVICE,
            _figure("service_level.answered_only", "SL of the answered", "NS de las atendidas"),
            _figure(
                "service_level.abandons_ignored", "SL, early abandons ignored", "NS sin abandonos tempranos"
            ),
            _figure(
                "service_level.abandons_positive", "SL, early abandons met", "NS, abandonos tempranos a favor"
            ),
            _figure("service_level.offered", "SL of the offered", "NS sobre ofrecidas"),
        ),
        filters=_OF_VISITS,
        by=(Dimension.QUEUE,),
        interval=Interval.DAY,
    ),
}


def definitions(report: Report, language: Language) -> tuple[Definition, ...]:
    """How each figure of the report is found, in the order of its columns."""
    return tuple(
        Definition(f"{column.formula} v{FORMULAS[column.formula].version}", ": ".join(words))
        for column in report.columns
        if column.formula is not None and (words := FORMULAS[column.formula].words(language.value))
    )


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
            columns=tuple(_columns(report, language)),
            filters=report.filters,
        )
        for name, report in REPORTS.items()
    ]


def _columns(report: Report, language: Language) -> Iterator[ColumnRow]:
    for column in report.columns:
        formula = None if column.formula is None else FORMULAS[column.formula]
        facts = () if column.fact is None else (column.fact,)
        yield ColumnRow(
            id=column.id,
            title=column.title.in_(language),
            kind=column.kind,
            formula=column.formula,
            version=None if formula is None else formula.version,
            definition=None if formula is None else formula.words(language.value).definition,
            facts=facts
            if formula is None
            else tuple(dict.fromkeys((*formula.numerator, *formula.denominator))),
        )
