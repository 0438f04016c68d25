"""Which certificate a URL names, and which of them may be believed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from switch.identities.certificates import (
    BadCertificate,
    Certificates,
    Credential,
    NoCertificate,
    file_name,
    read_private_key,
    read_roots,
)
from tests.switch.identities.authority import NOW, TN_AUTH_LIST, Authority, Issued, publish

ROOT = Authority("Root")
BETWEEN = Authority("Between", ROOT, path_length=0)
BELOW = Authority("Below", BETWEEN)
CARRIER = ROOT.certify()
FOREIGN = Authority("Root")  # another of the same name
SIGNING, SEALING = (
    x509.KeyUsage(signs, False, False, False, False, not signs, False, False, False)
    for signs in (True, False)
)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def found(folder: Path, *certificates: Issued, root: Authority = ROOT, days: float = 0) -> Credential:
    url = publish(folder, "carrier.pem", *certificates)
    return Certificates([root.issued.certificate], folder).find(url, NOW + timedelta(days=days))


def test_a_certificate_of_the_root(tmp_path: Path) -> None:
    credential = found(tmp_path, CARRIER)
    assert credential.key.public_numbers() == CARRIER.key.public_key().public_numbers()
    assert credential.has_numbers
    assert not found(tmp_path, ROOT.certify(extensions=[(SIGNING, True)])).has_numbers


def test_a_chain_stands_in_any_order_behind_the_signer(tmp_path: Path) -> None:
    under = Authority("Under", Authority("Middle", ROOT))
    middle = under.above
    assert middle is not None
    signer = under.certify()
    for chain in ((under.issued, middle.issued), (middle.issued, under.issued)):
        assert found(tmp_path, signer, *chain).key.curve.name == "secp256r1"


@pytest.mark.parametrize(
    ("certificates", "days"),
    [
        ((FOREIGN.certify(),), 0),
        ((BETWEEN.certify(),), 0),
        ((BELOW.certify(), BELOW.issued, BETWEEN.issued), 0),
        ((CARRIER,), 31),
        ((CARRIER,), -2),
        ((ROOT.certify(curve=ec.SECP384R1()),), 0),
        ((ROOT.certify(extensions=[(SEALING, True)]),), 0),
        ((ROOT.certify(extensions=[(UNKNOWN, True)]),), 0),
        ((CARRIER,) * 9, 0),
    ],
    ids=[
        "another root of that name",
        "nothing between",
        "an authority too many",
        "too old",
        "too new",
        "another curve",
        "not for signing",
        "unknown and critical",
        "too many",
    ],
)
def test_what_must_not_be_believed(tmp_path: Path, certificates: tuple[Issued, ...], days: float) -> None:
    with pytest.raises(BadCertificate):
        found(tmp_path, *certificates, days=days)


def test_who_was_only_certified_certifies_nobody(tmp_path: Path) -> None:
    impostor = Authority("Carrier")
    impostor.issued = CARRIER
    with pytest.raises(BadCertificate):
        found(tmp_path, impostor.certify(), CARRIER)


def test_extensions_that_need_not_be_understood(tmp_path: Path) -> None:
    issued = ROOT.certify(extensions=[(UNKNOWN, False), (SIGNING, True), (TN_AUTH_LIST, True)])
    assert found(tmp_path, issued).key == issued.key.public_key()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "carrier.pem").write_bytes(content)
    with pytest.raises(BadCertificate):
        Certificates([ROOT.issued.certificate], tmp_path).find("https://c.example/carrier.pem", NOW)


def test_a_new_file_counts_at_once(tmp_path: Path) -> None:
    certificates = Certificates([ROOT.issued.certificate], tmp_path)
    url = "https://c.example/a/b/carrier.pem?version=1"
    with pytest.raises(NoCertificate):
        certificates.find(url, NOW)
    publish(tmp_path, "carrier.pem", FOREIGN.certify())
    for _ in range(2):
        with pytest.raises(BadCertificate):
            certificates.find(url, NOW)
    publish(tmp_path, "carrier.pem", CARRIER, CARRIER)
    os.utime(tmp_path / "carrier.pem", ns=(1, 1))
    assert certificates.find(url, NOW) is certificates.find(url, NOW)
    (tmp_path / "carrier.pem").unlink()
    with pytest.raises(NoCertificate):
        certificates.find(url, NOW)


def test_der_is_read_too(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    (tmp_path / "carrier.cer").write_bytes(CARRIER.certificate.public_bytes(Encoding.DER))
    credential = Certificates([ROOT.issued.certificate], tmp_path).find("https://c.example/carrier.cer", NOW)
    assert credential.key == CARRIER.key.public_key()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://c.example/carrier.pem", "carrier.pem"),
        ("https://c.example:8443/a/b/c-1_2.crt?x=/y", "c-1_2.crt"),
        ("http://c.example/carrier.pem", None),
        ("https:///carrier.pem", None),
        ("https://c.example/", None),
        ("https://c.example/..", None),
        ("https://c.example/.hidden", None),
        ("https://c.example/%2e%2e%2fetc%2fpasswd", None),
        ("https://c.example/a\\b", None),
        ("https://c.example/a\x00b", None),
        ("https://[/a", None),
        ("file:///etc/passwd", None),
        ("/etc/passwd", None),
        ("https://c.example/" + "a" * 200, None),
    ],
)
def test_the_file_of_a_url(url: str, name: str | None) -> None:
    if name is not None:
        assert file_name(url) == name
        return
    with pytest.raises(NoCertificate):
        file_name(url)


def test_keys_and_roots_from_files(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(CARRIER.key_pem)
    (tmp_path / "roots.pem").write_bytes(ROOT.issued.pem + FOREIGN.issued.pem)
    (tmp_path / "other.pem").write_bytes(ROOT.certify(curve=ec.SECP384R1()).key_pem)
    assert read_private_key(tmp_path / "key.pem").private_numbers() == CARRIER.key.private_numbers()
    assert len(read_roots(tmp_path / "roots.pem")) == 2
    for path, message in (
        ("none.pem", "cannot be read"),
        ("roots.pem", "no private key"),
        ("other.pem", "P-256"),
    ):
        with pytest.raises(ValueError, match=message):
            read_private_key(tmp_path / path)
    for path, message in (("none.pem", "cannot be read"), ("key.pem", "no certificates")):
        with pytest.raises(ValueError, match=message):
            read_roots(tmp_path / path)
