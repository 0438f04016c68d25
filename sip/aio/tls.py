"""TLS for SIP: the contexts of both sides, made anew from their files by each reload."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

HANDSHAKE_S: Final = 5.0
"""How long a handshake may take."""
SHUTDOWN_S: Final = 2.0
"""How long we wait for a peer's close_notify."""
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL"
"""Of TLS 1.2: forward secrecy and authenticated encryption (RFC 9325 section 4.2); 1.3 has no others."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; `certificate` holds ours and those between it and its root.

    `client_ca` are the roots of peers' certificates, None asks nobody for one; `server_ca` those of the
    proxies that we call, None takes the system's.
    """

    certificate: Path | None = None
    private_key: Path | None = None
    client_ca: Path | None = None
    server_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Tls:
    """What new handshakes use: `server` for connections to us, `client` for those that we make."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    @classmethod
    def load(cls, files: TlsFiles) -> Self:
        """Read the files: some tens of milliseconds, so not in the loop's thread. Raises OSError (of which
        `ssl.SSLError` is one).
        """
        return cls(_server(files), _client(files))


def _server(files: TlsFiles) -> ssl.SSLContext:
    context = _context(ssl.PROTOCOL_TLS_SERVER, files)
    if files.client_ca is not None:
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _client(files: TlsFiles) -> ssl.SSLContext:
    """Whose certificate it is we ask ourselves, by RFC 5922 (`sip.accounts.certificate_names`)."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, files)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    if files.server_ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(files.server_ca)
    return context


def _context(protocol: int, files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.private_key)
    return context
