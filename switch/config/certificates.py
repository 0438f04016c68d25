"""What is wrong with certificates and their keys, in words for who has to put it right."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from switch.config.schema import Config

_MOST_BYTES = 1024 * 1024


class Fault(NamedTuple):
    """What is wrong with the file that `key` names."""

    key: str
    message: str


class _Unusable(Exception):
    """In words."""


def of_http(config: Config) -> Iterator[Fault]:
    """Everything wrong with the files of `http.tls`."""
    tls = config.http.tls
    if tls is not None:
        yield from pair(config.path(tls.certificate), config.path(tls.private_key))


def faults(config: Config) -> Iterator[Fault]:
    """Everything wrong with the files of `sip.tls`; what was right when it was checked may be gone later."""
    tls = config.sip.tls
    if tls is None:
        return
    yield from pair(config.path(tls.certificate), config.path(tls.private_key))
    for key in ("client_ca", "server_ca"):
        named: str | None = getattr(tls, key)
        if named is not None:
            try:
                _certificates(config.path(named))
            except _Unusable as error:
                yield Fault(key, str(error))


def pair(certificate: Path, key: Path) -> Iterator[Fault]:
    """What is wrong with a certificate and its key, which `certificate` and `private_key` name."""
    first: x509.Certificate | None = None
    secret: PrivateKeyTypes | None = None
    try:
        first = _certificates(certificate)[0]
        _in_force(first, certificate, datetime.now(UTC))
    except _Unusable as error:
        yield Fault("certificate", str(error))
    try:
        secret = _key(key)
    except _Unusable as error:
        yield Fault("private_key", str(error))
    if first is None or secret is None:
        return
    if _public(first) != secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        yield Fault("private_key", f"{key} is not the key of {certificate}; give the one it was made with")
    else:
        yield from _refused(certificate, key)


def _refused(certificate: Path, key: Path) -> Iterator[Fault]:
    """What OpenSSL itself has against it, such as a key that is too short."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        yield Fault("certificate", f"{certificate} cannot be used: {reason}; have a new one made")


def _certificates(path: Path) -> list[x509.Certificate]:
    text = _text(path)
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError:
        raise _Unusable(
            f"{path} is no PEM certificate; it must hold -----BEGIN CERTIFICATE-----"
            " (openssl x509 -inform der -in FILE converts one that is DER)"
        ) from None


def _in_force(certificate: x509.Certificate, path: Path, now: datetime) -> None:
    until, since = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if until < now:
        raise _Unusable(f"{path} expired on {until:%Y-%m-%d %H:%M} UTC; have it renewed")
    if since > now:
        raise _Unusable(
            f"{path} is valid only from {since:%Y-%m-%d %H:%M} UTC on; is this machine's clock right?"
        )


def _key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_text(path), None)
    except TypeError:
        raise _Unusable(
            f"{path} needs a passphrase; take it off: openssl pkey -in {path.name} -out {path.stem}-plain.pem"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _Unusable(f"{path} is no PEM private key; it must hold -----BEGIN PRIVATE KEY-----") from None


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise _Unusable(f"{path} cannot be read: {error.strerror or error}") from None
