"""`provisioning` and `phones.NAME.provision`; one exact line for each mistake."""

from pathlib import Path

import pytest

from switch.config.provisioned import IN_CLEAR, NO_FILES
from switch.config.schema import Config
from tests.peers.certificates import Authority
from tests.switch.config.conftest import Mistakes

MAC = "00:15:65:aa:bb:cc"


def phone(maker: str, provision: str, secret: str = "s3cret") -> str:
    return f"phones: {{'1001': {{secret: {secret}, maker: {maker}, provision: {provision}}}}}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("provisioning: {listen: 127.0.0.1:8081}", []),
        ("provisioning: {listen: null}", []),
        ("provisioning: {listen: 0.0.0.0:8081}", [f"1:24: provisioning.listen: {IN_CLEAR}"]),
        ("provisioning: {listen: 0.0.0.0:8081, secrets_in_clear: true}", []),
        (
            "provisioning: {certificate: a.pem}",
            ["1:29: provisioning.certificate: needs 'private_key' beside it"],
        ),
        (
            "provisioning: {url: phones.example}",
            [
                "1:21: provisioning.url: 'phones.example' is not the beginning of a URL; "
                "write it as https://phones.example:8081"
            ],
        ),
        (
            "http: {listen: 127.0.0.1:8080}\nprovisioning: {listen: 127.0.0.1:8080}",
            ["2:24: provisioning.listen: port 8080 of tcp is already taken by http.listen"],
        ),
        (phone("yealink", "{mac: 00-15-65-AA-BB-CC}"), []),
        (phone("generic", "{}"), []),
        (phone("cisco", "{}"), [f"1:60: phones.1001.provision: {NO_FILES}"]),
        (
            phone("yealink", "{mac: 00:15:65}"),
            [
                "1:68: phones.1001.provision.mac: '00:15:65' is not a hardware address; "
                "write it as 00:15:65:aa:bb:cc"
            ],
        ),
        (
            phone("snom", "{}"),
            [
                "1:59: phones.1001.provision: needs mac, the hardware address on the phone's label: "
                "it names the phone's file"
            ],
        ),
        (
            phone("snom", f"{{mac: '{MAC}', transport: tls}}"),
            ["1:97: phones.1001.provision.transport: sip.listen has no tls; it has tcp, udp"],
        ),
        (
            phone("yealink", f"{{mac: '{MAC}'}}", '"two\\nlines"'),
            [
                "1:68: phones.1001.provision: a Yealink's file can hold no secret with line breaks, "
                "or spaces at its ends"
            ],
        ),
        (
            phone("generic", "{keys: [{lamp: '1002'}, {label: x}, {lamp: '1001', dial: '1'}]}"),
            [
                "1:77: phones.1001.provision.keys[0].lamp: no phone, agent or queue is called '1002'",
                "1:86: phones.1001.provision.keys[1]: is either lamp: NAME or dial: NUMBER",
                "1:98: phones.1001.provision.keys[2]: is either lamp: NAME or dial: NUMBER",
            ],
        ),
    ],
)
def test_mistakes(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text) == found


@pytest.mark.parametrize(
    "provision",
    ["{transport: ws}", "{display: ' x '}", "{model: x}", "{mac: 1}", "{keys: [{}]}"],
)
def test_what_cannot_be_read(mistakes: Mistakes, provision: str) -> None:
    assert mistakes(phone("snom", provision))


def test_two_phones_are_not_one(mistakes: Mistakes) -> None:
    one = f"{{secret: a, maker: snom, provision: {{mac: '{MAC}'}}}}"
    (found,) = mistakes(f"phones: {{'1001': {one}, '1002': {one}}}")
    assert found.endswith("phones.1002.provision.mac: is already that of phone '1001'")


def test_the_certificate_is_looked_at(mistakes: Mistakes, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    good, old = authority.issue("phones.example"), authority.issue("phones.example", days=-1)

    def section(certificate: Path, key: Path) -> str:
        return f"provisioning: {{listen: 0.0.0.0:8081, certificate: {certificate}, private_key: {key}}}"

    assert mistakes(section(good.certificate, good.private_key)) == []
    (fault,) = mistakes(section(old.certificate, old.private_key))
    assert "expired" in fault
    (fault,) = mistakes(section(good.certificate, old.private_key))
    assert "provisioning.private_key" in fault


def test_only_a_restart_moves_the_listener(mistakes: Mistakes) -> None:
    running = Config.model_validate({"provisioning": {"listen": "127.0.0.1:8081"}})
    (found,) = mistakes("provisioning: {listen: 127.0.0.1:8082}", running)
    assert "restart it" in found
