"""Typed header values: what a raw value means, and how it is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sip.syntax.grammar import HOST, LETTERS, PORT, TOKEN, writable
from sip.syntax.kernels import parameters, split_address
from sip.syntax.limits import refused
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.uri import Uri, host_port, parse_host, parse_port

_TOKEN = re.compile(rf"{TOKEN}\Z")
# Token, host or IPv6 reference: what a parameter may be without quotes (RFC 3261 25.1, gen-value).
_PLAIN_VALUE = re.compile(rf"[{LETTERS}:\[\]]++\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_CSEQ = re.compile(rf"([0-9]++)[ \t]++({TOKEN})\Z")
_VIA = re.compile(
    rf"[Ss][Ii][Pp][ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+({TOKEN})[ \t]++"
    rf"({HOST})[ \t]*+(?::[ \t]*+({PORT})[ \t]*+)?+(?=;|\Z)"
)
_TTL = re.compile(r"[0-9]{1,3}+\Z")
_Q = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")

MAX_CSEQ: Final = 2**31 - 1
"""The greatest CSeq number (RFC 3261 8.1.1.5)."""

MAX_SECONDS: Final = 2**32 - 1
"""The greatest delta-seconds (RFC 3261 20.19); more is read as this."""


class Star(Enum):
    """`Contact: *`, which removes every binding (RFC 3261 10.2.2)."""

    STAR = "*"


STAR: Final = Star.STAR


@dataclass(frozen=True, slots=True)
class CSeq:
    """RFC 3261 20.16."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        """Malformed(400) for anything but a number below 2**31 and a method."""
        match = _CSEQ.match(text)
        digits = match[1].lstrip("0") or "0" if match else ""
        # Ten digits hold every allowed number; int() of thousands would fail.
        if match is None or len(digits) > 10 or int(digits) > MAX_CSEQ:
            raise Malformed(400, Fault.MALFORMED_CSEQ)
        return cls(int(digits), match[2])

    def __str__(self) -> str:
        return writable(f"{self.number} {self.method}")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A display name (unquoted, "" for none), a URI and the header's own parameters (RFC 3261 20.10)."""

    display: str
    uri: Uri
    params: Mapping[str, str | None] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """`"Display" <uri>;params` or `uri;params`; Malformed(400)."""
        try:
            display, uri, rest = split_address(text)
            params = parameters(rest)
        except (ValueError, OverflowError) as error:
            raise refused(error) from None
        return cls(display, Uri.parse(uri), params)

    @classmethod
    def parse_route(cls, text: str) -> "NameAddr":
        """As `parse`, for Route and Record-Route, which need the brackets (RFC 3261 25.1, route-param)."""
        if "<" not in text:
            raise Malformed(400, Fault.MALFORMED_ADDRESS)
        return cls.parse(text)

    @property
    def tag(self) -> str | None:
        """The dialog tag of From and To."""
        return self.params.get("tag")

    @property
    def expires(self) -> int | None:
        """Seconds that a contact asks for, 3600 for what is no number (RFC 3261 20.10), None for nothing."""
        asked = self.params.get("expires")
        if asked is None:
            return None
        return parse_seconds(asked) if asked.isascii() and asked.isdigit() else 3600

    @property
    def q(self) -> float:
        """The preference of a contact, 1 where nothing readable is given (RFC 3261 20.10)."""
        q = self.params.get("q")
        return float(q) if q is not None and _Q.match(q) else 1.0

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{write_parameters(self.params)}"


@dataclass(frozen=True, slots=True)
class Via:
    """One hop (RFC 3261 20.42): `SIP/2.0/UDP host:port;branch=...`; `transport` in upper case."""

    transport: str
    host: str
    port: int | None = None
    params: Mapping[str, str | None] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Malformed(400); blanks around the slashes and the colon are allowed."""
        match = _VIA.match(text)
        if match is None:
            raise Malformed(400, Fault.MALFORMED_VIA)
        transport, host, port = match.groups()
        rest = text[match.end() :]
        try:
            params = parameters(rest)
        except (ValueError, OverflowError) as error:
            raise refused(error, "Via") from None
        if not is_token_parameter("branch", params, rest) or ("ttl" in params and not _is_ttl(params["ttl"])):
            raise Malformed(400, Fault.MALFORMED_VIA)
        return cls(transport.upper(), parse_host(host), parse_port(port), params)

    @property
    def branch(self) -> str | None:
        """The transaction's identifier; it is unique only behind the cookie `z9hG4bK` (RFC 3261 8.1.1.7)."""
        return self.params.get("branch")

    @property
    def received(self) -> str | None:
        """The source address that the next hop saw (RFC 3261 18.2.1), without brackets."""
        received = self.params.get("received")
        return received.strip("[]") if received else None  # brackets: RFC 5118 4.5

    @property
    def rport(self) -> int | None:
        """The source port that the next hop saw (RFC 3581); None when missing, empty or no port."""
        rport = self.params.get("rport")
        if not rport or len(rport) > 5 or not rport.isascii() or not rport.isdigit():
            return None
        return int(rport) if 0 < int(rport) < 65536 else None

    @property
    def wants_rport(self) -> bool:
        """Whether the sender asks for symmetric response routing (RFC 3581)."""
        return "rport" in self.params

    @property
    def sent_by(self) -> str:
        """Host and port, lower case, as the transaction key wants them (RFC 3261 17.2.3)."""
        return host_port(self.host.lower(), self.port)

    def seen_from(self, host: str, port: int) -> "Via":
        """The same with `received` and, when asked for, `rport` (RFC 3261 18.2.1, RFC 3581 section 4)."""
        params = dict(self.params)
        if self.wants_rport:
            params["rport"] = str(port)
        if self.wants_rport or self.host.lower() != host.lower():
            params["received"] = host
        return Via(self.transport, self.host, self.port, params)

    def __str__(self) -> str:
        sent_by = host_port(self.host, self.port)
        return writable(f"SIP/2.0/{self.transport} {sent_by}{write_parameters(self.params)}")


def is_token_parameter(name: str, params: Mapping[str, str | None], written: str) -> bool:
    """Whether `params`, which were `written` so, lack the parameter or have it as a token without quotes."""
    value = params.get(name, "none")
    if value is None or ":" in value or "[" in value or "]" in value:  # the scanner has seen to the others
        return False
    if '"' not in written or name not in params:
        return True
    bare = _QUOTED.sub('""', written)
    return re.search(rf';[ \t]*+{name}[ \t]*+=[ \t]*+"', bare, re.IGNORECASE | re.ASCII) is None


def _is_ttl(text: str | None) -> bool:
    return text is not None and _TTL.match(text) is not None and int(text) < 256


def parse_seconds(text: str) -> int:
    """Delta-seconds; Malformed(400) when it is no number, 2**32-1 for more (RFC 3261 20.19)."""
    if not text.isascii() or not text.isdigit():
        raise Malformed(400, Fault.MALFORMED_SECONDS)
    return min(int(text), MAX_SECONDS) if len(text) < 16 else MAX_SECONDS


def quote(text: str) -> str:
    """A quoted string (RFC 3261 25.1); ValueError for control characters."""
    escaped = writable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_parameters(params: Mapping[str, str | None]) -> str:
    """`;name=value;flag`; what is no token or host is quoted. ValueError for a name that is no token."""
    written = []
    for name, value in params.items():
        if not _TOKEN.match(name):
            raise ValueError(f"not a parameter name: {name!r}")
        if value is None:
            written.append(f";{name}")
        else:
            written.append(f";{name}={value if _PLAIN_VALUE.match(value) else quote(value)}")
    return "".join(written)
