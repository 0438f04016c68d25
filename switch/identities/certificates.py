"""The certificates with which PASSporTs are checked (RFC 8226): a folder, and the roots that we trust.

Nothing is fetched: a URL that a stranger wrote would let him choose whom we call. The folder is filled by
whoever runs the switch; the last part of the URL is the name of the file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtensionOID

_MAX_FILE_BYTES: Final = 64 * 1024
_MAX_CHAIN: Final = 8
"""Certificates in one file."""
_KEPT: Final = 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_TN_AUTH_LIST: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")
"""RFC 8226 section 9."""
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        _TN_AUTH_LIST,
    }
)
"""A certificate with another critical extension is not used (RFC 5280 section 4.2)."""


Kind = TypeVar("Kind", bound=x509.ExtensionType)


class NoCertificate(LookupError):
    """There is no certificate by that URL here."""


class BadCertificate(Exception):
    """There is one, and it must not be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate whose chain ends at a root that we trust, good within the time when all of it is.

    `has_numbers`: it says which numbers it may sign for (TNAuthList), as SHAKEN's do.
    """

    key: EllipticCurvePublicKey
    not_before: datetime
    not_after: datetime
    has_numbers: bool


_Version = tuple[int, int]
"""Time of the last change, in ns, and size of a file."""


class Certificates:
    """A folder of certificates. What was read is kept as long as its file does not change."""

    def __init__(self, roots: Sequence[x509.Certificate], folder: Path) -> None:
        self._roots = tuple(roots)
        self._folder = folder
        self._read: dict[str, tuple[_Version, Credential | str]] = {}
        """By file name, the credential or what is wrong with it."""

    def find(self, x5u: str, now: datetime) -> Credential:
        """What the certificate at `x5u` proves `now`. Raises NoCertificate or BadCertificate."""
        credential = self._current(file_name(x5u))
        if isinstance(credential, str):
            raise BadCertificate(credential)
        if not credential.not_before <= now <= credential.not_after:
            raise BadCertificate("out of its time")
        return credential

    def _current(self, name: str) -> Credential | str:
        path = self._folder / name
        try:
            status = path.stat()
            version = status.st_mtime_ns, status.st_size
            known = self._read.get(name)
            if known is not None and known[0] == version:
                return known[1]
            credential = self._judged(_content(path))
        except OSError:
            self._read.pop(name, None)
            raise NoCertificate(name) from None
        if len(self._read) >= _KEPT:
            del self._read[next(iter(self._read))]
        self._read[name] = version, credential
        return credential

    def _judged(self, content: bytes) -> Credential | str:
        try:
            return _judge(_certificates(content), self._roots)
        except BadCertificate as error:
            return str(error)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
            return "not a certificate that can be read"


def file_name(x5u: str) -> str:
    """The name of the file for a URL: its last part. Raises NoCertificate for what can be none."""
    try:
        parts = urlsplit(x5u)
    except ValueError:
        raise NoCertificate(x5u) from None
    name = parts.path.rpartition("/")[2]
    if parts.scheme != "https" or not parts.netloc or not _NAME.match(name):
        raise NoCertificate(x5u)
    return name


def read_roots(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file. Raises ValueError with a message for people."""
    try:
        roots = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise ValueError(f"{path} holds no certificates in PEM") from None
    return roots


def read_private_key(path: Path) -> EllipticCurvePrivateKey:
    """The P-256 key in a PEM file. Raises ValueError with a message for people, without what is in it."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError):
        raise ValueError(f"{path} holds no private key in PEM without a password") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError(f"{path} holds no key on P-256, which ES256 needs")
    return key


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_FILE_BYTES)


def _certificates(content: bytes) -> list[x509.Certificate]:
    """The signer's, with those between it and its root behind it."""
    if b"-----BEGIN" not in content:
        return [x509.load_der_x509_certificate(content)]
    found = x509.load_pem_x509_certificates(content)
    if len(found) > _MAX_CHAIN:
        raise BadCertificate("too many certificates in one file")
    return found


def _judge(found: list[x509.Certificate], roots: Sequence[x509.Certificate]) -> Credential:
    signer = found[0]
    key = signer.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise BadCertificate("its key is not on P-256")
    usage = _extension(signer, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise BadCertificate("its key is not for signing")
    chain = _chain(signer, found[1:], roots)
    if chain is None:
        raise BadCertificate("no chain leads to a root that is trusted")
    for certificate in chain:
        _check_critical(certificate)
    return Credential(
        key,
        max(certificate.not_valid_before_utc for certificate in chain),
        min(certificate.not_valid_after_utc for certificate in chain),
        any(extension.oid == _TN_AUTH_LIST for extension in signer.extensions),
    )


def _chain(
    certificate: x509.Certificate,
    between: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    below: int = 0,
) -> list[x509.Certificate] | None:
    """From a certificate to a root; `below` authorities stand between it and the signer."""
    for root in roots:
        if _issued(certificate, root, below):
            return [certificate, root]
    for i, authority in enumerate(between):
        if _issued(certificate, authority, below):
            rest = _chain(authority, [*between[:i], *between[i + 1 :]], roots, below + 1)
            if rest is not None:
                return [certificate, *rest]
    return None


def _issued(certificate: x509.Certificate, authority: x509.Certificate, below: int) -> bool:
    """RFC 5280 section 6.1.4: an authority, allowed so many below it, whose signature this is."""
    constraints = _extension(authority, x509.BasicConstraints)
    usage = _extension(authority, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        return False
    if constraints.path_length is not None and below > constraints.path_length:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _check_critical(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise BadCertificate(f"extension {extension.oid.dotted_string} is not understood")
