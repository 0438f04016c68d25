"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966); any other scheme is kept as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import quote, unquote

from sip.limits import MAX_PARAMETERS, MAX_URI_CHARS
from sip.malformed import Malformed

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+\Z")
# What no URI may hold unescaped. Phones do send "#" and letters beyond ASCII in the user part: let them.
_ILLEGAL = re.compile(r'[\x00-\x20\x7f<>"\\]|%(?![0-9A-Fa-f]{2})')
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*+)(?::([0-9]{1,5}))?(?=[;?]|\Z)")
_NUMBER = re.compile(r"(\+?[0-9A-Da-d*#().-]+)(?=;|\Z)")
_SEPARATORS = re.compile(r"[().-]")

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
            raise Malformed(400, "URI Too Long")
        if _ILLEGAL.search(text):
            raise Malformed(400, "Malformed URI")
        scheme, _, rest = text.partition(":")
        scheme = scheme.lower()
        if scheme in ("sip", "sips"):
            return _parse_sip(scheme, rest)
        if scheme == "tel":
            return _parse_tel(rest)
        if not rest or not _SCHEME.match(scheme):
            raise Malformed(400, "Malformed URI")
        return cls(scheme, opaque=rest)

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        params = "".join(
            f";{_escape(name, _PARAMETER_SAFE)}"
            if value is None
            else f";{_escape(name, _PARAMETER_SAFE)}={_escape(value, _PARAMETER_SAFE)}"
            for name, value in self.params.items()
        )
        if self.scheme == "tel":
            return f"tel:{self.user}{params}"
        headers = "&".join(
            f"{_escape(name, _HEADER_SAFE)}={_escape(value, _HEADER_SAFE)}"
            for name, value in self.headers.items()
        )
        return f"{self.scheme}:{self._userinfo()}{self.host_port}{params}{'?' if headers else ''}{headers}"

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
    try:
        IPv6Address(text[1:-1])
    except AddressValueError:
        raise Malformed(400, "Malformed IPv6 Address") from None
    return text[1:-1]


def parse_port(digits: str | None) -> int | None:
    """A port, None when there is none; Malformed(400) for 0 and for more than 65535."""
    if digits is None:
        return None
    port = int(digits)
    if not 0 < port < 65536:
        raise Malformed(400, "Malformed Port")
    return port


def _parse_sip(scheme: str, rest: str) -> Uri:
    userinfo, at, _ = rest.rpartition("@")
    match = _HOST.match(rest, len(userinfo) + len(at))
    if match is None:
        raise Malformed(400, "Malformed Host")
    params, _, headers = rest[match.end() :].partition("?")
    user = password = None
    if at:
        user, colon, secret = userinfo.partition(":")
        if not user or "@" in userinfo or ":" in secret:
            raise Malformed(400, "Malformed URI")
        user, password = _unescape(user), _unescape(secret) if colon else None
    return Uri(
        scheme,
        user,
        password,
        parse_host(match[1]),
        parse_port(match[2]),
        _parameters(params) if params else {},
        _headers(headers) if headers else {},
    )


def _parse_tel(rest: str) -> Uri:
    match = _NUMBER.match(rest)
    if match is None:
        raise Malformed(400, "Malformed Telephone Number")
    params = rest[match.end() :]
    return Uri("tel", match[1], params=_parameters(params) if params else {})


def _parameters(written: str) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    for item in written[1:].split(";"):
        name, equals, text = item.partition("=")
        name = _unescape(name).lower()
        value = _unescape(text) if equals else None
        if not name or found.setdefault(name, value) != value:
            raise Malformed(400, "Malformed URI Parameter")
        if len(found) > MAX_PARAMETERS:
            raise Malformed(400, "Too Many URI Parameters")
    return found


def _headers(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for item in text.split("&"):
        name, equals, value = item.partition("=")
        if not name or not equals:
            raise Malformed(400, "Malformed URI Header")
        found[_unescape(name)] = _unescape(value)
        if len(found) > MAX_PARAMETERS:
            raise Malformed(400, "Too Many URI Headers")
    return found


def _escape(text: str, safe: str) -> str:
    return quote(text, safe, "utf-8", "surrogateescape")


def _unescape(text: str) -> str:
    return unquote(text, "utf-8", "surrogateescape") if "%" in text else text


def _folded(values: Mapping[str, str] | Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.lower(): value and value.lower() for name, value in values.items()}


def _params_match(ours: dict[str, str | None], theirs: dict[str, str | None]) -> bool:
    names = (ours.keys() & theirs.keys()) | (_TELLING & (ours.keys() | theirs.keys()))
    return all(name in ours and name in theirs and ours[name] == theirs[name] for name in names)
