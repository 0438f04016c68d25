"""RFC 5118, torture test messages for IPv6: every case by its section, told in our own messages.

Each is read by both builds of the scanner and given to an endpoint: what it answers, what the application
hears, and what is counted.
"""

import pytest

from sip.syntax.headers import STAR
from sip.syntax.malformed import Fault
from sip.syntax.message import Message, Request, parse
from sip.syntax.sdp import parse_sdp
from tests.sip.builds import BUILDS, use
from tests.sip.torture import ASKED, INVITED, Verdict, build, judge, malformed, refused

VIA = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"
CALLER = '"Caller" <sip:caller@[2001:db8::1]>'
V6_SDP = (
    "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live video feed\r\n"
    "c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\n"
    "m=audio 6000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n"
)
MIXED_SDP = (
    "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\n"
    "m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n"
)
MAPPED_SDP = (
    "v=0\r\no=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2\r\ns=Call me soon, please!\r\n"
    "c=IN IP6 ::ffff:192.0.2.2\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2\r\n"
)

CASES: dict[str, tuple[bytes, Verdict]] = {
    "4.1 valid message with an IPv6 reference": (
        build("REGISTER sip:[2001:db8::10] SIP/2.0", Via=VIA, Contact=CALLER),
        ASKED,
    ),
    "4.2 IPv6 address without its brackets": (
        build("REGISTER sip:2001:db8::10 SIP/2.0", Via=VIA, Contact=CALLER),
        malformed(Fault.MALFORMED_HOST),
    ),
    "4.3 port ambiguous: within the brackets it is none": (
        build("REGISTER sip:[2001:db8::10:5070] SIP/2.0", Via=VIA, Contact=CALLER),
        ASKED,
    ),
    "4.4 port unambiguous": (
        build("REGISTER sip:[2001:db8::10]:5070 SIP/2.0", Via=VIA, Contact=CALLER),
        ASKED,
    ),
    "4.5 received with brackets": (
        build(
            "BYE sip:[2001:db8::10] SIP/2.0",
            Via="SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111",
            To="sip:user@example.com;tag=bd76ya",
        ),
        refused(481),
    ),
    "4.5 received without brackets": (
        build(
            "OPTIONS sip:[2001:db8::10] SIP/2.0",
            Via="SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3",
        ),
        ASKED,
    ),
    "4.6 IPv6 addresses in SDP": (
        build("INVITE sip:user@[2001:db8::10] SIP/2.0", V6_SDP, To="sip:user@[2001:db8::10]", Via=VIA),
        INVITED,
    ),
    "4.7 addresses of both families in headers": (
        build(
            "BYE sip:user@host.example.net SIP/2.0",
            Via="SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\r\n"
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\r\n"
            "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
            To="sip:user@example.net;tag=9817--94",
        ),
        refused(481),
    ),
    "4.8 addresses of both families in SDP": (
        build("INVITE sip:user@[2001:db8::10] SIP/2.0", MIXED_SDP, Via=VIA),
        INVITED,
    ),
    "4.9 IPv4-mapped addresses": (
        build(
            "INVITE sip:user@example.com SIP/2.0",
            MAPPED_SDP,
            Via="SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\r\n"
            "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111",
            Contact='"T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
        ),
        INVITED,
    ),
    "4.10 three colons, as RFC 3261 has them by mistake": (
        build("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0", To="sip:user@[2001:db8:::192.0.2.1]"),
        ASKED,
    ),
    "4.10 two colons, as is right": (
        build("OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0", To="sip:user@[2001:db8::192.0.2.1]"),
        ASKED,
    ),
}
SECTIONS = {f"4.{number}" for number in range(1, 11)}


@pytest.fixture(params=BUILDS, autouse=True)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use(request.param, monkeypatch)


def message_of(start: str) -> Message:
    (case,) = [case for case in CASES if case.startswith(start)]
    message = parse(CASES[case][0])
    message.check()
    return message


def target_of(start: str) -> tuple[str, int | None]:
    request = message_of(start)
    assert isinstance(request, Request)
    return request.target.host, request.target.port


def test_no_section_is_skipped() -> None:
    assert {case.split(" ")[0] for case in CASES} == SECTIONS


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    data, verdict = CASES[case]
    assert judge(data) == verdict


@pytest.mark.parametrize("case", [case for case, (_, verdict) in CASES.items() if verdict.fault is None])
def test_written_back(case: str) -> None:
    message = parse(CASES[case][0])
    message.check()
    again = parse(message.encode())
    again.check()
    assert (again.from_, again.to, again.vias, again.contacts) == (
        message.from_,
        message.to,
        message.vias,
        message.contacts,
    )


def test_4_1_an_address_has_no_brackets_within_us() -> None:
    message = message_of("4.1 ")
    assert target_of("4.1 ") == ("2001:db8::10", None)
    assert message.top_via.host == "2001:db8::9:1"
    assert message.contacts is not STAR
    assert message.contacts[0].uri.host == "2001:db8::1"
    assert str(message.contacts[0].uri) == "sip:caller@[2001:db8::1]"


def test_4_3_and_4_4_where_the_port_is() -> None:
    assert target_of("4.3 ") == ("2001:db8::10:5070", None)
    assert target_of("4.4 ") == ("2001:db8::10", 5070)


def test_4_5_received_is_an_address_either_way() -> None:
    assert message_of("4.5 received with brackets").top_via.received == "2001:db8::9:255"
    assert message_of("4.5 received without brackets").top_via.received == "2001:db8::9:255"


@pytest.mark.parametrize(
    ("start", "addresses"),
    [("4.6 ", ["2001:db8::20"]), ("4.8 ", ["192.0.2.1", "2001:db8::1"]), ("4.9 ", ["::ffff:192.0.2.2"])],
)
def test_addresses_in_sdp(start: str, addresses: list[str]) -> None:
    description = parse_sdp(message_of(start).body)
    assert [description.address(media) for media in description.media] == addresses
    assert parse_sdp(description.encode()) == description


def test_4_7_and_4_9_vias_of_both_families() -> None:
    assert [(via.host, via.port, via.received) for via in message_of("4.7 ").vias] == [
        ("2001:db8::9:1", 6050, None),
        ("192.0.2.1", None, None),
        ("2001:db8::9:255", None, "192.0.2.200"),
    ]
    assert [via.host for via in message_of("4.9 ").vias] == ["::ffff:192.0.2.10", "::ffff:192.0.2.2"]


def test_4_10_both_spellings_are_one_address() -> None:
    assert target_of("4.10 three") == target_of("4.10 two") == ("2001:db8::192.0.2.1", None)
