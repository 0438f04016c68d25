"""PASSporTs: signed statements of who calls whom (RFC 8225), with how far the signer knows it (SHAKEN, RFC
8588), and the Identity header that carries one in its full form (RFC 8224 section 4).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

SHAKEN: Final = "shaken"
_ALGORITHM: Final = "ES256"
_TYPE: Final = "passport"
_INTEGER_BYTES: Final = 32
"""Of r and of s, which stand one behind the other (RFC 7518 section 3.4)."""

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
_IDENTITY = re.compile(
    r"(?P<token>[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++)\.(?P<signature>[A-Za-z0-9_-]++)"
    rf"(?P<params>(?:[ \t]*+;[ \t]*+{_TOKEN}[ \t]*+=[ \t]*+(?:<[^<>]*+>|\"[^\"\\]*+\"|{_TOKEN}))*+)[ \t]*+\Z"
)
_PARAM = re.compile(rf";[ \t]*+({_TOKEN})[ \t]*+=[ \t]*+(<[^<>]*+>|\"[^\"\\]*+\"|{_TOKEN})")
_NUMBER = re.compile(r"[0-9*#]{1,32}\Z")


class NotAPassport(ValueError):
    """Not an Identity header with a PASSporT that we understand; the message says what is wrong with it."""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    typ: str
    x5u: str
    ppt: str | None = None


class _Orig(msgspec.Struct, frozen=True):
    tn: str | None = None


class _Dest(msgspec.Struct, frozen=True):
    tn: tuple[str, ...] = ()


class _Claims(msgspec.Struct, frozen=True):
    dest: _Dest
    iat: int
    orig: _Orig
    attest: str | None = None
    origid: str | None = None


@dataclass(frozen=True, slots=True)
class Passport:
    """What was signed: numbers as digits without a plus, `iat` in seconds of UTC, where the certificate is.

    `attest` is None in a PASSporT that is not SHAKEN's; `orig` where it names no telephone number.
    """

    orig: str | None
    dest: tuple[str, ...]
    iat: int
    x5u: str
    attest: str | None
    signing_input: bytes
    signature: bytes

    def is_signed_by(self, key: EllipticCurvePublicKey) -> bool:
        """Whether the signature is this key's, which must lie on P-256."""
        r = int.from_bytes(self.signature[:_INTEGER_BYTES])
        s = int.from_bytes(self.signature[_INTEGER_BYTES:])
        try:
            key.verify(encode_dss_signature(r, s), self.signing_input, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def canonical(e164: str) -> str:
    """A telephone number as it is signed: without its plus (RFC 8224 section 8.3)."""
    return e164.removeprefix("+")


def ppt_of(identity: str) -> str | None:
    """The extension that an Identity header says to be of; None where it names none, or cannot be read."""
    match = _IDENTITY.match(identity)
    return None if match is None else _parameters(match["params"]).get("ppt")


def read(identity: str) -> Passport:
    """The PASSporT of an Identity header in full form. Raises NotAPassport."""
    match = _IDENTITY.match(identity)
    if match is None:
        raise NotAPassport("not the full form of Identity")
    protected, claimed = match["token"].split(".")
    try:
        header = msgspec.json.decode(_decoded(protected), type=_Header)
        claims = msgspec.json.decode(_decoded(claimed), type=_Claims)
        signature = _decoded(match["signature"])
    except (msgspec.MsgspecError, NotBase64, UnicodeDecodeError, RecursionError):
        raise NotAPassport("not base64url of the JSON of a PASSporT") from None
    _check(header, claims, _parameters(match["params"]))
    if len(signature) != 2 * _INTEGER_BYTES:
        raise NotAPassport("the signature is not one of ES256")
    return Passport(
        claims.orig.tn,
        claims.dest.tn,
        claims.iat,
        header.x5u,
        claims.attest if header.ppt == SHAKEN else None,
        match["token"].encode(),
        signature,
    )


def sign(
    key: EllipticCurvePrivateKey, *, x5u: str, orig: str, dest: str, attest: str, iat: int, origid: str
) -> str:
    """The Identity header of a call from `orig` to `dest`, which are digits without a plus.

    The members stand in the order of their names and nothing stands between them (RFC 8225 section 9).
    """
    header = {"alg": _ALGORITHM, "ppt": SHAKEN, "typ": _TYPE, "x5u": x5u}
    claims = {"attest": attest, "dest": {"tn": [dest]}, "iat": iat, "orig": {"tn": orig}, "origid": origid}
    token = f"{_encoded(msgspec.json.encode(header))}.{_encoded(msgspec.json.encode(claims))}"
    r, s = decode_dss_signature(key.sign(token.encode(), ECDSA(SHA256())))
    signature = _encoded(r.to_bytes(_INTEGER_BYTES) + s.to_bytes(_INTEGER_BYTES))
    return f"{token}.{signature};info=<{x5u}>;alg={_ALGORITHM};ppt={SHAKEN}"


def _check(header: _Header, claims: _Claims, params: dict[str, str]) -> None:
    """RFC 8225 section 4, RFC 8588 section 4; the parameters repeat what the header says (RFC 8224 4.1)."""
    if header.alg != _ALGORITHM or params.get("alg", _ALGORITHM) != _ALGORITHM:
        raise NotAPassport("its algorithm is not ES256")
    if header.typ != _TYPE:
        raise NotAPassport("its type is not passport")
    if header.ppt not in (None, SHAKEN) or params.get("ppt", header.ppt) != header.ppt:
        raise NotAPassport("its extension is not shaken")
    if params.get("info") != header.x5u:
        raise NotAPassport("info and x5u are two")
    if header.ppt == SHAKEN and (claims.attest not in ("A", "B", "C") or not claims.origid):
        raise NotAPassport("attest or origid is missing")
    if not 0 <= claims.iat < 2**53:
        raise NotAPassport("iat is no time")
    numbers = (*claims.dest.tn, *([] if claims.orig.tn is None else [claims.orig.tn]))
    if not all(_NUMBER.match(number) for number in numbers):
        raise NotAPassport("a number is not in its canonical form")


def _parameters(written: str) -> dict[str, str]:
    """Names in lower case and values without their brackets or quotes; of two alike the first."""
    found: dict[str, str] = {}
    for name, value in _PARAM.findall(written):
        found.setdefault(name.lower(), value[1:-1] if value[0] in '<"' else value)
    return found


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
