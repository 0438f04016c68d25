"""`http`: beyond this machine by TLS, or by a word that says that it is not."""

from pathlib import Path

import pytest

from switch.config.checks import HTTP_IN_CLEAR
from tests.peers.certificates import Authority
from tests.switch.config.conftest import Mistakes


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "[::1]"])
def test_on_this_machine_it_may_be_in_the_clear(mistakes: Mistakes, host: str) -> None:
    assert mistakes(f"http: {{listen: '{host}:8080'}}") == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "[::]", "[2001:db8::7]"])
def test_beyond_it_it_may_not(mistakes: Mistakes, host: str) -> None:
    assert mistakes(f"http: {{listen: '{host}:8080'}}") == [f"1:16: http.listen: {HTTP_IN_CLEAR}"]
    assert mistakes(f"http: {{listen: '{host}:8080', tokens_in_clear: true}}") == []


def test_the_certificate_is_looked_at(mistakes: Mistakes, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    good, old = authority.issue("pbx.example"), authority.issue("pbx.example", days=-1)

    def section(certificate: Path, key: Path) -> str:
        return f"http: {{listen: 0.0.0.0:8080, tls: {{certificate: {certificate}, private_key: {key}}}}}"

    assert mistakes(section(good.certificate, good.private_key)) == []
    (fault,) = mistakes(section(old.certificate, old.private_key))
    assert "http.tls.certificate" in fault
    assert "expired" in fault
    (fault,) = mistakes(section(good.certificate, old.private_key))
    assert "http.tls.private_key" in fault
    (fault,) = mistakes("http: {listen: 0.0.0.0:8080, tls: {certificate: a.pem}}")
    assert "private_key" in fault
