"""`a=crypto` (RFC 4568, RFC 7714 section 14): an SRTP master key in a session description.

A line that asks for what we do not do (several keys, an MKI, other session parameters) is passed over, as one
of an unknown suite is: the next may do.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Suite(StrEnum):
    """Crypto suites by their names in SDP, the one that we like best first."""

    AEAD_AES_256_GCM = "AEAD_AES_256_GCM"
    AEAD_AES_128_GCM = "AEAD_AES_128_GCM"
    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"

    @property
    def octets(self) -> int:
        """Of master key and master salt together."""
        return _OCTETS[self]


_OCTETS: Final = {
    Suite.AEAD_AES_256_GCM: 32 + 12,
    Suite.AEAD_AES_128_GCM: 16 + 12,
    Suite.AES_CM_128_HMAC_SHA1_80: 16 + 14,
    Suite.AES_CM_128_HMAC_SHA1_32: 16 + 14,
}
_LINE: Final = re.compile(
    r"(?P<tag>[1-9][0-9]{0,8}) +(?P<suite>[A-Za-z0-9_]+)"
    r" +inline:(?P<key>[A-Za-z0-9+/]+={0,2})"
    r"(?:\|(?:2\^)?[0-9]{1,20})?"  # the lifetime, which is the sender's to keep
    r"(?P<parameters>(?: +\S+)*) *\Z"
)
_HARMLESS: Final = re.compile(r"-\S+|WSH=[0-9]+|KDR=0")
"""Session parameters that may be passed over: the optional, the window's size, keys derived once."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One line: the key that its writer sends with. `material` is the master key, then the salt."""

    tag: int
    suite: Suite
    material: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.tag} {self.suite} inline:{b64encode(self.material).decode()}"


def read_crypto(value: str) -> Crypto | None:
    """The value of an `a=crypto` line; None for one that we cannot use."""
    line = _LINE.match(value)
    if line is None or line["suite"].upper() not in Suite.__members__:
        return None
    if not all(_HARMLESS.fullmatch(each) for each in line["parameters"].split()):
        return None
    suite = Suite(line["suite"].upper())
    material = _decoded(line["key"])
    return Crypto(int(line["tag"]), suite, material) if len(material) == suite.octets else None


def _decoded(text: str) -> bytes:
    """Some leave out the padding; b"" for what is no base64."""
    try:
        return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except Error:
        return b""
