"""Typed header values: what a raw value means, and how it is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sip.kernels import parameters, split_address
from sip.malformed import Malformed
from sip.uri import Uri, host_port, parse_host, parse_port

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
# Token, host or IPv6 reference: what a parameter may be without quotes (RFC 3261 25.1, gen-value).
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9\-.!%*_+`'~:\[\]]+\Z")
_CSEQ = re.compile(r"([0-9]+)[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)\Z")
_VIA = re.compile(
    r"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+([A-Za-z0-9\-.!%*_+`'~]++)[ \t]++"
    r"([A-Za-z0-9_.-]++|\[[0-9A-Fa-f:.]++\])[ \t]*+(?::[ \t]*+([0-9]{1,5}+)[ \t]*+)?+(?=;|\Z)",
    re.IGNORECASE,
)

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
            raise Malformed(400, "Malformed CSeq")
        return cls(int(digits), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


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
            raise Malformed(400, str(error)) from None
        return cls(display, Uri.parse(uri), params)

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

    def with_tag(self, tag: str) -> "NameAddr":
        """The same with that tag."""
        return NameAddr(self.display, self.uri, {**self.params, "tag": tag})

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
            raise Malformed(400, "Malformed Via")
        transport, host, port = match.groups()
        try:
            params = parameters(text[match.end() :])
        except (ValueError, OverflowError) as error:
            raise Malformed(400, f"{error} In Via") from None
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
        return f"SIP/2.0/{self.transport} {host_port(self.host, self.port)}{write_parameters(self.params)}"


def parse_seconds(text: str) -> int:
    """Delta-seconds; Malformed(400) when it is no number, 2**32-1 for more (RFC 3261 20.19)."""
    if not text.isascii() or not text.isdigit():
        raise Malformed(400, "Malformed Seconds")
    return min(int(text), MAX_SECONDS) if len(text) < 16 else MAX_SECONDS


def quote(text: str) -> str:
    """A quoted string (RFC 3261 25.1)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
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
