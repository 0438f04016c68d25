"""Session descriptions (RFC 8866) as far as telephony needs them: reading is lenient, writing is not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from sip.syntax.encodings import STATIC, encoding_named
from sip.syntax.limits import MAX_SDP_BYTES, MAX_SDP_FORMATS, MAX_SDP_LINES, MAX_SDP_MEDIA

Attribute = tuple[str, str | None]
"""Name and value of an `a=` line; None for a flag."""

_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_BLANKS: Final = " \t"  # nothing else parts words here, whatever Unicode calls a space


class SdpError(Exception):
    """The peer's description breaks the grammar or a limit: their fault, 400."""

    status = 400


class Direction(StrEnum):
    """Which way media flows, seen from the one who writes it (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, sends: bool, receives: bool) -> "Direction":
        """The direction that does just that."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    @property
    def sends(self) -> bool:
        """Whether the writer may send."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer wants to be sent anything."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @property
    def reversed(self) -> "Direction":
        """The same, seen from the other side."""
        return Direction.of(self.receives, self.sends)

    def within(self, other: "Direction") -> "Direction":
        """What both allow."""
        return Direction.of(self.sends and other.sends, self.receives and other.receives)


_DIRECTIONS: Final = frozenset(Direction)


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line: who made the session, and which version of it this is."""

    session_id: int
    version: int
    address: str
    username: str = "-"

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {_network(self.address)}"


@dataclass(frozen=True)
class MediaDescription:
    """One `m=` line with what belongs to it. `connection` is None where the session's address applies."""

    kind: str
    port: int
    profile: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name; "" for a flag, None when there is none."""
        for known, value in self.attributes:
            if known == name:
                return value or ""
        return None

    @property
    def direction(self) -> Direction | None:
        """Its own direction; None where the session's applies."""
        return _direction(self.attributes)

    @cached_property
    def codecs(self) -> dict[str, int]:
        """The encodings that we know (encodings.py) and their payload types, in the peer's order.

        A static type needs no rtpmap; a name is taken whatever its case and payload type (RFC 3551).
        """
        rtpmaps = tuple([value for name, value in self.attributes if name == "rtpmap" and value])
        return dict(_codecs(self.formats, rtpmaps))

    def parameters(self, payload_type: int) -> str:
        """What it says of that format (`a=fmtp`); empty where it says nothing."""
        said = (value.partition(" ") for name, value in self.attributes if name == "fmtp" and value)
        return next((text.strip(_BLANKS) for number, _, text in said if number == str(payload_type)), "")

    @property
    def rtcp(self) -> tuple[int, str | None]:
        """Port and address of `a=rtcp` (RFC 3605): the next port, and None for the address of the media."""
        port, _, network = (self.attribute("rtcp") or "").partition(" ")
        if not port.isascii() or not port.isdigit() or len(port) > 5 or not 1023 < int(port) < 65536:
            return self.port + 1, None
        words = _words(network)
        return int(port), words[2] if len(words) == 3 and is_unicast(words[2]) else None

    def lines(self) -> list[str]:
        """As written; the order of the lines is that of the RFC."""
        written = [f"m={self.kind} {self.port} {self.profile} {' '.join(self.formats)}"]
        if self.connection is not None:
            written.append(f"c={_network(self.connection)}")
        return written + [f"a={_attribute(attribute)}" for attribute in self.attributes]


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A session and its media. `connection` is None when each media line has its own address."""

    origin: Origin
    media: tuple[MediaDescription, ...]
    connection: str | None = None
    name: str = "-"
    attributes: tuple[Attribute, ...] = field(default=())

    def address(self, media: MediaDescription) -> str | None:
        """Where the media of that line is to be sent."""
        return media.connection if media.connection is not None else self.connection

    def direction(self, media: MediaDescription) -> Direction:
        """The direction of that line: its own, else the session's, else both ways."""
        return media.direction or _direction(self.attributes) or Direction.SENDRECV

    def encode(self) -> bytes:
        """The bytes on the wire."""
        lines = ["v=0", f"o={self.origin}", f"s={self.name}"]
        if self.connection is not None:
            lines.append(f"c={_network(self.connection)}")
        lines.append("t=0 0")
        lines += [f"a={_attribute(attribute)}" for attribute in self.attributes]
        for media in self.media:
            lines += media.lines()
        text = "\r\n".join(lines)
        if text.count("\r") != len(lines) - 1 or text.count("\n") != len(lines) - 1 or "\0" in text:
            raise ValueError("line end or NUL in a session description")
        return f"{text}\r\n".encode("utf-8", "surrogateescape")


