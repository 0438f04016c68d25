"""Writes the page of the configuration: `python -m tests.configuration_page`."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from acd.recipe import Bound
from switch.config.addresses import HostPort, Listen, Proxy, Source
from switch.config.hours import PublicHolidays
from switch.config.schema import Config
from switch.config.targets import (
    ClockTarget,
    CodeTarget,
    ConferenceTarget,
    DialledPhone,
    EchoTarget,
    HangupTarget,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    QueueTarget,
    ToneTarget,
    TrunkTarget,
)
from switch.hours.calendar import Rule
from switch.reports.periods import Every

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "configuration.md"
SAMPLE: Final = ROOT / "config" / "centralita.yaml"
_NAMES: Final = {
    "trunks": "carrier",
    "phones": "1002",
    "agents": "ana",
    "queues": "support",
    "hours": "office",
    "music": "default",
}
"""Under which name the sample has one."""
_PLAIN: Final[Mapping[object, str]] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    Path: "file",
    SecretStr: "secret",
    range: "ports, such as 20000-29999",
    Listen: "TRANSPORT:ADDRESS:PORT",
    HostPort: "ADDRESS:PORT",
    IPv4Network: "network",
    IPv6Network: "network",
    Source: "network or ADDRESS:PORT",
    QueueTarget: "`queue:NAME`",
    PhoneTarget: "`phone:NAME`",
    TrunkTarget: "`trunk:NAME`",
    ConferenceTarget: "`conference:NAME`",
    HangupTarget: "`hangup`",
    DialledPhone: "`phone`",
    EchoTarget: "`echo`",
    ToneTarget: "`tone`",
    ClockTarget: "`clock`",
    PickupTarget: "`pickup`",
    CodeTarget: "`code`",
    ParkTarget: "`park`",
    Proxy: "SIP URI",
    Bound: "number, or percentage",
    Every: "how often",
    Rule: "opening time",
    PublicHolidays: "country or region",
}
_READ: Final = {"duration": "duration", "percent": "percentage", "flag": "true or false", "secret": "secret"}
"""Of what is read by a function of switch.config.values."""
_COMMENT: Final = re.compile(
    r"^(?P<indent>\s*(?:# )?)(?P<key>[\w\"]+):(?P<rest>.*?)(?:\s#\s(?P<comment>.*))?$"
)
_HEAD: Final = """# Configuration, key by key

Written from the types and from the comments of [the sample](../../config/centralita.yaml) by
`python -m tests.configuration_page`; a test fails when this page is older than they are. The sample shows
how it looks in YAML; `centralita check FILE` names every mistake with its line, column and remedy. NAME is
yours to choose. Durations are `500ms`, `20s`, `5m`, `1h`. *(restart)* says that a reload does not apply it.
A secret may be `"${NAME}"` of the environment; where `secret` may stand, `secret_file` may.

"""


def page() -> str:
    """The whole page."""
    return _HEAD + "\n".join(_section(Config, "", "")) + "\n"


def _section(of: type[BaseModel], path: str, sample: str) -> Iterator[str]:
    """The keys of a section in a table, then the sections below it."""
    below: list[tuple[type[BaseModel], str, str]] = []
    rows = []
    for name, field in of.model_fields.items():
        key = field.alias or name
        there, shown = (f"{path}.{key}" if path else key), (f"{sample}.{key}" if sample else key)
        inner, wraps = _inner(field.annotation)
        if inner is not None:
            each = {"dict": f"{there}.NAME", "list": f"{there}[]", "": there}[wraps]
            below.append((inner, each, f"{shown}.{_NAMES.get(key, '')}" if wraps == "dict" else shown))
        rows.append((there, _takes(field), _default(field), _meaning(of, name, shown)))
    if path:
        yield from ("", f"## `{path}`", "")
        words = (inspect.getdoc(of) or "").removeprefix(f"`{path}`").removeprefix(": ")
        yield from (f"{words[0].upper()}{words[1:]}", "") if words else ()
        yield from ("| key | takes | default | what |", "|---|---|---|---|")
        for key, takes, default, meaning in rows:
            yield f"| `{key.rpartition('.')[2]}` | {takes} | {default} | {meaning} |"
    for inner, each, shown in below:
        yield from _section(inner, each, shown)


def _inner(annotation: object) -> tuple[type[BaseModel] | None, str]:
    """The section that a value is made of, and whether it is one of a mapping by name or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _inner(arguments[0])
    if origin is dict:
        return _inner(arguments[1])[0], "dict"
    if origin is tuple:
        return _inner(arguments[0])[0], "list"
    if origin in (Union, UnionType):
        found = [_inner(each) for each in arguments if each is not NoneType]
        return next((each for each in found if each[0] is not None), (None, ""))
    return None, ""


