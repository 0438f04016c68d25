"""Certificates for tests: an authority in a folder, and what it signs.

authority = Authority(tmp_path)
mine = authority.issue("sip.carrier.example", "127.9.8.7")
mine.certificate, mine.private_key, authority.certificate    # PEM files
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, as PEM files."""

    certificate: Path
    private_key: Path


class Authority:
    """Signs certificates; its own is self-signed."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._count = 0
        self.certificate = folder / f"{name}.pem"
        builder = self._builder(self._name, self._key, datetime.now(UTC) - DAY, datetime.now(UTC) + DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))

    def issue(self, *names: str, days: float = 1.0, file: str = "") -> Issued:
        """For these names: hosts, addresses, or `sip:` URIs. With `days` below zero it has expired.

        `file` names the files; the same name again replaces them, as a renewal does.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "common.example")])
        end = datetime.now(UTC) + days * DAY
        builder = self._builder(subject, key, min(end, datetime.now(UTC)) - DAY, end)
        alternatives = x509.SubjectAlternativeName(list(map(_general, names)))
        builder = builder.add_extension(alternatives, critical=False)
        self._count += 1
        file = file or f"{self._count}"
        issued = Issued(self._folder / f"{file}.crt", self._folder / f"{file}.key")
        issued.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        issued.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return issued

    def client(self, certificate: Issued | None = None) -> ssl.SSLContext:
        """For a peer that calls somebody whom we signed, whatever the name; it shows `certificate`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.certificate)
        if certificate is not None:
            context.load_cert_chain(certificate.certificate, certificate.private_key)
        return context

    def server(self, certificate: Issued) -> ssl.SSLContext:
        """For a peer that is called."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.private_key)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=start,
            not_valid_after=end,
        )


def _general(name: str) -> x509.GeneralName:
    if name.startswith("sip:"):
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