def parse_sdp(data: bytes) -> SessionDescription:
    """Read a description; raises SdpError. Lines that we have no use for are passed over."""
    session, *media = _blocks(data)
    if "o" not in session.first:
        raise SdpError("Origin Missing")
    return SessionDescription(
        origin=_parse_origin(session.first["o"]),
        media=tuple([_parse_media(block) for block in media]),
        connection=_parse_connection(session),
        name=session.first.get("s", "-"),
        attributes=tuple(session.attributes),
    )


@lru_cache(maxsize=1024)
def is_unicast(address: str) -> bool:
    """Whether media can be sent to that address: neither a name, nor multicast, reserved or 0.x.x.x.

    Of IPv6 neither one that needs a zone (RFC 4007) nor an IPv4 address in disguise.
    """
    try:
        number = ip_address(address)
    except ValueError:
        return False
    if isinstance(number, IPv6Address):
        hidden = number.ipv4_mapped is not None or number.is_link_local or number.scope_id is not None
        return not (hidden or number.is_multicast or number.is_unspecified)
    return 0 < number.packed[0] < 224


class _Block:
    """The lines of the session or of one medium: of each letter the first one, and every attribute."""

    __slots__ = ("attributes", "first")

    def __init__(self) -> None:
        self.first: dict[str, str] = {}
        self.attributes: list[Attribute] = []


def _blocks(data: bytes) -> list[_Block]:
    if len(data) > MAX_SDP_BYTES:
        raise SdpError("Session Description Too Long")
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\n\0 ")
    if "\r" in text or "\0" in text:
        raise SdpError("Malformed Line In Session Description")
    lines = text.split("\n")
    if len(lines) > MAX_SDP_LINES:
        raise SdpError("Too Many Lines In Session Description")
    if lines[0][:2] != "v=" or lines[0][2:].strip(_BLANKS) != "0":
        raise SdpError("Not A Version 0 Session Description")
    block = _Block()
    blocks = [block]
    for line in lines:
        kind, value = line[:1], line[2:].strip(_BLANKS)
        if line[1:2] != "=" or not "a" <= kind <= "z":
            raise SdpError("Malformed Line In Session Description")
        if kind == "a":
            name, colon, rest = value.partition(":")
            block.attributes.append((name.strip(_BLANKS).lower(), rest.strip(_BLANKS) if colon else None))
            continue
        if kind == "m":
            block = _Block()
            blocks.append(block)
        block.first.setdefault(kind, value)
    if len(blocks) > MAX_SDP_MEDIA + 1:
        raise SdpError("Too Many Media Lines")
    return blocks


def _parse_origin(text: str) -> Origin:
    words = _words(text)
    # Counted from the end: some devices put blanks into the user name.
    if len(words) < 6 or not all(_NUMBER.match(word) for word in words[-5:-3]):
        raise SdpError("Malformed Origin")
    return Origin(int(words[-5]), int(words[-4]), words[-1], " ".join(words[:-5]))


def _parse_media(block: _Block) -> MediaDescription:
    kind, port, profile, *formats = _words(block.first["m"]) + [""] * 3
    port = port.partition("/")[0]
    if not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65535:
        raise SdpError("Malformed Port In Media Line")
    formats = [name for name in formats if name]
    if not profile or not formats or len(formats) > MAX_SDP_FORMATS:
        raise SdpError("Malformed Media Line")
    return MediaDescription(
        kind.lower(), int(port), profile, tuple(formats), _parse_connection(block), tuple(block.attributes)
    )


def _parse_connection(block: _Block) -> str | None:
    text = block.first.get("c")
    if text is None:
        return None
    words = _words(text)
    if len(words) != 3:
        raise SdpError("Malformed Connection Line")
    return words[2]


@lru_cache(maxsize=256)
def _codecs(formats: tuple[str, ...], rtpmaps: tuple[str, ...]) -> Mapping[str, int]:
    """The same few phones and carriers say the same in every call."""
    names = dict(STATIC)
    for value in rtpmaps:
        number, _, encoding = value.partition(" ")
        if number.isascii() and number.isdigit() and len(number) <= 3:
            names[int(number)] = encoding_named(encoding.strip(_BLANKS))
    found: dict[str, int] = {}
    for text in formats:
        name = names.get(int(text)) if text.isascii() and text.isdigit() and len(text) <= 3 else None
        if name and int(text) < 128:
            found.setdefault(name, int(text))
    return found


def _words(text: str) -> list[str]:
    return [word for word in text.replace("\t", " ").split(" ") if word]


def _direction(attributes: tuple[Attribute, ...]) -> Direction | None:
    return next((Direction(name) for name, _ in attributes if name in _DIRECTIONS), None)


def _attribute(attribute: Attribute) -> str:
    name, value = attribute
    return name if value is None else f"{name}:{value}"


def _network(address: str) -> str:
    return f"IN IP6 {address}" if ":" in address else f"IN IP4 {address}"
