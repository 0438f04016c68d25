"""Every limit: what is at it is taken, what is above it gets its status and is counted, on both builds."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sip.syntax import limits
from sip.syntax.limits import LIMITS
from sip.syntax.malformed import Fault
from tests.sip.builds import BUILDS, use
from tests.sip.torture import ASKED, SDP, Verdict, build, judge, malformed

START = "OPTIONS sip:callee@example.com SIP/2.0"


def sized(size: int) -> bytes:
    head = build(START, Content_Length=f"{0:05}")
    body = b"x" * (size - len(head))
    return head.replace(b"Content-Length: 00000", b"Content-Length: %05d" % len(body)) + body


def listed(name: str, value: str, already: int = 0) -> Callable[[int], bytes]:
    """One more line of a list header for each above the `already` that the defaults have."""
    return lambda count: build(START, Subject="x" + f"\r\n{name}: {value}" * (count - already))


def uri(length: int) -> str:
    return "sip:" + "u" * (length - len("sip:@example.com")) + "@example.com"


def nested(depth: int) -> bytes:
    body = f"Content-Type: application/sdp\r\n\r\n{SDP}"
    for level in range(depth):
        kind = f"Content-Type: multipart/mixed;boundary=b{level}x\r\n\r\n"
        body = f"{kind}--b{level}x\r\n{body}\r\n--b{level}x--\r\n"
    kind, _, body = body.partition("\r\n\r\n")
    return build("INVITE sip:a@b SIP/2.0", body, Content_Type=kind.removeprefix("Content-Type: "))


def parts(count: int) -> bytes:
    part = "--b\r\nContent-Disposition: x;handling=optional\r\n\r\n\r\n"
    return build("INVITE sip:a@b SIP/2.0", part * count + "--b--", Content_Type="multipart/mixed;boundary=b")


MESSAGES: dict[Fault, Callable[[int], bytes]] = {
    Fault.MESSAGE_TOO_LARGE: sized,
    Fault.TOO_MANY_HEADERS: listed("X-Any", "1", already=7),
    Fault.HEADER_TOO_LONG: lambda length: build(START, Subject="s" * length),
    Fault.START_LINE_TOO_LONG: lambda length: build(START.replace("callee", "c" * (length - len(START) + 6))),
    Fault.REQUEST_URI_TOO_LONG: lambda length: build(f"OPTIONS {uri(length)} SIP/2.0"),
    Fault.URI_TOO_LONG: lambda length: build(START, To=f"<{uri(length)}>"),
    Fault.ENTITY_TOO_LARGE: lambda digits: build(START, Content_Length="9" * digits),
    Fault.TOO_MANY_VIAS: listed("Via", "SIP/2.0/UDP a", already=1),
    Fault.TOO_MANY_ROUTES: listed("Route", "<sip:a;lr>"),
    Fault.TOO_MANY_CONTACTS: listed("Contact", "<sip:a>"),
    Fault.TOO_MANY_PARAMETERS: lambda count: build(
        START, To="<sip:a@b>" + "".join(f";p{number}" for number in range(count))
    ),
    Fault.TOO_MANY_URI_PARAMETERS: lambda count: build(
        START, To=f"<sip:a@b{''.join(f';p{number}' for number in range(count))}>"
    ),
    Fault.TOO_MANY_URI_HEADERS: lambda count: build(
        START, To=f"<sip:a@b?{'&'.join(f'p{number}=' for number in range(count))}>"
    ),
    Fault.TOO_MANY_VALUES: lambda count: build(
        "INVITE sip:a@b SIP/2.0", SDP, Accept=", ".join(["*/*"] * count)
    ),
    Fault.MULTIPART_TOO_DEEP: nested,
    Fault.TOO_MANY_PARTS: parts,
}
NOT_AT_THE_LIMIT = {
    Fault.START_LINE_TOO_LONG: malformed(Fault.REQUEST_URI_TOO_LONG, 414),  # the smaller limit is passed
    Fault.ENTITY_TOO_LARGE: malformed(Fault.BODY_TOO_SHORT),
}


@pytest.fixture(params=BUILDS, autouse=True)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use(request.param, monkeypatch)


def test_each_limit_is_tested() -> None:
    assert set(MESSAGES) == {limit.fault for limit in LIMITS}
    assert len(MESSAGES) == len(LIMITS)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.fault.name)
def test_at_the_limit(limit: limits.Limit) -> None:
    verdict = judge(MESSAGES[limit.fault](limit.most))
    expected = NOT_AT_THE_LIMIT.get(limit.fault)
    if expected is not None:
        assert verdict == expected
    else:
        assert (verdict.fault, verdict.answers) == (None, ())
        assert verdict.heard in ("IncomingRequest", "IncomingInvite")


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.fault.name)
@pytest.mark.parametrize("above", [1, 50])
def test_above_the_limit(limit: limits.Limit, above: int) -> None:
    data = MESSAGES[limit.fault](limit.most + above)
    assert judge(data) == Verdict((limit.status,), "", limit.fault)


@pytest.mark.parametrize("name", ["Require", "Supported"])
@pytest.mark.parametrize("lines", [1, 2])
def test_a_list_of_tokens_may_have_as_many_values_as_any(name: str, lines: int) -> None:
    def message(count: int) -> bytes:
        short, rest = divmod(count, lines)
        values = [", ".join(["timer"] * (short + rest * (line == 0))) for line in range(lines)]
        return build(START, Subject="x" + "".join(f"\r\n{name}: {value}" for value in values))

    assert judge(message(limits.MAX_LIST_ITEMS)).heard == "IncomingRequest"
    assert judge(message(limits.MAX_LIST_ITEMS + 1)) == Verdict((400,), "", Fault.TOO_MANY_VALUES)


def test_the_limits_in_the_reference() -> None:
    page = Path(__file__).parents[3].joinpath("docs/reference/messages.md").read_text()
    rows = re.findall(r"^\| .+ \| ([0-9,]+) \| ([0-9]{3}) \|$", page, re.MULTILINE)
    told = {(int(most.replace(",", "")), int(status)) for most, status in rows}
    assert told == {(limit.most, limit.status) for limit in LIMITS}


def test_the_limits_that_were_promised() -> None:
    promised = {
        Fault.MESSAGE_TOO_LARGE: (65536, 513),
        Fault.TOO_MANY_HEADERS: (256, 513),
        Fault.HEADER_TOO_LONG: (8192, 513),
        Fault.TOO_MANY_VIAS: (70, 483),
        Fault.TOO_MANY_ROUTES: (20, 400),
        Fault.TOO_MANY_CONTACTS: (10, 400),
        Fault.MULTIPART_TOO_DEEP: (4, 400),
    }
    table = {limit.fault: (limit.most, limit.status) for limit in LIMITS}
    assert promised.items() <= table.items()
    assert judge(build(START)) == ASKED
