"""What check says of a trunk's targets, credentials and registration; secrets in files of their own."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from switch.config.load import load
from tests.switch.config.conftest import Mistakes

PROXY = "proxy: sip:192.0.2.1"
TLS = "certificate: c.pem, private_key: k.pem"
REGISTERED = "registration: {registrar: sip:r.example, user: us}"
PHONE = "phones: {'1001': {secret: x}}\n"


def plain(lines: Iterable[str]) -> list[str]:
    """The mistakes without their places."""
    return [line.split(": ", 1)[1] for line in lines]


@pytest.mark.parametrize(
    ("trunk", "found"),
    [
        ("{proxy: sip:carrier.example}", []),
        ("{targets: [{uri: sip:a.example}, {uri: sip:b.example, priority: 20, weight: 5}]}", []),
        (
            "{proxy: sip:a.example, targets: [{uri: sip:b.example}]}",
            ["trunks.c.targets: stands beside proxy; give one of them"],
        ),
        (
            "{targets: [{uri: sip:a.example}, {uri: sip:A.example., weight: 1}]}",
            [
                "trunks.c.targets[1].uri: sip:a.example stands there twice; give it more weight instead",
            ],
        ),
        ("{targets: []}", ["trunks.c.targets: is empty"]),
        (
            "{proxy: 'sip:a_.-b'}",
            ["trunks.c.proxy: the proxy's host is neither an IP address nor a name that DNS could know"],
        ),
        (
            "{targets: [{uri: sip:a.example, weight: 70000}]}",
            ["trunks.c.targets[0].weight: Input should be less than or equal to 65535"],
        ),
    ],
)
def test_targets(mistakes: Mistakes, trunk: str, found: list[str]) -> None:
    assert plain(mistakes(f"trunks: {{c: {trunk}}}")) == found


@pytest.mark.parametrize(
    ("trunk", "found"),
    [
        ("{registration: {registrar: sip:r.example, user: us}, credentials: {user: us, secret: x}}", []),
        (
            f"{{{REGISTERED}}}",
            [
                "trunks.c.registration: needs credentials beside it, with which the registrar's challenge "
                "is answered"
            ],
        ),
        (
            f"{{{REGISTERED}, credentials: {{user: us}}}}",
            ["trunks.c.credentials: needs secret or secret_file"],
        ),
        (
            f"{{{PROXY}, credentials: {{user: us, secret: x, secret_file: y}}}}",
            ["trunks.c.credentials.secret_file: stands beside secret; give one of them"],
        ),
        (
            f"{{{PROXY}, accept_digest: {{user: '1001', secret: x}}}}",
            ["trunks.c.accept_digest.user: '1001' is the name of a phone; give the carrier another user"],
        ),
        (
            f"{{{PROXY}, accept_digest: {{user: acme}}}}",
            ["trunks.c.accept_digest: needs secret or secret_file"],
        ),
        (
            "{accept_certificate: [carrier.example]}",
            [
                "trunks.c.accept_certificate[0]: needs sip.tls.client_ca; without it nobody is asked for a "
                "certificate"
            ],
        ),
        (
            "{registration: {registrar: sip:r.example, user: us, domain: 'a b', expires: 500ms}, "
            "credentials: {user: us, secret: x}}",
            [
                "trunks.c.registration.domain: 'a b' is not a domain; write it as carrier.example",
                "trunks.c.registration.expires: is shorter than a second",
            ],
        ),
        (
            f'{{{PROXY}, credentials: {{user: "a\\r\\nb", secret: x}}}}',
            ["trunks.c.credentials.user: is empty, or holds control characters"],
        ),
    ],
)
def test_who_is_who(mistakes: Mistakes, trunk: str, found: list[str]) -> None:
    lines = mistakes(f"{PHONE}trunks: {{c: {trunk}}}")
    assert plain(line for line in lines if "cannot be read" not in line) == found


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("accept_digest: {user: acme, secret: x}", "accept_digest.user: 'acme' already belongs to trunk 'a'"),
        (
            f"{REGISTERED}, credentials: {{user: us, secret: x}}",
            "registration.user: the registration of 'us' already belongs to trunk 'a'",
        ),
    ],
)
def test_two_trunks_are_not_one(mistakes: Mistakes, key: str, found: str) -> None:
    (line,) = mistakes(f"trunks:\n  a: {{{key}}}\n  b: {{{key}}}\n")
    assert line.split(": ", 1)[1] == f"trunks.b.{found}"


@pytest.mark.parametrize("trunk", ["{targets: [{uri: x}]}", "{registration: {registrar: x, user: us}}"])
def test_what_is_wrong_in_itself_is_not_missed_too(mistakes: Mistakes, trunk: str) -> None:
    lines = mistakes(f"trunks: {{c: {trunk}}}\nroutes: [{{phone: '*', go: trunk:c}}]")
    assert len(lines) == 1


def test_a_trunk_that_we_register_with_takes_calls_without_a_proxy(mistakes: Mistakes) -> None:
    trunk = f"{{{REGISTERED}, credentials: {{user: us, secret: x}}}}"
    assert mistakes(f"trunks: {{c: {trunk}}}\nroutes: [{{phone: '*', go: trunk:c}}]") == []


def test_secrets_are_read_from_their_files(write: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "ours").write_text("our secret\n")
    (tmp_path / "theirs").write_text("their secret\n")
    config = load(
        write(
            f"server: {{data_dir: '{tmp_path}'}}\n"
            f"trunks: {{c: {{{PROXY}, credentials: {{user: us, secret_file: ours}}, "
            "accept_digest: {user: acme, secret_file: theirs}}}\n"
        )
    )
    trunk = config.trunks["c"]
    assert trunk.credentials is not None
    assert trunk.accept_digest is not None
    assert trunk.credentials.secret.get_secret_value() == "our secret"
    assert trunk.accept_digest.secret.get_secret_value() == "their secret"


def test_a_secret_file_that_is_not_there(mistakes: Mistakes, tmp_path: Path) -> None:
    (line,) = mistakes(
        f"server: {{data_dir: '{tmp_path}'}}\n"
        f"trunks: {{c: {{{PROXY}, credentials: {{user: us, secret_file: gone}}}}}}"
    )
    assert "trunks.c.credentials.secret_file:" in line
    assert "cannot be read" in line


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ("{account: X-Account, uui: User-to-User}", ""),
        ("{account: Authorization}", "'Authorization' is not a header that may be told to programs"),
        ("{account: 'X-A: b'}", "'X-A: b' is not a header that may be told to programs"),
        ("{1st: X-Account}", "'1st' is no variable's name"),
    ],
)
def test_headers_that_become_variables(mistakes: Mistakes, variables: str, found: str) -> None:
    carrier = f"{{accept_from: [192.0.2.1], proxy: 'sip:192.0.2.1', variables: {variables}}}"
    said = mistakes(f"trunks: {{carrier: {carrier}}}")
    assert len(said) == bool(found)
    assert found in "".join(said)
