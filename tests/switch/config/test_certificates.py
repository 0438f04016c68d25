"""`sip.tls`: each file that cannot be used, by its line, its key and its remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.peers.certificates import Authority
from tests.switch.config.conftest import Mistakes

CONFIG = "server: {data_dir: %s}\nsip:\n  listen: [tls:0.0.0.0:5061]\n  tls:\n"
KEYS = {"certificate": 5, "private_key": 6, "client_ca": 7, "server_ca": 8}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority = Authority(tmp_path, "roots")
    authority.issue("sip.example", file="good")
    authority.issue("sip.example", file="other")
    authority.issue("sip.example", days=-2, file="old")
    (tmp_path / "empty").touch()
    (tmp_path / "der").write_bytes(b"\x30\x82\x01\x01")
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    (tmp_path / "locked.key").write_bytes(key)
    return tmp_path


@pytest.fixture
def found(folder: Path, mistakes: Mistakes) -> Callable[..., list[str]]:
    """The mistakes where these files are named, the folder's name left out."""

    def finding(certificate: str, private_key: str, client_ca: str, server_ca: str) -> list[str]:
        text = CONFIG % folder
        for key, name in zip(KEYS, (certificate, private_key, client_ca, server_ca), strict=True):
            text += f"    {key}: {name}\n"
        return [line.replace(f"{folder}/", "") for line in mistakes(text)]

    return finding


def test_good_files_are_no_mistake(found: Callable[..., list[str]]) -> None:
    assert found("good.crt", "good.key", "roots.pem", "roots.pem") == []


@pytest.mark.parametrize(
    ("key", "name", "message"),
    [
        ("certificate", "gone", "gone cannot be read: No such file or directory"),
        (
            "certificate",
            "empty",
            "empty is no PEM certificate; it must hold -----BEGIN CERTIFICATE-----"
            " (openssl x509 -inform der -in FILE converts one that is DER)",
        ),
        (
            "certificate",
            "der",
            "der is no PEM certificate; it must hold -----BEGIN CERTIFICATE-----"
            " (openssl x509 -inform der -in FILE converts one that is DER)",
        ),
        ("private_key", "gone", "gone cannot be read: No such file or directory"),
        (
            "private_key",
            "good.crt",
            "good.crt is no PEM private key; it must hold -----BEGIN PRIVATE KEY-----",
        ),
        (
            "private_key",
            "locked.key",
            "locked.key needs a passphrase; take it off: openssl pkey -in locked.key -out locked-plain.pem",
        ),
        (
            "private_key",
            "other.key",
            "other.key is not the key of good.crt; give the one it was made with",
        ),
        ("client_ca", "gone", "gone cannot be read: No such file or directory"),
        (
            "server_ca",
            "good.key",
            "good.key is no PEM certificate; it must hold -----BEGIN CERTIFICATE-----"
            " (openssl x509 -inform der -in FILE converts one that is DER)",
        ),
    ],
)
def test_a_file_that_cannot_be_used(
    found: Callable[..., list[str]], key: str, name: str, message: str
) -> None:
    right = {
        "certificate": "good.crt",
        "private_key": "good.key",
        "client_ca": "roots.pem",
        "server_ca": "roots.pem",
    }
    column = 5 + len(key) + 2
    assert found(**{**right, key: name}) == [f"{KEYS[key]}:{column}: sip.tls.{key}: {message}"]


def test_an_expired_certificate(found: Callable[..., list[str]]) -> None:
    (line,) = found("old.crt", "old.key", "roots.pem", "roots.pem")
    assert line.startswith("5:18: sip.tls.certificate: old.crt expired on ")
    assert line.endswith(" UTC; have it renewed")
