"""How a maker writes: messages with short or folded headers, descriptions with his formats and habits."""

from collections.abc import Iterable, Sequence

from sip.syntax.encodings import EVENT
from sip.syntax.sdp import Direction, MediaDescription, SessionDescription, parse_sdp
from tests.peers.makers.maker import Hold, Maker

Lines = Sequence[tuple[str, str]]
"""Headers, in order."""

COMPACT = {
    "Allow-Events": "u",
    "Call-ID": "i",
    "Contact": "m",
    "Content-Length": "l",
    "Content-Type": "c",
    "Event": "o",
    "From": "f",
    "Refer-To": "r",
    "Referred-By": "b",
    "Session-Expires": "x",
    "Supported": "k",
    "To": "t",
    "Via": "v",
}
BOUNDARY = "uniqueBoundary"


def write(maker: Maker, start: str, lines: Lines, content_type: str = "", body: str = "") -> bytes:
    """A message as he writes it."""
    octets = body.encode()
    about_body = [("Content-Type", content_type)] if octets else []
    every = [*lines, *about_body, ("Content-Length", str(len(octets)))]
    head = "".join(f"{_line(maker, name, value)}\r\n" for name, value in every)
    return f"{start}\r\n{head}\r\n".encode() + octets


def _line(maker: Maker, name: str, value: str) -> str:
    if name in maker.folded:
        value = value.replace(", ", ",\r\n\t").replace(">;", ">\r\n ;")
    return f"{COMPACT.get(name, name) if maker.compact else name}: {value}"


def packed(maker: Maker, sdp: str) -> tuple[str, str]:
    """Content type and body of a description, with what else the maker has to say (RFC 5621)."""
    if maker.attached is None or not sdp:
        return "application/sdp", sdp
    optional = "\r\nContent-Disposition: signal;handling=optional"  # else he wants it understood (section 4)
    parts = (("application/sdp", sdp), (maker.attached[0] + optional, maker.attached[1]))
    body = "".join(f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    return f"multipart/mixed;boundary={BOUNDARY}", f"{body}--{BOUNDARY}--\r\n"


class Description:
    """What a phone says of its media at one address, version after version."""

    def __init__(self, maker: Maker, host: str, port: int) -> None:
        self._maker = maker
        self._host = host
        self._port = port
        self._version = 20_000

    def offer(self, hold: Hold | None = None, only: str = "") -> str:
        """All formats, or one; `hold` where the other side is to wait."""
        formats = [*self._maker.formats, (self._maker.event_type, "telephone-event/8000")]
        kept = [each for each in formats if only in ("", _name(each)) or _name(each) == EVENT]
        direction = {
            None: Direction.SENDRECV,
            Hold.ZERO: Direction.SENDRECV,
            Hold.SENDONLY: Direction.SENDONLY,
        }
        return self._write(kept, direction.get(hold, Direction.INACTIVE), hold)

    def answer(self, offered: bytes, hold: Hold | None = None) -> str:
        """What of that offer it takes, in the numbers of the offer."""
        theirs = parse_sdp(offered)
        codecs = theirs.media[0].codecs
        known = [_name(each) for each in self._maker.formats]
        taken = [(number, name) for name, number in codecs.items() if name in known or name == EVENT]
        texts = {**{_name(each): each[1] for each in self._maker.formats}, EVENT: "telephone-event/8000"}
        own = Direction.SENDRECV if hold is None else Direction.SENDONLY
        direction = own.within(theirs.direction(theirs.media[0]).reversed)
        return self._write([(number, texts[name]) for number, name in taken], direction, None)

    def _write(self, formats: Iterable[tuple[int, str]], direction: Direction, hold: Hold | None) -> str:
        maker, formats = self._maker, list(formats)
        self._version += 1
        host = "0.0.0.0" if hold in (Hold.ZERO, Hold.ZERO_INACTIVE) else self._host
        way = [f"a={direction}"]
        events = [number for number, text in formats if text.startswith("telephone-event")]
        lines = [
            "v=0",
            f"o={maker.origin} 20000 {self._version} IN IP4 {self._host}",
            f"s={maker.session_name}",
            f"c=IN IP4 {host}",
            "t=0 0",
            *(way if maker.direction_at == "session" else []),
            f"m=audio {self._port} RTP/AVP {' '.join(str(number) for number, _ in formats)}",
            *(f"a=rtpmap:{number} {text}" for number, text in formats),
            *(f"a=fmtp:{number} 0-15" for number in events),
            "a=ptime:20",
            *(way if maker.direction_at == "media" else []),
        ]
        return "".join(f"{line}\r\n" for line in lines)


def _name(each: tuple[int, str]) -> str:
    name = each[1].partition("/")[0].upper()
    return EVENT if name == "TELEPHONE-EVENT" else name


def audio(sdp: bytes) -> tuple[SessionDescription, MediaDescription]:
    """A description and its one medium."""
    description = parse_sdp(sdp)
    return description, description.media[0]
