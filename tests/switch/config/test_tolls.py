"""What is wrong with a toll, each mistake at its place."""

import pytest

from tests.switch.config.conftest import Mistakes


@pytest.mark.parametrize(
    ("toll", "fault"),
    [
        (
            "{hours: morning}",
            "3:19: phones.1001.toll.hours: "
            "cannot be read; write them as OpenStreetMap does: Mo-Fr 08:00-20:00",
        ),
        *(
            (
                f"{{hours: '{hours}'}}",
                f"3:19: phones.1001.toll.hours: names holidays ({named}), and no country's are known here; "
                "write their dates: Mo-Fr 08:00-20:00; Jan 01,Dec 25 off",
            )
            for hours, named in (
                ("Mo-Fr 08:00-20:00; PH off", "PH"),
                ("Mo-Fr,PH 08:00-20:00", "PH"),
                ("SH Mo 10:00-12:00", "SH"),
            )
        ),
        ("{outside: {}}", "3:21: phones.1001.toll.outside: needs 'hours' beside it: outside of which?"),
        (
            "{calls_an_hour: 10001}",
            "3:27: phones.1001.toll.calls_an_hour: Input should be less than or equal to 10000",
        ),
        ("{destinations: [6 6]}", "3:27: phones.1001.toll.destinations[0]: a pattern has no spaces"),
        (
            "{hours: 24/7, outside: {destinations: [6 6]}}",
            "3:50: phones.1001.toll.outside.destinations[0]: a pattern has no spaces",
        ),
    ],
)
def test_tolls(mistakes: Mistakes, toll: str, fault: str) -> None:
    found = mistakes(f'phones:\n  "1001": {{secret: x,\n    toll: {toll}}}')
    assert found == [fault]


def test_a_right_one(mistakes: Mistakes) -> None:
    hours = 'Mo-Fr 08:00-20:00; Dec 25 off "no PH"'
    toll = f"{{hours: '{hours}', outside: {{destinations: ['+34*'], calls_at_once: 1}}}}"
    assert mistakes(f'phones:\n  "1001": {{secret: x, toll: {toll}}}') == []