def _takes(field: FieldInfo) -> str:
    words = _kind(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
    return words.replace("|", "\\|")


def _kind(annotation: object) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is dict:
        return f"mapping of {_kind(arguments[1])}"
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys("null" if each is NoneType else _kind(each) for each in arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{each.value}`" for each in annotation)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    return _PLAIN[annotation]


def _annotated(plain: object, notes: tuple[Any, ...]) -> str:
    words = _kind(plain)
    bounds: dict[str, str] = {}
    for note in notes:
        read = getattr(getattr(note, "func", None), "__name__", "")
        words = _READ.get(read, words)
        for inner in getattr(note, "metadata", [note]):
            for sign, name in (("over", "gt"), ("from", "ge"), ("under", "lt"), ("to", "le")):
                if (bound := getattr(inner, name, None)) is not None:
                    bounds[sign] = f"{sign} {_duration(bound) if words == 'duration' else bound}"
    if words not in ("number", "duration") or [*bounds.values()] in (["over 0s"], ["from 0s"]):
        return words
    return " ".join([words, *bounds.values()])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return ""
    takes = _takes(field)
    if isinstance(value, float) and takes.startswith(("duration", "percentage")):
        return f"`{value:.0%}`" if takes == "percentage" else f"`{_duration(value)}`"
    words = _shown(value)
    return f"`{words}`" if words else ""


def _shown(value: object) -> str:
    """As the file has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, range):
        return f"{value.start}-{value.stop - 1}"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value.value if isinstance(value, StrEnum) else value)


def _duration(seconds: float) -> str:
    """As the file has it."""
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        if (seconds >= size and seconds % size == 0) or (unit == "s" and seconds == 0):
            return f"{seconds / size:g}{unit}"
    return f"{seconds * 1000:g}ms"


def _meaning(of: type[BaseModel], name: str, shown: str) -> str:
    """The sample's words, or else those under the attribute."""
    words = _comments().get(shown) or _docstrings(of).get(name, "")
    return " ".join(words.split()).replace("|", "\\|").replace("(restart)", "*(restart)*")


@cache
def _comments() -> dict[str, str]:
    """What the sample says behind each key, by the key's path; keys that are commented out among them."""
    told: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    last = ""
    for line in SAMPLE.read_text().splitlines():
        found = _COMMENT.match(line)
        if found is None or line.startswith("#"):
            more = re.match(r"^\s{20,}#\s+(.*)$", line)
            if more and last:
                told[last] += " " + more[1]
            continue
        depth = len(found["indent"])
        while path and path[-1][0] >= depth:
            path.pop()
        path.append((depth, found["key"].strip('"')))
        last = ".".join(key for _, key in path)
        told[last] = found["comment"] or ""
    return told


@cache
def _docstrings(of: type[BaseModel]) -> dict[str, str]:
    """The words under the attributes of a class and of those that it extends."""
    told: dict[str, str] = {}
    for each in reversed(of.__mro__[: of.__mro__.index(BaseModel)]):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        assert isinstance(tree, ast.ClassDef)
        for field, words in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(words):
                told[field.target.id] = ast.literal_eval(words.value)  # type: ignore[attr-defined]
    return told


def _is_text(words: ast.stmt) -> bool:
    return isinstance(words, ast.Expr) and isinstance(words.value, ast.Constant)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
