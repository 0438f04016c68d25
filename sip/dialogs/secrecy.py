"""Whether the media of a session are encrypted, and with which keys: SDES (RFC 4568) by a policy.

A session that was secret once stays so: neither an offer of the peer nor its answer to ours makes it plain
again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sip.syntax.sdp import Attribute, MediaDescription
from sip.syntax.sdp_crypto import Crypto, Suite, read_crypto

_PLAIN: Final = "RTP/AVP"
_SECRET: Final = ("RTP/SAVP", "RTP/SAVPF")


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


class Secrecy:
    """The keys of one leg. Ours is another for each suite and stays the same as long as the leg lives.

    `suites` are those that may be agreed on, in our order: none where keys may not be told. `fresh` gives so
    many octets that nobody can guess.
    """

    __slots__ = ("_fresh", "_offered", "_ours", "_policy", "_profile", "_suites")

    def __init__(
        self,
        policy: Policy = Policy.NEVER,
        suites: Sequence[Suite] = (),
        fresh: Callable[[int], bytes] = bytes,
    ) -> None:
        self._policy = policy
        self._suites = () if policy is Policy.NEVER else tuple(suites)
        self._fresh = fresh
        self._ours: dict[Suite, bytes] = {}
        self._offered: dict[int, Suite] = {}  # our last offer, by tag
        self._profile = _SECRET[0] if policy is Policy.REQUIRED else _PLAIN  # then what was agreed on

    @property
    def possible(self) -> bool:
        """Whether there can be media at all: not where keys are required and may not be told."""
        return self._policy is not Policy.REQUIRED or bool(self._suites)

    def offer(self, before: Keys | None) -> tuple[str, list[Attribute]]:
        """Profile and attributes of our audio line; `before` is what the session has."""
        suites = self._suites if before is None else (before.suite,)
        self._offered = dict(enumerate(suites, start=1))
        return self._profile, [self._line(tag, suite) for tag, suite in self._offered.items()]

    def fault_of_offer(self, line: MediaDescription, before: Keys | None) -> str | None:
        """Why we cannot take a line of theirs, None when we can."""
        if not self._knows(line, bool(self._suites) or self._policy is not Policy.NEVER):
            return "Transport Not Supported"
        if self._chosen(line) is not None:
            return None
        if line.profile.upper() in _SECRET:
            return "No Common Crypto Suite"
        return "Encryption Required" if self._policy is Policy.REQUIRED or before is not None else None

    def fault_of_answer(self, line: MediaDescription, before: Keys | None) -> str | None:
        """Why we cannot take their answer to our last offer, None when we can."""
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
        return self._chosen(line) is not None

    def answer(self, line: MediaDescription) -> tuple[Keys | None, list[Attribute]]:
        """What we agree to by an offer without fault, and the attributes of our answer."""
        theirs = self._chosen(line)
        self._profile = line.profile.upper()
        if theirs is None:
            return None, []
        return self._keys(theirs), [self._line(theirs.tag, theirs.suite)]

    def accept(self, line: MediaDescription) -> Keys | None:
        """What is agreed on by an answer without fault."""
        theirs = self._taken(line)
        self._profile = line.profile.upper()
        return None if theirs is None else self._keys(theirs)

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
        return Keys(theirs.suite, self._own(theirs.suite), theirs.material)

    def _own(self, suite: Suite) -> bytes:
        if suite not in self._ours:
            self._ours[suite] = self._fresh(suite.octets)
        return self._ours[suite]

    def _line(self, tag: int, suite: Suite) -> Attribute:
        return "crypto", str(Crypto(tag, suite, self._own(suite)))


def _lines(line: MediaDescription) -> list[Crypto]:
    """Those that we can use, in their order."""
    found = (read_crypto(value or "") for name, value in line.attributes if name == "crypto")
    return [crypto for crypto in found if crypto is not None]
