"""Writes what events there are from their table: `python -m tests.event_types` writes the page in docs."""

import ast
import inspect
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from acd.queue import ClosedReason
from switch import records
from switch.calls import ending
from switch.events import rows, types
from switch.events.types import EVENTS, REMOVES

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "events.md"
_REF: Final = "#/$defs/{name}"
_HEAD = """# Events

Written from the table in `switch/events/types.py` by `python -m tests.event_types`; a test fails when this
page is older than that. [By a WebSocket](../how-to/events.md), [by webhooks](../how-to/webhooks.md).

Every event is one JSON object, `{"seq": 1800000000000000, "time": "2026-11-23T09:00:00.000000Z",
"type": "call.held", "data": {…}}`. `seq` goes up by one with each event; after a restart it goes on with a
larger number, and none returns. It is below 2^53.

`data` holds whole rows as they are then, by what they are: `call`, `queue`, `agent`, `phone` or `trunk`.
Who keeps the rows of the snapshot and replaces each by what comes (and drops it after a type in *italics*)
has at all times what a fresh snapshot would have.
"""
_ROWS = (
    rows.CallNow,
    rows.QueueNow,
    rows.AgentNow,
    rows.PhoneNow,
    rows.TrunkNow,
    rows.OfferNow,
    rows.OfferDone,
    types.QueueWord,
    types.ConfigReloaded,
    types.AlarmData,
    rows.Snapshot,
)
_ENUMS = (
    rows.CallState,
    rows.Kept,
    types.Alarm,
    types.AlarmState,
    ClosedReason,
    records.AgentState,
    records.Direction,
)
_MORE_ENUMS = (records.OfferResult, ending.Result, ending.Reason, ending.EndedBy)


def page() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *_types(), *_structs(), *_words(), *_schema()])


def _types() -> Iterator[str]:
    yield from ("| type | data | told when |", "|---|---|---|")
    for type, told in EVENTS.items():
        name = f"*{type}*" if type in REMOVES else f"`{type}`"
        data = ", ".join(f"`{field}`" for field in told.data.__struct_encode_fields__)
        yield f"| {name} | {data} | {told.when} |"


def _structs() -> Iterator[str]:
    yield ""
    for struct in _ROWS:
        schema = msgspec.json.schema_components([struct], ref_template=_REF)[1][struct.__name__]
        about = _field_words(struct)
        yield from (f"## {struct.__name__}", "", inspect.cleandoc(struct.__doc__ or ""), "")
        yield from ("| field | what | |", "|---|---|---|")
        names = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
        for field, name in names:
            yield f"| `{name}` | {_shape(schema['properties'][name])} | {about.get(field, '')} |"
        yield ""


def _field_words(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The strings that stand below fields in the source."""
    body = ast.parse(inspect.getsource(struct)).body[0]
    assert isinstance(body, ast.ClassDef)
    words: dict[str, str] = {}
    for before, each in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Constant)
        ):
            words[before.target.id] = inspect.cleandoc(str(each.value.value)).replace("\n", " ")
    return words


def _shape(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_shape, schema["anyOf"]))
    match schema.get("type"):
        case "array":
            return f"list of {_shape(schema['items'])}"
        case "object":
            return f"object of {_shape(schema['additionalProperties'])}"
        case "string" if schema.get("format") == "date-time":
            return "time"
        case kind:
            return str(kind)


def _words() -> Iterator[str]:
    for enum in (*_ENUMS, *_MORE_ENUMS):
        yield from (f"## {enum.__name__}", "", _values(enum), "")


def _values(enum: type[StrEnum]) -> str:
    return ", ".join(f"`{value}`" for value in enum)


def _schema() -> Iterator[str]:
    """For programs: the JSON Schema of every event's data."""
    told = {type: each.data for type, each in EVENTS.items()}
    references, components = msgspec.json.schema_components(told.values(), ref_template=_REF)
    by_type = {str(type): each for type, each in zip(told, references, strict=True)}
    one_of = [
        {"properties": {"type": {"const": type}, "data": data}, "required": ["seq", "time", "type", "data"]}
        for type, data in by_type.items()
    ]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "oneOf": one_of, "$defs": components}
    yield from (
        "## JSON Schema",
        "",
        "```json",
        json.dumps(schema, ensure_ascii=False).replace("}, ", "},\n"),
        "```",
        "",
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
