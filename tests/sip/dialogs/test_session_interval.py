"""RFC 4028 section 9, table 2: who refreshes, as our 2xx says it."""

import pytest

from sip.dialogs.session_interval import SessionInterval as Interval
from sip.dialogs.session_interval import as_client, as_server, least_s, offered, too_small, watch_s
from sip.syntax.message import Malformed, Request, Response, parse
from tests.sip.raw import Peer, reply

TIMER = "Supported: timer"


def request(*lines: str) -> Request:
    message = parse(Peer().invite(*lines).encode())
    assert isinstance(message, Request)
    return message


def response(*lines: str) -> Response:
    message = parse(reply(request(), 200, *lines).encode())
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize(
    ("lines", "wished_s", "interval", "said"),
    [
        # UAC supports? refresher in the request, refresher in the response
        (
            ("Session-Expires: 1800",),
            0,
            Interval(1800, True),
            "Session-Expires: 1800;refresher=uas\r\n",
        ),
        ((TIMER, "Session-Expires: 1800"), 0, Interval(1800, False), "1800;refresher=uac"),
        ((TIMER, "x: 1800;refresher=uac"), 0, Interval(1800, False), "1800;refresher=uac"),
        (
            (TIMER, "x: 1800;refresher=uas"),
            0,
            Interval(1800, True),
            "Require: timer\r\nSession-Expires: 1800",
        ),
        ((TIMER, "x: 1800 ; foo=1 ; Refresher = UAS"), 0, Interval(1800, True), "1800;refresher=uas"),
        ((TIMER,), 0, None, ""),
        ((TIMER,), 600, Interval(600, False), "600;refresher=uac"),
        ((TIMER, "Min-SE: 900;x=y"), 600, Interval(900, False), "900;refresher=uac"),
        ((), 600, None, ""),
        (("Session-Expires: 60",), 0, None, ""),
    ],
)
def test_9_table_2(lines: tuple[str, ...], wished_s: int, interval: Interval | None, said: str) -> None:
    found, written = as_server(request(*lines), wished_s)
    assert found == interval
    assert said in written
    assert (written == "") == (interval is None)


@pytest.mark.parametrize(
    ("lines", "interval"),
    [
        (("Session-Expires: 1800;refresher=uac",), Interval(1800, True)),
        (("Session-Expires: 1800;refresher=uas",), Interval(1800, False)),
        (("Session-Expires: 1800",), Interval(1800, True)),
        (("Session-Expires: 1;refresher=uac",), Interval(90, True)),
        (("Session-Expires: 89;refresher=uas",), Interval(90, False)),
        (("Session-Expires: 0;refresher=uac",), None),
        ((), None),
    ],
)
def test_7_2_what_an_answer_promises(lines: tuple[str, ...], interval: Interval | None) -> None:
    assert as_client(response(*lines)) == interval


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "-1",
        "1.5",
        "1234567890",
        "١٨٠٠",
        "1800\u00a0",
        "1800;refresher=uac;refresher=uas",
        "1800;;",
        "1800 x",
    ],
)
def test_what_is_no_number_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        offered(request(f"Session-Expires: {value}"))


def test_too_small_an_interval_is_refused_only_to_who_understands() -> None:
    assert too_small(request(TIMER, "Session-Expires: 89"))
    assert not too_small(request("Session-Expires: 89"))
    assert not too_small(request(TIMER, "Session-Expires: 90"))


@pytest.mark.parametrize(("value", "least"), [("120", 120), ("60", 90), ("x", 90), ("", 90)])
def test_5_the_least_interval(value: str, least: int) -> None:
    assert least_s(request(f"Min-SE: {value}")) == least


@pytest.mark.parametrize(("interval_s", "watched_s"), [(90, 60), (96, 64), (1800, 1768)])
def test_10_when_to_give_up(interval_s: int, watched_s: float) -> None:
    assert watch_s(interval_s) == watched_s
