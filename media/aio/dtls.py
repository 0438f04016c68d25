"""DTLS-SRTP (RFC 5763, RFC 5764): a handshake over the media path, and the keys that come out of it.

Sans-IO: datagrams in, datagrams out, a deadline for what must be said again. The certificate means nothing by
itself; its fingerprint stands in the session description.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from ext.srtp import SUITES
from media.keying import Fingerprint
from media.port import MasterKey, SrtpKeys

PROFILES: Final = {
    "SRTP_AEAD_AES_256_GCM": "AEAD_AES_256_GCM",
    "SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM",
    "SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80",
    "SRTP_AES128_CM_SHA1_32": "AES_CM_128_HMAC_SHA1_32",
}
"""Crypto suites by OpenSSL's names of their profiles, in our order (RFC 5764 section 4.1.2, RFC 7714)."""
MTU: Final = 1200
_LABEL: Final = b"EXTRACTOR-dtls_srtp"
_HASHES: Final = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
"""Those that are worth something; RFC 8122 section 5."""
_VALID: Final = timedelta(days=3650)
_LONGEST: Final = 1500


def fits(fingerprint: Fingerprint, certificate: x509.Certificate) -> bool:
    """Whether it is that certificate's; False for an algorithm that proves nothing."""
    algorithm = _HASHES.get(fingerprint.algorithm.lower())
    if algorithm is None:
        return False
    return certificate.fingerprint(algorithm).hex(":").upper() == fingerprint.digest.upper()


class Identity:
    """Our certificate: made at the start, known to nobody, good for as long as we run."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "centralita")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _VALID)
        self.certificate: Final = builder.sign(key, hashes.SHA256())
        digest = self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        self.fingerprint: Final = Fingerprint("sha-256", digest)
        self.context: Final = SSL.Context(SSL.DTLS_METHOD)
        self.context.use_certificate(self.certificate)
        self.context.use_privatekey(key)
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self.context.set_tlsext_use_srtp(":".join(PROFILES).encode())
        self.context.set_options(SSL.OP_NO_RENEGOTIATION)


class Handshake:
    """One with one peer, whose certificate must have `theirs`; `active`: we begin (`a=setup:active`).

    `keys` are there when it is over; `failed` says in words why they will never be.
    """

    def __init__(self, identity: Identity, theirs: Fingerprint, *, active: bool) -> None:
        self.keys: SrtpKeys | None = None
        self.failed: str | None = None
        self._theirs = theirs
        self._active = active
        self._connection = SSL.Connection(identity.context, None)
        self._connection.set_ciphertext_mtu(MTU)
        if active:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def begin(self) -> list[bytes]:
        """What to send first; nothing where the peer begins."""
        return self._go_on() if self._active else []

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram of the peer's; what to send back."""
        if self.failed is not None:
            return []
        self._connection.bio_write(datagram)
        return self._go_on()

    def deadline_s(self) -> float | None:
        """Seconds until `expired` is to be called; None: never."""
        if self.keys is not None or self.failed is not None:
            return None
        remaining: float | None = self._connection.DTLSv1_get_timeout()
        return remaining

    def expired(self) -> list[bytes]:
        """What is to be said once more."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self.failed = _words(error)
        return self._flights()

    def _go_on(self) -> list[bytes]:
        try:
            if self.keys is None:
                self._connection.do_handshake()
                self._take_keys()
            else:
                self._connection.recv(_LONGEST)  # a flight that was lost is asked for again
        except SSL.WantReadError:
            pass  # no fault: the peer's next flight is still to come
        except SSL.ZeroReturnError:
            self.failed = "closed by the peer"
        except SSL.Error as error:
            self.failed = _words(error)
        return self._flights()

    def _flights(self) -> list[bytes]:
        flights: list[bytes] = []
        while True:
            try:
                flights.append(self._connection.bio_read(_LONGEST))
            except SSL.WantReadError:
                return flights

    def _take_keys(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not fits(self._theirs, certificate):
            self.failed = "the certificate has another fingerprint than the session description"
            return
        suite = PROFILES.get(self._connection.get_selected_srtp_profile().decode())
        if suite is None:
            self.failed = "no common SRTP profile"
            return
        client, server = self._masters(suite)
        sending, receiving = (client, server) if self._active else (server, client)
        self.keys = SrtpKeys(MasterKey(suite, sending), MasterKey(suite, receiving))

    def _masters(self, suite: str) -> tuple[bytes, bytes]:
        """The client's and the server's key and salt (RFC 5764 section 4.2)."""
        key, salt = SUITES[suite]
        octets: bytes = self._connection.export_keying_material(_LABEL, 2 * (key + salt))
        salts = octets[2 * key :]
        return octets[:key] + salts[:salt], octets[key : 2 * key] + salts[salt:]


def _words(error: SSL.Error) -> str:
    """What OpenSSL says of it, an alert of the peer's included; each of its entries ends in the reason."""
    reasons = [entry[-1] for argument in error.args if isinstance(argument, list) for entry in argument]
    return "handshake failed: " + (", ".join(reasons) or type(error).__name__)
