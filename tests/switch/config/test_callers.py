"""What must be right of numbers, callers and signed identities; one exact line for each mistake."""

from pathlib import Path

import pytest

from switch.config.schema import Config
from tests.switch.config.conftest import Mistakes
from tests.switch.identities.authority import Authority


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("numbers: {country: ES, inbound: e164, outbound: national}", []),
        ("numbers: {outbound: international}", []),
        (
            "numbers: {country: es}",
            ["numbers.country: 'es' is not a country's two letters such as ES; did you mean 'ES'?"],
        ),
        ("numbers: {country: Spain}", ["numbers.country: 'Spain' is not a country's two letters such as ES"]),
        ("numbers: {country: NO}", []),
        (
            "numbers: {inbound: e164}",
            ["numbers.inbound: needs 'country' beside it, whose national numbers these are"],
        ),
        (
            "numbers: {outbound: national}",
            ["numbers.outbound: needs 'country' beside it, whose national numbers these are"],
        ),
        ("caller_id: {number: +34911222333, allowed: [+34911*, 112], trust: yes}", []),
        (
            "caller_id: {number: Reception}",
            ["caller_id.number: 'Reception' is not a number such as +34911000000"],
        ),
        (
            "caller_id: {allowed: ['+34*', '*1']}",
            ["caller_id.allowed[1]: '*' stands for any rest, so it can only be the last character"],
        ),
    ],
)
def test_a_trunks_numbers_and_callers(mistakes: Mistakes, text: str, found: list[str]) -> None:
    lines = mistakes(f"trunks: {{c: {{accept_from: [10.0.0.1], {text}}}}}")
    assert [line.partition(": trunks.c.")[2] for line in lines] == found


def stir(folder: Path, text: str) -> str:
    return f"server: {{data_dir: {folder}}}\ntrunks: {{c: {{accept_from: [10.0.0.1], stir: {{{text}}}}}}}"


def test_keys_that_can_be_used(mistakes: Mistakes, tmp_path: Path) -> None:
    root = Authority()
    (tmp_path / "key.pem").write_bytes(root.certify().key_pem)
    (tmp_path / "roots.pem").write_bytes(root.issued.pem)
    (tmp_path / "certificates").mkdir()
    sign = "sign: {certificate_url: 'https://c.example/a.pem', private_key: key.pem}"
    assert mistakes(stir(tmp_path, f"{sign}, verify: {{roots: roots.pem, certificates: certificates}}")) == []


def test_keys_that_cannot(mistakes: Mistakes, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("secret")
    sign = "sign: {certificate_url: 'http://c.example/a.pem', private_key: key.pem}"
    lines = mistakes(stir(tmp_path, f"{sign}, verify: {{roots: key.pem, certificates: none}}"))
    assert [line.partition(": trunks.c.stir.")[2] for line in lines] == [
        "sign.certificate_url: expected where others get the certificate: https://HOST/FILE",
        f"sign.private_key: {tmp_path}/key.pem holds no private key in PEM without a password",
        f"verify.roots: {tmp_path}/key.pem holds no certificates in PEM",
        f"verify.certificates: {tmp_path}/none is no folder",
    ]


@pytest.mark.parametrize(
    "url", ["https://c.example/a>b.pem", "https://c.example/a b.pem", "https://c.example/"]
)
def test_a_url_goes_into_a_header(mistakes: Mistakes, tmp_path: Path, url: str) -> None:
    sign = f"sign: {{certificate_url: '{url}', private_key: key.pem}}"
    assert "certificate_url: expected" in mistakes(stir(tmp_path, sign))[0]


def test_the_defaults_change_nothing() -> None:
    trunk = Config.model_validate({"trunks": {"c": {}}}).trunks["c"]
    assert (trunk.numbers.inbound.value, trunk.numbers.outbound.value) == ("as-is", "as-is")
    assert (trunk.caller_id.allowed, trunk.caller_id.trust, trunk.stir.sign) == (("*",), False, None)
