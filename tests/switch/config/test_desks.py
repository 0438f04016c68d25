"""Numbers and PINs of agents, and `desk`."""

from pathlib import Path

import pytest

from switch.config.errors import ConfigErrors
from switch.config.load import load

HEAD = 'phones: {"1001": {secret: s}}\nagents:\n'


def errors(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigErrors) as raised:
        load(file, {})
    return [str(error).removeprefix(f"{file}:") for error in raised.value.errors]


@pytest.mark.parametrize("pin", ["12a4", "123", "12345678901234567"])
def test_a_pin_has_to_be_dialled_and_is_not_repeated(tmp_path: Path, pin: str) -> None:
    (error,) = errors(tmp_path, f'{HEAD}  ana: {{pin: "{pin}"}}\n')
    assert error == "3:14: agents.ana.pin: must be a PIN: 4 to 16 digits, which a phone can dial"


def test_a_pin_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ana.pin").write_text("4711\n")
    (tmp_path / "luis.pin").write_text("secret\n")
    file = tmp_path / "c.yaml"
    file.write_text(f"server: {{data_dir: {tmp_path}}}\nagents:\n  ana: {{pin_file: ana.pin}}\n")
    agent = load(file, {}).agents["ana"]
    assert agent.pin.get_secret_value() == "4711"
    assert "4711" not in repr(agent)
    text = f"server: {{data_dir: {tmp_path}}}\nagents:\n"
    for line, fault in (
        ("  ana: {pin_file: luis.pin}", "must hold a PIN: 4 to 16 digits, which a phone can dial"),
        ("  ana: {pin_file: none.pin}", "cannot be read: No such file or directory"),
        ("  ana: {pin: '4711', pin_file: ana.pin}", "stands beside pin; give one of them"),
    ):
        (error,) = errors(tmp_path, text + line + "\n")
        assert error.endswith(fault), error


def test_a_pin_comes_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("agents:\n  ana: {pin: '${PIN_ANA}'}\n")
    assert load(file, {"PIN_ANA": "0815"}).agents["ana"].pin.get_secret_value() == "0815"


def test_numbers_are_dialled_and_each_is_one_agents(tmp_path: Path) -> None:
    text = f'{HEAD}  ana: {{number: "5a"}}\n  luis: {{number: "502"}}\n  eva: {{number: "502"}}\n'
    assert errors(tmp_path, text) == [
        "3:17: agents.ana.number: '5a' cannot be dialled: 1 to 16 digits",
        "5:17: agents.eva.number: number '502' is already that of agent 'luis'",
    ]


def test_a_reason_for_a_pause_has_a_number(tmp_path: Path) -> None:
    text = "desk: {pauses: {lunch: '2'}}\n"
    assert errors(tmp_path, text) == [
        "1:17: desk.pauses.lunch: 'lunch' cannot be dialled: a reason's number has one or two digits"
    ]


def test_no_code_is_the_beginning_of_another(tmp_path: Path) -> None:
    text = 'codes: {ready: "*6", pause: "*61", logout: off}\n'
    assert [error for error in errors(tmp_path, text) if "pause" in error] == [
        "1:29: codes.pause: '*61' cannot be told from codes.ready, which is '*6'"
    ]
    (error,) = errors(tmp_path, 'codes: {ready: "*61"}\n')
    assert error == "1:16: codes.ready: '*61' cannot be told from codes.logout, which is '*61'"


@pytest.mark.parametrize("written", ["60", "*", "*6a", "*12345678", ""])
def test_a_code_begins_with_what_no_number_begins_with(tmp_path: Path, written: str) -> None:
    (error,) = errors(tmp_path, f"codes:\n  ready: '{written}'\n")
    assert error == (
        f"2:10: codes.ready: '{written}' is no code: * or #, and one to six of 0 to 9, * and #; or off"
    )


def test_a_route_to_a_code_is_never_reached(tmp_path: Path) -> None:
    text = HEAD.replace("agents:\n", "") + "routes:\n"
    route = '  - {phone: "*", to: ["10??", "[*]62"], go: phone}\n'
    (error,) = errors(tmp_path, text + route)
    assert error == (
        "3:31: routes[0].to[1]: is never reached: it is codes.ready; change one of them, or turn that off"
    )
    file = tmp_path / "c.yaml"
    file.write_text(f"{text}{route}codes: {{ready: off}}\n")
    load(file, {})
