"""What is dialled, read as a feature code."""

import pytest

from switch.config.desk import Code, Codes
from switch.config.targets import CodeTarget
from switch.desk.codes import FeatureCodes


@pytest.mark.parametrize(
    ("number", "code", "arguments", "shown"),
    [
        ("*60", Code.LOGIN, (), "*60"),
        ("*60#", Code.LOGIN, (), "*60"),
        ("*60501", Code.LOGIN, ("501",), "*60"),
        ("*60*501", Code.LOGIN, ("501",), "*60"),
        ("*60*501*4711#", Code.LOGIN, ("501", "4711"), "*60"),
        ("*61", Code.LOGOUT, (), "*61"),
        ("*632", Code.PAUSE, ("2",), "*632"),
        ("*63*2#", Code.PAUSE, ("2",), "*63*2"),
        ("*671002", Code.LISTEN, ("1002",), "*671002"),
        ("*67reception", Code.LISTEN, ("reception",), "*67reception"),
    ],
)
def test_a_code_and_what_stands_behind_it(
    number: str, code: Code, arguments: tuple[str, ...], shown: str
) -> None:
    dialled = FeatureCodes(Codes()).dialled(number)
    assert dialled is not None
    assert (dialled.target, dialled.shown) == (CodeTarget(code, arguments), shown)
    assert "4711" not in repr(dialled)


@pytest.mark.parametrize(
    "number",
    ["", "60", "*6", "*611", "*61*2", "*63*2*3", "*69", "1002", "112"],
)
def test_what_is_none(number: str) -> None:
    assert FeatureCodes(Codes()).dialled(number) is None


@pytest.mark.parametrize("number", ["*60*501*4711*1", "*60**501*4711", "*60*501*47 11", "*60501**4711#"])
def test_a_login_that_cannot_be_read_shows_no_pin_and_is_nobodys(number: str) -> None:
    dialled = FeatureCodes(Codes()).dialled(number)
    assert dialled is not None
    assert (dialled.target, dialled.shown) == (CodeTarget(Code.LOGIN, ("", "")), "*60")


def test_one_that_is_turned_off_is_none() -> None:
    codes = FeatureCodes(Codes.model_validate({"login": "#1", "logout": "off"}))
    assert codes.dialled("*61") is None
    assert codes.dialled("*60") is None
    assert codes.dialled("#1501") is not None


def test_a_code_is_heard_at_the_end_of_what_is_pressed() -> None:
    codes = FeatureCodes(Codes())
    assert codes.pressed("12*65") is Code.WRAP_UP_EXTEND
    assert codes.pressed("*6") is None
