"""Whether the media of a session are encrypted, and by which keys: in SDP (SDES, RFC 4568) or by a handshake
beside the media (DTLS-SRTP, RFC 5763), by a policy.

A session that was secret once stays so: neither an offer of the peer nor its answer to ours makes it plain
again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from sip.syntax.sdp import Attribute, MediaDescription, SessionDescription
from sip.syntax.sdp_crypto import Crypto, Suite, read_crypto

_PLAIN: Final = "RTP/AVP"
_SECRET: Final = ("RTP/SAVP", "RTP/SAVPF")
_SHAKEN: Final = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP")  # RFC 5764 section 8; the first is WebRTC's
_STRONG: Final = ("sha-256", "sha-384", "sha-512")
_OF_THE_SESSION: Final = ("fingerprint", "setup", "ice-ufrag", "ice-pwd", "ice-lite")
_HOST_PRIORITY: Final = 126 << 24 | 65535 << 8 | 255  # RFC 8445 section 5.1.2.1: our only candidate


class Policy(StrEnum):
    """What we want of a peer's media."""

    NEVER = "never"
    """In the clear; who offers RTP/SAVP is refused."""
    OFFERED = "offered"
    """Encrypted where the peer can: our offers are RTP/AVP with keys, which others pass over."""
    REQUIRED = "required"
    """Encrypted or not at all."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one session, both ways, each a master key and its salt."""

    suite: Suite
    sending: bytes = field(repr=False)
    receiving: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Own:
    """What we tell of DTLS and ICE: our certificate's fingerprint, and our credentials for this leg."""

    fingerprint: str
    ufrag: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shaken:
    """Keys come by a handshake: with whose certificate (`sha-256 AB:...`), and whether we begin it.

    `ice` are the peer's user name fragment and password; `muxed`: RTCP comes on the RTP port.
    """

    fingerprint: str
    active: bool
    own: Own
    ice: tuple[str, str] | None = field(repr=False)
    muxed: bool


Secret = Keys | Shaken


