"""Small plots for docs/, as plain SVG that reads on light and on dark ground."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#2f7ed8", "#d9692b", "#2b9c5b", "#a45bc4")
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #767676 }
.title { font-weight: 600 }
.grid { stroke: #8886; stroke-width: 1 }
.axis { stroke: #888; stroke-width: 1.5 }
@media (prefers-color-scheme: light) { text { fill: #333 } }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
</style>"""
_WIDTH, _HEIGHT = 760, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 40, 64, 48
_ROW, _NAME, _PANEL = 34, 270, 190

Points = Sequence[tuple[float, float]]


def lines(title: str, x_name: str, y_name: str, series: Mapping[str, Points]) -> str:
    """Lines over whole decades of a logarithmic x, y from 0; each with its own colour and mark. At least one
    point, and no x at or below 0."""
    xs = [math.log10(x) for points in series.values() for x, _ in points]
    first, last = math.floor(min(xs)), math.ceil(max(xs))
    step, most = ticks(max(y for points in series.values() for _, y in points))
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def across(x: float) -> float:
        return _LEFT + wide * (math.log10(x) - first) / max(1, last - first)

    def down(y: float) -> float:
        return _TOP + high * (1 - y / most)

    def drawn() -> Iterator[str]:
        yield _text(_LEFT, 20, title, "title")
        for number in range(round(most / step) + 1):
            y = down(number * step)
            yield _line((_LEFT, y), (_WIDTH - _RIGHT, y), "axis" if number == 0 else "grid")
            yield _text(_LEFT - 8, y + 4, f"{number * step:g}", anchor="end")
        for decade in range(first, last + 1):
            x = across(10**decade)
            yield _line((x, _TOP), (x, _HEIGHT - _BOTTOM), "grid")
            yield _text(x, _HEIGHT - _BOTTOM + 18, f"{10**decade:,}", anchor="middle")
        yield _text(_LEFT + wide / 2, _HEIGHT - 8, x_name, anchor="middle")
        at = float(_LEFT)
        for number, (name, points) in enumerate(series.items()):
            colour = COLOURS[number % len(COLOURS)]
            placed = [(across(x), down(y)) for x, y in points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (_mark(number, x, y, colour) for x, y in placed)
            yield _mark(number, at + 6, 42, colour)
            yield _text(at + 16, 46, name)
            at += 40 + 7 * len(name)
        yield _text(_WIDTH - _RIGHT, 20, y_name, anchor="end")

    return _svg(_WIDTH, _HEIGHT, drawn())


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and half of its interval."""

    mean: float
    half: float


def intervals(
    title: str, panels: Sequence[str], rows: Mapping[str, Sequence[Sequence[Interval]]], kinds: Sequence[str]
) -> str:
    """For each row and each panel the intervals of each kind, around 0; each panel has its own scale."""
    width, height = _NAME + _PANEL * len(panels) + 10, 96 + _ROW * len(rows)

    def drawn() -> Iterator[str]:
        yield _text(10, 20, title, "title")
        for number, kind in enumerate(kinds):
            yield _mark(number, 16 + 220 * number, 42, COLOURS[number])
            yield _text(26 + 220 * number, 46, kind)
        for row, name in enumerate(rows):
            yield _text(10, 92 + _ROW * row, name)
        for number, panel in enumerate(panels):
            yield from _panel(number, panel, [row[number] for row in rows.values()])

    return _svg(width, height, drawn())


def _panel(number: int, name: str, rows: Sequence[Sequence[Interval]]) -> Iterator[str]:
    reach = max((abs(one.mean) + one.half for row in rows for one in row), default=0)
    step, most = ticks(reach, 2)
    middle, bottom = _NAME + _PANEL * (number + 0.5), 76 + _ROW * len(rows)
    scale = (_PANEL / 2 - 20) / most
    yield _text(middle, 68, name, anchor="middle")
    for tick in range(-round(most / step), round(most / step) + 1):
        x = middle + tick * step * scale
        yield _line((x, 76), (x, bottom), "grid" if tick else "axis")
        yield _text(x, bottom + 15, f"{tick * step:+g}" if tick else "0", anchor="middle")
    for place, row in enumerate(rows):
        for kind, one in enumerate(row):
            y, colour = 84 + _ROW * place + 12 * kind, COLOURS[kind]
            ends = [middle + (one.mean + sign * one.half) * scale for sign in (-1, 1)]
            yield f'<path d="M{ends[0]:.1f} {y}H{ends[1]:.1f}" stroke="{colour}" stroke-width="2"/>'
            yield _mark(kind, middle + one.mean * scale, y, colour)


def ticks(reach: float, count: int = 5) -> tuple[float, float]:
    """A round step, and so many of them at most, or one more, that `reach` is within: the step and the last
    tick."""
    if reach <= 0:
        return 1.0, 1.0
    rough = reach / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough * (1 - 1e-9))
    return step, step * math.ceil(reach / step - 1e-9)


def _mark(kind: int, x: float, y: float, colour: str) -> str:
    match kind % 3:
        case 0:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        case 1:
            return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
        case _:
            return f'<path d="M{x - 5:.1f} {y + 4:.1f}h10l-5 -9z" fill="{colour}"/>'


def _line(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def _svg(width: float, height: float, parts: Iterator[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">'
    return "\n".join([head, _STYLE, *parts, "</svg>", ""])
