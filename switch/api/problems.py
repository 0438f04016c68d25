"""What can go wrong with a request: a closed list of kinds, told as problem+json (RFC 9457)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from math import ceil
from typing import Final

import msgspec
from fastapi import Response

PROBLEM_TYPE: Final = "application/problem+json"
_URN: Final = "urn:centralita:problem:"


class Kind(StrEnum):
    """What a program may go by; the words of `title` and `detail` are for people, and may change."""

    METHOD = "method"
    NOT_FOUND = "not-found"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    TOO_LARGE = "too-large"
    BAD_CURSOR = "bad-cursor"
    CONFIGURATION = "configuration"
    CONFLICT = "conflict"
    KEY_TAKEN = "key-taken"
    KEY_AT_WORK = "key-at-work"
    NO_WEBSOCKET = "no-websocket"
    TOO_OFTEN = "too-often"
    TOO_MANY = "too-many"
    NOT_READY = "not-ready"
    DATABASE_AWAY = "database-away"
    BROKEN = "broken"

    @property
    def uri(self) -> str:
        """The `type` of its problems. It never changes."""
        return _URN + self.value


class Meaning(msgspec.Struct, frozen=True):
    """The status with which a kind is told, and when it is."""

    status: HTTPStatus
    when: str
    retry_after_s: float | None = None
    """When to ask again, unless more is known."""


MEANINGS: Final[Mapping[Kind, Meaning]] = {
    Kind.UNAUTHENTICATED: Meaning(HTTPStatus.UNAUTHORIZED, "no token of ours, or one that is no longer good"),
    Kind.FORBIDDEN: Meaning(
        HTTPStatus.FORBIDDEN, "the token's role has no such right, or its scope no part in it"
    ),
    Kind.NOT_FOUND: Meaning(HTTPStatus.NOT_FOUND, "it is not there, or not in the token's scope"),
    Kind.METHOD: Meaning(HTTPStatus.METHOD_NOT_ALLOWED, "the path is there, without this method"),
    Kind.CONFLICT: Meaning(HTTPStatus.CONFLICT, "it is there, and this cannot be done with it now"),
    Kind.KEY_TAKEN: Meaning(
        HTTPStatus.CONFLICT, "`Idempotency-Key` stands for another request, or its answer is not kept"
    ),
    Kind.KEY_AT_WORK: Meaning(HTTPStatus.CONFLICT, "the request with this key is being carried out"),
    Kind.INVALID: Meaning(HTTPStatus.UNPROCESSABLE_ENTITY, "the request makes no sense; `errors` says where"),
    Kind.TOO_LARGE: Meaning(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "its body has more than a million octets"),
    Kind.BAD_CURSOR: Meaning(HTTPStatus.NOT_FOUND, "`cursor` is none that a page gave"),
    Kind.CONFIGURATION: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY, "the file has the mistakes in `errors`; nothing has changed"
    ),
    Kind.NO_WEBSOCKET: Meaning(HTTPStatus.UPGRADE_REQUIRED, "the path is that of a WebSocket"),
    Kind.TOO_OFTEN: Meaning(HTTPStatus.TOO_MANY_REQUESTS, "ask again after `Retry-After` seconds"),
    Kind.TOO_MANY: Meaning(HTTPStatus.TOO_MANY_REQUESTS, "as many do this already as may at once"),
    Kind.NOT_READY: Meaning(HTTPStatus.SERVICE_UNAVAILABLE, "no calls are taken: it starts, or drains"),
    Kind.DATABASE_AWAY: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; calls go on", 5
    ),
    Kind.BROKEN: Meaning(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of ours; the log of the switch has it"),
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong. `errors` are lines for people, such as those of a configuration with mistakes."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[str, ...] = ()


class Failure(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, kind: Kind, detail: str, *, errors: Sequence[str] = (), retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        status = MEANINGS[kind].status
        self.problem = Problem(
            type=kind.uri, title=status.phrase, status=status.value, detail=detail, errors=tuple(errors)
        )
        self.headers = {"WWW-Authenticate": "Bearer"} if kind is Kind.UNAUTHENTICATED else {}
        if (again_s := retry_after_s or MEANINGS[kind].retry_after_s) is not None:
            self.headers["Retry-After"] = str(ceil(again_s))


def problem(what: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells of it."""
    return Response(msgspec.json.encode(what, order="deterministic"), what.status, headers, PROBLEM_TYPE)