class Secrecy:
    """The keys of one leg. Ours is another for each suite and stays the same as long as the leg lives.

    `suites` are those that may be agreed on, in our order: none where keys may not be told. `fresh` gives so
    many octets that nobody can guess. `own` is asked for once, where there is a handshake; None: none may be.
    `shakes`: our offers are of a handshake.
    """

    __slots__ = ("_fresh", "_offered", "_ours", "_own", "_policy", "_profile", "_shakes", "_suites", "_told")

    def __init__(
        self,
        policy: Policy = Policy.NEVER,
        suites: Sequence[Suite] = (),
        fresh: Callable[[int], bytes] = bytes,
        own: Callable[[], Own] | None = None,
        *,
        shakes: bool = False,
    ) -> None:
        self._policy = policy
        self._suites = () if policy is Policy.NEVER else tuple(suites)
        self._fresh = fresh
        self._own = None if policy is Policy.NEVER else own
        self._told: Own | None = None
        self._shakes = shakes and self._own is not None
        self._ours: dict[Suite, bytes] = {}
        self._offered: dict[int, Suite] = {}  # our last offer, by tag
        self._profile = _SECRET[0] if policy is Policy.REQUIRED else _PLAIN  # then what was agreed on

    @property
    def possible(self) -> bool:
        """Whether there can be media at all: not where keys are required and may not be told."""
        return self._policy is not Policy.REQUIRED or bool(self._suites) or self._shakes

    def offer(self, before: Secret | None, address: str, port: int) -> tuple[str, list[Attribute]]:
        """Profile and attributes of our audio line; `before` is what the session has."""
        if isinstance(before, Shaken) or (before is None and self._shakes):
            self._offered = {}
            profile = self._profile if self._profile in _SHAKEN else _SHAKEN[0]
            ice = before is None or (isinstance(before, Shaken) and before.ice is not None)
            return profile, self._handshake("actpass", ice, True, address, port)
        suites = (before.suite,) if isinstance(before, Keys) else self._suites
        self._offered = dict(enumerate(suites, start=1))
        return self._profile, [self._line(tag, suite) for tag, suite in self._offered.items()]

    def fault_of_offer(self, line: MediaDescription, before: Secret | None) -> str | None:
        """Why we cannot take a line of theirs, None when we can."""
        if line.profile.upper() in _SHAKEN:
            return self._fault_of_handshake(line)
        if not self._knows(line, bool(self._suites) or self._policy is not Policy.NEVER):
            return "Transport Not Supported"
        if self._chosen(line) is not None:
            return None
        if line.profile.upper() in _SECRET:
            return "No Common Crypto Suite"
        return "Encryption Required" if self._policy is Policy.REQUIRED or before is not None else None

    def fault_of_answer(self, line: MediaDescription, before: Secret | None) -> str | None:
        """Why we cannot take their answer to our last offer, None when we can."""
        if isinstance(before, Shaken) or (before is None and self._shakes):
            known = line.profile.upper() in _SHAKEN
            return self._fault_of_handshake(line) if known else "Encryption Required"
        if not self._knows(line, bool(self._offered)):
            return "Transport Not Supported"
        if self._taken(line) is not None:
            return None
        if self._offered and _lines(line):
            return "Crypto Attribute Not Offered"
        required = self._policy is Policy.REQUIRED or before is not None or line.profile.upper() in _SECRET
        return "Encryption Required" if required else None

    def encrypts(self, line: MediaDescription) -> bool:
        """Whether an offer without fault would be encrypted."""
        return line.profile.upper() in _SHAKEN or self._chosen(line) is not None

    def answer(
        self, line: MediaDescription, address: str, port: int
    ) -> tuple[Secret | None, list[Attribute]]:
        """What we agree to by an offer without fault, and the attributes of our answer."""
        if line.profile.upper() in _SHAKEN:
            self._profile = line.profile.upper()
            shaken = self._shaken(line)
            setup = "active" if shaken.active else "passive"
            return shaken, self._handshake(setup, shaken.ice is not None, shaken.muxed, address, port)
        theirs = self._chosen(line)
        self._profile = line.profile.upper()
        if theirs is None:
            return None, []
        return self._keys(theirs), [self._line(theirs.tag, theirs.suite)]

    def accept(self, line: MediaDescription) -> Secret | None:
        """What is agreed on by an answer without fault."""
        if line.profile.upper() in _SHAKEN:
            self._profile = line.profile.upper()
            return self._shaken(line)
        theirs = self._taken(line)
        self._profile = line.profile.upper()
        return None if theirs is None else self._keys(theirs)

    # DTLS

    def _tell(self) -> Own:
        assert self._own is not None
        if self._told is None:
            self._told = self._own()
        return self._told

    def _fault_of_handshake(self, line: MediaDescription) -> str | None:
        if self._own is None:
            return "Transport Not Supported"
        if _fingerprint(line) is None:
            return "Fingerprint Required"
        if _credentials(line) is not None and line.attribute("rtcp-mux") is None:
            return "RTCP Multiplexing Required"
        return None

    def _shaken(self, line: MediaDescription) -> Shaken:
        """Who may be either begins (RFC 5763 section 5): he can reach us, we may have to be reached first."""
        return Shaken(
            fingerprint=_fingerprint(line) or "",
            active=(line.attribute("setup") or "").lower() == "passive",
            own=self._tell(),
            ice=_credentials(line),
            muxed=line.attribute("rtcp-mux") is not None,
        )

    def _handshake(self, setup: str, ice: bool, muxed: bool, address: str, port: int) -> list[Attribute]:
        own = self._tell()
        lines: list[Attribute] = [("fingerprint", own.fingerprint), ("setup", setup)]
        if muxed:
            lines.append(("rtcp-mux", None))
        if ice:
            candidate = f"1 1 UDP {_HOST_PRIORITY} {address} {port} typ host"
            lines += [("ice-ufrag", own.ufrag), ("ice-pwd", own.password), ("candidate", candidate)]
        return lines

    # SDES

    def _knows(self, line: MediaDescription, secret: bool) -> bool:
        profile = line.profile.upper()
        return profile == _PLAIN or (secret and profile in _SECRET)

    def _chosen(self, line: MediaDescription) -> Crypto | None:
        """The offerer's order decides (RFC 4568 section 5.1.2)."""
        return next((crypto for crypto in _lines(line) if crypto.suite in self._suites), None)

    def _taken(self, line: MediaDescription) -> Crypto | None:
        """An answer has one line, with the tag of ours (section 5.1.3)."""
        crypto = next(iter(_lines(line)), None)
        return crypto if crypto is not None and self._offered.get(crypto.tag) is crypto.suite else None

    def _keys(self, theirs: Crypto) -> Keys:
        return Keys(theirs.suite, self._key(theirs.suite), theirs.material)

    def _key(self, suite: Suite) -> bytes:
        if suite not in self._ours:
            self._ours[suite] = self._fresh(suite.octets)
        return self._ours[suite]

    def _line(self, tag: int, suite: Suite) -> Attribute:
        return "crypto", str(Crypto(tag, suite, self._key(suite)))


def whole(theirs: SessionDescription, line: MediaDescription) -> MediaDescription:
    """A line of a handshake with what the session says for all its lines (RFC 8122 section 5, RFC 8839)."""
    if line.profile.upper() not in _SHAKEN:
        return line
    general = tuple(each for each in theirs.attributes if each[0] in _OF_THE_SESSION)
    return replace(line, attributes=line.attributes + general)


def _fingerprint(line: MediaDescription) -> str | None:
    """The first by a hash that is worth something."""
    values = (value or "" for name, value in line.attributes if name == "fingerprint")
    return next((value for value in values if value.lower().partition(" ")[0] in _STRONG), None)


def _credentials(line: MediaDescription) -> tuple[str, str] | None:
    """Of a peer that checks; two that only answer would never meet (RFC 8445 section 6.1.1)."""
    ufrag, password = line.attribute("ice-ufrag"), line.attribute("ice-pwd")
    return (ufrag, password) if ufrag and password and line.attribute("ice-lite") is None else None


def _lines(line: MediaDescription) -> list[Crypto]:
    """Those that we can use, in their order."""
    found = (read_crypto(value or "") for name, value in line.attributes if name == "crypto")
    return [crypto for crypto in found if crypto is not None]
