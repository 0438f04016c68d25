"""Answers: rows and lists as the contract's JSON, and the schemas of all that is answered."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Response

from switch.access.rows import AuditRow, TokenMade, TokenRow
from switch.api.problems import PROBLEM_TYPE, Problem
from switch.api.rows import (
    AgentRow,
    BanRow,
    Draining,
    ForkRow,
    HoldRow,
    PhoneRow,
    PlaceRow,
    PreferencesRow,
    ProvisioningRow,
    QueueRow,
    Readiness,
    RecordingRow,
    Reloaded,
    SupervisionRow,
    TicketRow,
    TransferRow,
    TrunkRow,
)
from switch.events.alarms import AlarmRow
from switch.figures.rows import FiguresRow
from switch.history.holds import Hold
from switch.history.retention import Swept
from switch.log_levels import LogRow
from switch.records import CallRecord
from switch.reports.asking import Wish
from switch.reports.rows import JobRow, ReportRow
from switch.trace.row import MessageRow
from switch.webhooks.rows import WebhookRow, WebhookTested
from switch.why.rows import LedgerRow, WhyRow

_REF = "#/components/schemas/{name}"
_KINDS = (
    AgentRow,
    AlarmRow,
    AuditRow,
    BanRow,
    CallRecord,
    Draining,
    FiguresRow,
    ForkRow,
    Hold,
    HoldRow,
    JobRow,
    LedgerRow,
    LogRow,
    MessageRow,
    PhoneRow,
    PlaceRow,
    PreferencesRow,
    ProvisioningRow,
    QueueRow,
    Readiness,
    RecordingRow,
    Reloaded,
    ReportRow,
    SupervisionRow,
    TicketRow,
    TokenMade,
    TokenRow,
    Swept,
    TransferRow,
    TrunkRow,
    WebhookRow,
    WebhookTested,
    WhyRow,
    Wish,
)


class Items(msgspec.Struct, frozen=True):
    """A list; `next` is the cursor that asks for what follows."""

    items: Sequence[msgspec.Struct]
    next: str | None = None


def answer(value: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A row or list."""
    return Response(msgspec.json.encode(value), status.value, media_type="application/json")


def one(kind: type[msgspec.Struct], status: HTTPStatus = HTTPStatus.OK) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a row of this kind."""
    return _responses({"$ref": _REF.format(name=kind.__name__)}, status)


def many(kind: type[msgspec.Struct]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a list."""
    items = {"type": "array", "items": {"$ref": _REF.format(name=kind.__name__)}}
    following = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    schema = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {"items": items, "next": following},
    }
    return _responses(schema, HTTPStatus.OK)


def nothing(status: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route whose answer has no body, or none that is described here."""
    return {status.value: {"description": status.phrase}, **_FAILS}


def octets(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route whose answer is text or a file."""
    content: dict[str, Any] = {each: {} for each in media_types}
    return {HTTPStatus.OK.value: {"description": HTTPStatus.OK.phrase, "content": content}, **_FAILS}


def schemas() -> dict[str, Any]:
    """The components of OpenAPI for every row."""
    _, components = msgspec.json.schema_components((*_KINDS, Problem), ref_template=_REF)
    return components


def _responses(schema: dict[str, Any], status: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"schema": schema}}
    return {status.value: {"description": status.phrase, "content": content}, **_FAILS}


_FAILS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong.",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
}
