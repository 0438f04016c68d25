"""Every figure the slow and plain way, from what the tables hold. Imports nothing of ours.

Written from the table of formulas that the product owner gave: O offered, A answered, A_T answered within T,
Ab abandoned, Ab_s within the short limit, Ab_T within T, F flow-outs, X otherwise. For each interval and key
the rows are gone through from the first to the last, and the formula is typed out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Value = float | None

FLOW_OUTS = ("overflowed", "voicemail", "callback")
BUSY = ("on_call", "wrap_up", "ringing")
LOGGED_IN = (*BUSY, "ready", "paused", "unreachable")
STATES = (*LOGGED_IN, "offline")


@dataclass
class Tables:
    """Rows as `select *` gives them, with aware times; visits with `number` and `trunk` of their call."""

    visits: list[Row]
    offers: list[Row]
    transfers: list[Row]
    legs: list[Row]
    states: list[Row]


def intervals(start: datetime, end: datetime, zone: str, minutes: int) -> list[tuple[datetime, datetime]]:
    """Minute by minute: a new interval begins where the clock on the wall says so, or is changed."""
    found: list[tuple[datetime, datetime]] = []
    before: object = None
    at = start.astimezone(UTC)
    while at < end:
        wall = at.astimezone(ZoneInfo(zone))
        label: object = wall.date()
        if minutes < 1440:
            label = (wall.date(), (wall.hour * 60 + wall.minute) // minutes, wall.utcoffset())
        if label == before:
            found[-1] = (found[-1][0], at + timedelta(minutes=1))
        else:
            found.append((at, at + timedelta(minutes=1)))
        before = label
        at += timedelta(minutes=1)
    return found


def seconds(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


def some(value: float | None) -> Fraction:
    return Fraction(round((value or 0) * 1e6), 1_000_000)


def divide(numerator: Fraction | int, denominator: Fraction | int) -> Value:
    return float(Fraction(numerator) / Fraction(denominator)) if denominator > 0 else None


def values_of(row: Row, dimension: str) -> list[str]:
    """What a row has of a dimension; nothing where it has none."""
    if dimension == "skill":
        return (row["skills"].split() or [""]) if "skills" in row else []
    value = row.get(dimension)
    return [] if value is None else [value]


class Brute:
    """The figures of all rows of one key, the empty one for everybody."""

    def __init__(self, tables: Tables, dimension: str | None = None, key: str | None = None) -> None:
        def mine(rows: Iterable[Row]) -> list[Row]:
            return [row for row in rows if dimension is None or key in values_of(row, dimension)]

        self.reason = key if dimension == "reason" else None
        if self.reason is not None:  # of a pause: nothing else has one that counts
            self.visits, self.offers, self.transfers, self.legs = [], [], [], []
            self.states = tables.states
        else:
            self.visits = mine(tables.visits)
            self.offers = mine(tables.offers)
            self.transfers = mine(tables.transfers)
            self.legs = mine([{**leg, "trunk": leg["peer"]} for leg in tables.legs if leg["of_trunk"]])
            self.states = mine(tables.states)
        self.of_agent = dimension == "agent"

    def law(self, start: datetime, end: datetime) -> tuple[int, int]:
        """Both sides: O + carried in, A + Ab + F + X + still waiting."""

        def waiting(at: datetime) -> int:
            return sum(v["entered_at"] < at <= v["left_at"] for v in self.visits)

        offered = sum(start <= v["entered_at"] < end for v in self.visits)
        left = sum(start <= v["left_at"] < end for v in self.visits)
        return offered + waiting(start), left + waiting(end)

    def in_states(self, start: datetime, end: datetime) -> dict[str, Fraction]:
        """Seconds of the agents in each state: from one row of an agent to his next."""
        found = dict.fromkeys(STATES, Fraction(0))
        for agent in {row["agent"] for row in self.states}:
            his = sorted((row for row in self.states if row["agent"] == agent), key=lambda row: row["since"])
            for row, following in zip(his, [*his[1:], None], strict=True):
                first = max(row["since"], start)
                last = end if following is None else min(following["since"], end)
                if first < last and self.counts(row):
                    found[row["state"]] += seconds(last - first)
        return found

    def counts(self, state: Row) -> bool:
        """Whether it is one of those asked for: all, unless a pause's reason is."""
        return self.reason is None or (state["state"] == "paused" and (state["reason"] or "") == self.reason)

    def figures(self, start: datetime, end: datetime) -> dict[str, Value]:
        """By the formulas' ids, of the interval from `start` to before `end`."""

        def here(rows: list[Row], column: str) -> list[Row]:
            return [row for row in rows if row[column] is not None and start <= row[column] < end]

        def count(rows: list[Row], holds: Callable[[Row], bool]) -> int:
            return sum(map(holds, rows))

        def wait(v: Row) -> Fraction:
            return seconds(v["left_at"] - v["entered_at"])

        def target(v: Row) -> Fraction:
            return some(20.0 if v["within_s"] is None else v["within_s"])

        def short(v: Row) -> Fraction:
            return some(5.0 if v["short_abandon_s"] is None else v["short_abandon_s"])

        left = here(self.visits, "left_at")
        answered = [v for v in left if v["result"] == "answered"]
        abandoned = [v for v in left if v["result"] == "abandoned"]
        a, ab = len(answered), len(abandoned)
        o = 0 if self.of_agent else len(here(self.visits, "entered_at"))
        a_t = count(answered, lambda v: wait(v) <= target(v))
        ab_s = count(abandoned, lambda v: wait(v) <= short(v))
        ab_t = count(abandoned, lambda v: wait(v) <= target(v))
        waits = sorted(wait(v) for v in answered)
        talk = sum((some(v["talk_s"]) for v in answered), Fraction(0))
        handle = sum(
            (some(v["talk_s"]) + some(v["hold_s"]) + some(v["wrap_up_s"]) for v in answered), Fraction(0)
        )
        offers, transfers = here(self.offers, "ended_at"), here(self.transfers, "at")
        blind = count(transfers, lambda t: t["kind"] == "blind")
        attended = count(transfers, lambda t: t["kind"] == "attended")
        state = self.in_states(start, end)
        pauses = count(here(self.states, "since"), lambda row: row["state"] == "paused" and self.counts(row))
        busy = sum(state[name] for name in BUSY)
        return {
            "service_level.answered_only": divide(a_t, a),
            "service_level.abandons_ignored": divide(a_t, a + ab - ab_t),
            "service_level.abandons_negative": divide(a_t, a + ab - ab_s),
            "service_level.abandons_positive": divide(a_t + ab_t, a + ab),
            "service_level.offered": divide(a_t, o),
            "service_level.live": divide(a_t, a + ab - ab_s),
            "speed_of_answer": divide(sum(waits, Fraction(0)), a),
            "speed_of_answer.p50": nearest_rank(waits, Fraction(1, 2)),
            "speed_of_answer.p90": nearest_rank(waits, Fraction(9, 10)),
            "abandon_time": divide(sum((wait(v) for v in abandoned), Fraction(0)), ab),
            "abandon_rate": divide(ab - ab_s, o - ab_s),
            "abandon_rate.raw": divide(ab, o),
            "talk_time": divide(talk, a),
            "handle_time": divide(handle, a),
            "occupancy": divide(busy, busy + state["ready"]),
            "utilisation": divide(
                state["on_call"] + state["wrap_up"], sum(state[name] for name in LOGGED_IN)
            ),
            "pause_time": divide(state["paused"], pauses),
            "transfer_rate": divide(blind + attended, a),
            "transfer_rate.blind": divide(blind, a),
            "transfer_rate.attended": divide(attended, a),
            "no_answer_rate": divide(count(offers, lambda row: row["result"] == "no_answer"), len(offers)),
            **carrier(here(self.legs, "ended_at")),
        }


