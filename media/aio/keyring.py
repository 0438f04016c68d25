"""A port's SRTP keys as the engine takes them. Where a package that they need is missing, all else works."""

import secrets
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

from media.keying import IceCredentials
from media.port import MasterKey, SrtpKeys

if TYPE_CHECKING:
    from ext.srtp import ReceivingKey, SendingKey

_Key = TypeVar("_Key")

try:
    from ext import srtp
except ImportError:
    SUITES: frozenset[str] = frozenset()
else:
    SUITES = frozenset(srtp.SUITES)
"""The crypto suites that this machine can do, by their names in SDP."""

SRTP_LACKS: Final = () if SUITES else ("pylibsrtp",)
"""The packages of Python's whose absence leaves no suites."""
DTLS_LACKS: Final = SRTP_LACKS + tuple(
    package
    for module, package in (("OpenSSL", "pyopenssl"), ("aioice", "aioice"))
    if find_spec(module) is None
)
"""Likewise of handshakes: without any, `media.aio.keying` can be imported."""

UFRAG_OCTETS: Final = 6
PASSWORD_OCTETS: Final = 24
KEPT: Final = 4
"""Keys of each direction: enough for every branch of a forked call to come back to its own."""


class Keyring:
    """The keys of one port. One that comes again goes on counting where it was: no packet index may be had
    twice under one key (RFC 3711 section 9.1).
    """

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._sending: dict[MasterKey, SendingKey] = {}
        self._receiving: dict[MasterKey, ReceivingKey] = {}

    def capsules(self, keys: SrtpKeys | None) -> tuple[object | None, object | None]:
        """To send and to receive with; None for both is in the clear.

        ValueError: a suite that we do not have, or a key of another length.
        """
        if keys is None:
            return None, None
        for key in (keys.sending, keys.receiving):
            if key.suite not in SUITES:
                raise ValueError(f"SRTP: no suite {key.suite!r} on this machine")
        sends = self._sending.get(keys.sending)
        if sends is None:
            sends = srtp.SendingKey(keys.sending.suite, keys.sending.material, self._ssrc)
        receives = self._receiving.get(keys.receiving)
        if receives is None:
            receives = srtp.ReceivingKey(keys.receiving.suite, keys.receiving.material)
        _keep(self._sending, keys.sending, sends)
        _keep(self._receiving, keys.receiving, receives)
        return sends.capsule, receives.capsule


def _keep(kept: dict[MasterKey, _Key], name: MasterKey, key: _Key) -> None:
    kept.pop(name, None)
    kept[name] = key
    while len(kept) > KEPT:
        del kept[next(iter(kept))]


def fresh_credentials() -> IceCredentials:
    """Ours for one leg: base64 of random octets, in the characters that RFC 8839 allows."""
    return IceCredentials(_characters(UFRAG_OCTETS), _characters(PASSWORD_OCTETS))


def _characters(octets: int) -> str:
    return secrets.token_urlsafe(octets).replace("-", "+").replace("_", "/")
