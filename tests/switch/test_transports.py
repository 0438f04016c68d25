"""Certificates and limits of connections, from the configuration."""

from pathlib import Path

import pytest

from sip.aio.tls import TlsFiles
from switch.config.schema import Config, Server, Sip, Tls
from switch.transports import bounds, tls_files


def test_files_lie_in_the_data_dir() -> None:
    tls = Tls(certificate="tls/c.pem", private_key="/etc/k.pem", client_ca="ca.pem")
    config = Config(server=Server(data_dir=Path("var")), sip=Sip(tls=tls))
    assert tls_files(config) == TlsFiles(
        certificate=Path("var/tls/c.pem"), private_key=Path("/etc/k.pem"), client_ca=Path("var/ca.pem")
    )


def test_without_a_certificate_others_are_still_verified() -> None:
    assert tls_files(Config()) == TlsFiles()


@pytest.mark.parametrize(("hard", "most"), [(1024, 128), (20_000, 2_500), (1 << 20, 20_000), (-1, 20_000)])
def test_descriptors_bound_the_connections(monkeypatch: pytest.MonkeyPatch, hard: int, most: int) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda which: (0, hard))
    assert bounds(Config()).most == most


@pytest.mark.parametrize(("configured", "per_address"), [(7, 7), (0, 2_500)])
def test_connections_of_one_address(
    monkeypatch: pytest.MonkeyPatch, configured: int, per_address: int
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda which: (0, 20_000))
    assert bounds(Config(sip=Sip(connections_per_address=configured))).per_address == per_address