def carrier(legs: list[Row]) -> dict[str, Value]:
    """What carriers are judged by."""
    ours = [leg for leg in legs if leg["role"] != "caller"]
    answered = [leg for leg in ours if leg["answered_at"] is not None]
    others = [leg for leg in ours if leg["answered_at"] is None]
    busy = [leg for leg in others if leg["sip_status"] in (486, 600)]
    silent = [
        leg
        for leg in others
        if leg not in busy and (leg["ringing_at"] is not None or leg["sip_status"] in (408, 480))
    ]
    rang = [leg for leg in ours if leg["ringing_at"] is not None]
    heard = [leg for leg in legs if leg["mos"] is not None]
    talked = sum((seconds(leg["ended_at"] - leg["answered_at"]) for leg in answered), Fraction(0))
    delay = sum((seconds(leg["ringing_at"] - leg["invited_at"]) for leg in rang), Fraction(0))
    return {
        "trunk.answer_seizure": divide(len(answered), len(ours)),
        "trunk.network_effectiveness": divide(len(answered) + len(busy) + len(silent), len(ours)),
        "trunk.call_duration": divide(talked, len(answered)),
        "trunk.post_dial_delay": divide(delay, len(rang)),
        "trunk.mos": divide(
            sum((Fraction(round(leg["mos"] * 1000), 1000) for leg in heard), Fraction(0)), len(heard)
        ),
    }


def nearest_rank(waits: list[Fraction], share: Fraction) -> Value:
    """In tenths of a second, rounded up."""
    if not waits:
        return None
    return ceil(waits[max(1, ceil(share * len(waits))) - 1] * 10) / 10
