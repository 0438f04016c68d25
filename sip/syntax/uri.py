"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966); any other scheme is kept as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import quote, unquote

from sip.syntax.grammar import HOST, PORT
from sip.syntax.limits import MAX_PARAMETERS, MAX_URI_CHARS, exceeded
from sip.syntax.malformed import Fault, Malformed

_MARKED = r"A-Za-z0-9\-_.!~*'()"
_HEX = r"%[0-9A-Fa-f]{2}"
_USER = rf"(?:[{_MARKED}&=+$,;?/#]++|{_HEX})++"
_PASSWORD = rf"(?:[{_MARKED}&=+$,]++|{_HEX})*+"
_PARAMETER = rf"(?:[{_MARKED}\[\]/:&+$]++|{_HEX})++"
_PARAMETERS = rf"((?:;{_PARAMETER}(?:={_PARAMETER})?+)*+)"
_HEADER = rf"(?:[{_MARKED}\[\]/?:+$]++|{_HEX})++=(?:[{_MARKED}\[\]/?:+$]++|{_HEX})*+"
_SIP = re.compile(rf"(?:({_USER})(?::({_PASSWORD}))?@)?({HOST})(?::({PORT}))?(?=[;?]|\Z)")
_AFTER_HOST = re.compile(rf"{_PARAMETERS}(?:\?({_HEADER}(?:&{_HEADER})*+))?\Z")
_TEL = re.compile(
    rf"(\+(?=[().-]*+[0-9])[0-9().-]++|(?=[().-]*+[0-9A-Fa-f*#])[0-9A-Fa-f*#().-]++)(?=;|\Z){_PARAMETERS}"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+\Z")
_OPAQUE = re.compile(rf"(?:[{_MARKED};/?:@&=+$,\[\]]++|{_HEX})++\Z")
_ILLEGAL = re.compile(r'[^!-~]|[<>"\\^`{|}]|%(?![0-9A-Fa-f]{2})')
_WRITTEN = re.compile(r"[!#-;=?-\[\]_a-z~]++\Z")
_SEPARATORS = re.compile(r"[().-]")
# The way to write `::` before an IPv4 address that RFC 3261 took from RFC 2373 by mistake (RFC 5118 4.10).
_THREE_COLONS = re.compile(r":::(?=[0-9]++\.)")

_USER_SAFE: Final = "-_.!~*'()&=+$,;?/"
_PASSWORD_SAFE: Final = "-_.!~*'()&=+$,"
_PARAMETER_SAFE: Final = "-_.!~*'()[]/:&+$"
_HEADER_SAFE: Final = "-_.!~*'()[]/?:+$"

# RFC 3261 19.1.4: when only one of two URIs has one of these, they are different.
_TELLING: Final = frozenset({"user", "ttl", "method", "maddr", "transport"})


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI, escapes resolved: `user` "a b" is written `a%20b`.

    `host` has no brackets around an IPv6 address. A tel URI has its number, as written, in `user`. A scheme
    that we do not know (RFC 4475 3.3.2) has all that follows the colon in `opaque`.
    """

    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    params: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    opaque: str = ""

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Read a URI; raises Malformed(400)."""
        if len(text) > MAX_URI_CHARS:
            raise exceeded(Fault.URI_TOO_LONG)
        if text.startswith("sip:"):
            return _parse_sip("sip", text, 4)
        scheme, _, rest = text.partition(":")
        scheme = scheme.lower()
        if scheme in ("sip", "sips"):
            return _parse_sip(scheme, rest, 0)
        if scheme == "tel":
            return _parse_tel(rest)
        if not _SCHEME.match(scheme) or not _OPAQUE.match(rest):
            raise Malformed(400, Fault.MALFORMED_URI)
        return cls(scheme, opaque=rest)

    @property
    def target(self) -> "Uri":
        """Itself as a Request-URI, which has neither headers nor a method (RFC 3261 19.1.1)."""
        if not self.headers and "method" not in self.params:
            return self
        params = {name: value for name, value in self.params.items() if name != "method"}
        return replace(self, params=params, headers={})

    def __str__(self) -> str:
        """As written in a message; ValueError for parts that no URI can have."""
        text = f"{self.scheme}:{self.opaque or self._rest()}"
        if not _WRITTEN.match(text):
            raise ValueError(f"not a URI: {text!r}")
        return text

    def _rest(self) -> str:
        params = "".join([_written(name, value) for name, value in self.params.items()])
        if self.scheme == "tel":
            return f"{self.user}{params}"
        headers = "&".join(
            f"{_escape(name, _HEADER_SAFE)}={_escape(value, _HEADER_SAFE)}"
            for name, value in self.headers.items()
        )
        return f"{self._userinfo()}{self.host_port}{params}{'?' if headers else ''}{headers}"

    def _userinfo(self) -> str:
        if self.user is None:
            return ""
        password = "" if self.password is None else ":" + _escape(self.password, _PASSWORD_SAFE)
        return f"{_escape(self.user, _USER_SAFE)}{password}@"

    @property
    def host_port(self) -> str:
        """Host and port as written in a URI: `example.com`, `[2001:db8::1]:5070`."""
        return host_port(self.host, self.port)

    @property
    def number(self) -> str | None:
        """The user without the visual separators of a tel URI: `tel:+34-911` is +34911."""
        return _SEPARATORS.sub("", self.user) if self.scheme == "tel" and self.user else self.user

    def matches(self, other: "Uri") -> bool:
        """Whether both name the same resource, by the rules of RFC 3261 19.1.4 (tel: RFC 3966 section 4)."""
        if self.scheme != other.scheme or self.opaque != other.opaque or self.number != other.number:
            return False
        if self.scheme == "tel":
            return _folded(self.params) == _folded(other.params)
        return (
            self.password == other.password
            and self.host.lower() == other.host.lower()
            and self.port == other.port
            and _folded(self.headers) == _folded(other.headers)
            and _params_match(_folded(self.params), _folded(other.params))
        )


def host_port(host: str, port: int | None) -> str:
    """`host:port` with the brackets that an IPv6 address needs; None leaves the port out."""
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def parse_host(text: str) -> str:
    """A host without the brackets of an IPv6 address, which is checked; Malformed(400)."""
    if not text.startswith("["):
        return text
    address = _THREE_COLONS.sub("::", text[1:-1], count=1)
    try:
        IPv6Address(address)
    except AddressValueError:
        raise Malformed(400, Fault.MALFORMED_IPV6_ADDRESS) from None
    return address


def parse_port(digits: str | None) -> int | None:
    """A port, None when there is none; Malformed(400) for 0 and for more than 65535."""
    if digits is None:
        return None
    port = int(digits)
    if not 0 < port < 65536:
        raise Malformed(400, Fault.MALFORMED_PORT)
    return port


def _parse_sip(scheme: str, text: str, start: int) -> Uri:
    """What follows the scheme, from `start` on."""
    match = _SIP.match(text, start)
    if match is None:
        raise Malformed(400, Fault.MALFORMED_URI if _ILLEGAL.search(text) else Fault.MALFORMED_HOST)
    user, password, host, port = match.groups()
    params: Mapping[str, str | None] = {}
    headers: Mapping[str, str] = {}
    end = match.end()
    if end < len(text):
        after = _AFTER_HOST.match(text, end)
        if after is None:
            raise Malformed(400, Fault.MALFORMED_URI_PARAMETER)
        params, headers = _parameters(after[1]), _headers(after[2])
    if "%" in text:  # nearly never
        user = None if user is None else _unescape(user)
        password = None if password is None else _unescape(password)
    return Uri(scheme, user, password, parse_host(host), parse_port(port), params, headers)


def _parse_tel(rest: str) -> Uri:
    match = _TEL.match(rest)
    if match is None:
        raise Malformed(400, Fault.MALFORMED_TELEPHONE_NUMBER)
    if match.end() < len(rest):
        raise Malformed(400, Fault.MALFORMED_URI_PARAMETER)
    return Uri("tel", match[1], params=_parameters(match[2]))


def _parameters(written: str) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    if not written:
        return found
    for item in written[1:].split(";"):
        name, equals, text = item.partition("=")
        name = _unescape(name).lower()
        if name in found:
            raise Malformed(400, Fault.DUPLICATE_URI_PARAMETER)
        found[name] = _unescape(text) if equals else None
        if len(found) > MAX_PARAMETERS:
            raise exceeded(Fault.TOO_MANY_URI_PARAMETERS)
    return found


def _headers(text: str | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    if not text:
        return found
    for item in text.split("&"):
        name, _, value = item.partition("=")
        name = _unescape(name)
        if name in found:  # which of them counts nobody says
            raise Malformed(400, Fault.MALFORMED_URI_HEADER)
        found[name] = _unescape(value)
        if len(found) > MAX_PARAMETERS:
            raise exceeded(Fault.TOO_MANY_URI_HEADERS)
    return found


def _written(name: str, value: str | None) -> str:
    """One parameter; the grammar has no empty value."""
    flag = f";{_escape(name, _PARAMETER_SAFE)}"
    return f"{flag}={_escape(value, _PARAMETER_SAFE)}" if value else flag


def _escape(text: str, safe: str) -> str:
    return quote(text, safe, "utf-8", "surrogateescape")


def _unescape(text: str) -> str:
    return unquote(text, "utf-8", "surrogateescape") if "%" in text else text


def _folded(values: Mapping[str, str] | Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.lower(): value and value.lower() for name, value in values.items()}


def _params_match(ours: dict[str, str | None], theirs: dict[str, str | None]) -> bool:
    names = (ours.keys() & theirs.keys()) | (_TELLING & (ours.keys() | theirs.keys()))
    return all(name in ours and name in theirs and ours[name] == theirs[name] for name in names)
