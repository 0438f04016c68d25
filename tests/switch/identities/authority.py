"""A certificate authority for the tests: a root, one below it, and whom they certify."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TN_AUTH_LIST = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26"), b"\x30\x05\xa0\x03\x16\x011"
)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class Authority:
    """Issues certificates; `path_length` is how many authorities may stand below it."""

    name: str = "Root"
    above: "Authority | None" = None
    path_length: int | None = None
    now: datetime = NOW
    issued: Issued = field(init=False)

    def __post_init__(self) -> None:
        constraints = x509.BasicConstraints(ca=True, path_length=self.path_length)
        self.issued = (self.above or self)._issue(self.name, [(constraints, True)])

    def certify(
        self,
        name: str = "Carrier",
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = ((TN_AUTH_LIST, False),),
        *,
        curve: ec.EllipticCurve | None = None,
        days: tuple[int, int] = (-1, 30),
    ) -> Issued:
        """A certificate for somebody, good from and to so many days from now."""
        return self._issue(name, extensions, curve, days)

    def _issue(
        self,
        name: str,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        curve: ec.EllipticCurve | None = None,
        days: tuple[int, int] = (-10, 100),
    ) -> Issued:
        key = ec.generate_private_key(curve or ec.SECP256R1())
        signer = self.issued if hasattr(self, "issued") else None
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=days[0]))
            .not_valid_after(self.now + timedelta(days=days[1]))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return Issued(builder.sign(signer.key if signer else key, SHA256()), key)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def publish(folder: Path, name: str, *certificates: Issued) -> str:
    """Put a signer's certificate, with those above it, into the folder; its URL."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"".join(one.pem for one in certificates))
    return f"https://certificates.example/{name}"
