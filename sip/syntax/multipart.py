"""Multipart bodies (RFC 2046 section 5.1, RFC 5621): bytes to a tree of parts, strictly.

A line that begins like a boundary and is none is an error, since RFC 2046 and its readers disagree on it:
what one takes for the end of a part another takes for its text. So are parts without an end and headers that
come twice. Text before the first boundary and behind the last is dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sip.syntax.grammar import TOKEN
from sip.syntax.kernels import parameters, scan
from sip.syntax.limits import MAX_MULTIPART_DEPTH, MAX_PARTS, exceeded
from sip.syntax.malformed import Fault, Malformed

_MEDIA_TYPE = re.compile(rf"({TOKEN})[ \t]*+/[ \t]*+({TOKEN})[ \t]*+(?=;|\Z)")
_DISPOSITION = re.compile(rf"({TOKEN})[ \t]*+(?=;|\Z)")
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,\-./:=? ]{0,69}[A-Za-z0-9'()+_,\-./:=?]\Z")
_PLAIN: Final = ("binary", "8bit", "7bit")
_ONCE: Final = (
    "Content-Type", "Content-Disposition", "Content-Encoding", "Content-Transfer-Encoding",
)  # fmt: skip
_NAMES: Final[dict[str, str]] = {}  # inside a body no header has a compact form
_START: Final = b"part\r\n"


@dataclass(frozen=True, slots=True)
class MediaType:
    """`name` is type and subtype in lower case, "" where none is given (RFC 3261 20.15)."""

    name: str
    parameters: Mapping[str, str | None]

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Malformed(400)."""
        name, rest = _split(_MEDIA_TYPE, text, Fault.MALFORMED_CONTENT_TYPE)
        return cls("/".join(name).lower(), rest)


@dataclass(frozen=True, slots=True)
class Part:
    """A body or a part of one; `parts` are those of a multipart, whose own content is b"".

    `disposition` says what it is for: `session` where a session description says nothing, else `render`
    (RFC 3261 20.11). `required`: who cannot read it must refuse the message (RFC 5621 section 8).
    `encoded`: compressed or in a transfer encoding that SIP has no use for.
    """

    media_type: MediaType
    disposition: str
    required: bool
    encoded: bool
    content: bytes
    parts: tuple["Part", ...] = ()


class _Reader:
    """Reads one body; counts what the limits count."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts = 0

    def read(self, headers: Mapping[str, str], content: bytes, depth: int) -> Part:
        given = headers.get("Content-Type")
        media_type = MediaType("", {}) if given is None else MediaType.parse(given)
        disposition, required = _disposition(headers.get("Content-Disposition"), media_type)
        encoded = _is_encoded(headers)
        if not media_type.name.startswith("multipart/") or encoded:
            return Part(media_type, disposition, required, encoded, content)
        if depth == MAX_MULTIPART_DEPTH:
            raise exceeded(Fault.MULTIPART_TOO_DEEP)
        parts = tuple(self._part(raw, depth + 1) for raw in self._split(content, _delimiter(media_type)))
        return Part(media_type, disposition, required, encoded, b"", parts)

    def _split(self, content: bytes, delimiter: bytes) -> list[bytes]:
        """What lies between the boundaries, headers included."""
        content = b"\r\n" + content
        if content.count(delimiter) > MAX_PARTS + 1:
            raise exceeded(Fault.TOO_MANY_PARTS)
        found = []
        for raw in content.split(delimiter)[1:]:
            padding, line_end, rest = raw.partition(b"\r\n")
            if padding.rstrip(b" \t") == b"--":
                break
            if padding.strip(b" \t") or not line_end:
                raise Malformed(400, Fault.MALFORMED_MULTIPART)
            found.append(rest)
        else:
            raise Malformed(400, Fault.MALFORMED_MULTIPART)  # the last boundary is missing
        self._parts += len(found)
        if not found:
            raise Malformed(400, Fault.MALFORMED_MULTIPART)
        if self._parts > MAX_PARTS:
            raise exceeded(Fault.TOO_MANY_PARTS)
        return found

    def _part(self, raw: bytes, depth: int) -> Part:
        """A part may have no headers, and one that has no content no empty line either (RFC 2046 5.1.1)."""
        try:
            _, names, values, offset = scan(_START + raw + b"\r\n", _NAMES)
        except (ValueError, OverflowError):
            raise Malformed(400, Fault.MALFORMED_MULTIPART) from None
        if any(names.count(name) > 1 for name in _ONCE):
            raise Malformed(400, Fault.MALFORMED_MULTIPART)
        headers = dict(zip(names, values, strict=True))
        return self.read(headers, raw[offset - len(_START) :], depth)


def read_body(headers: Mapping[str, str], content: bytes) -> Part:
    """The tree of a body with these headers (Content-Type and its like); raises Malformed(400)."""
    return _Reader().read(headers, content, 0)


def _delimiter(media_type: MediaType) -> bytes:
    boundary = media_type.parameters.get("boundary")
    if not boundary or not _BOUNDARY.match(boundary):
        raise Malformed(400, Fault.MALFORMED_MULTIPART)
    return b"\r\n--" + boundary.encode("ascii")


def _disposition(text: str | None, media_type: MediaType) -> tuple[str, bool]:
    if text is None:
        return "session" if media_type.name == "application/sdp" else "render", True
    names, rest = _split(_DISPOSITION, text, Fault.MALFORMED_CONTENT_DISPOSITION)
    return names[0].lower(), (rest.get("handling") or "required").lower() != "optional"


def _is_encoded(headers: Mapping[str, str]) -> bool:
    transfer = headers.get("Content-Transfer-Encoding", "binary").lower()
    return transfer not in _PLAIN or headers.get("Content-Encoding", "identity").lower() != "identity"


def _split(
    grammar: re.Pattern[str], text: str, fault: Fault
) -> tuple[tuple[str, ...], Mapping[str, str | None]]:
    """The words in front of the parameters, and these."""
    match = grammar.match(text)
    if match is None:
        raise Malformed(400, fault)
    try:
        return match.groups(), parameters(text[match.end() :])
    except (ValueError, OverflowError):
        raise Malformed(400, fault) from None
