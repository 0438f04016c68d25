"""How the phones of each maker are asked to ring and to answer: his own words, and no others."""

import pytest

from sip.syntax.headers import NameAddr
from switch.config.choices import Maker
from switch.phones.makers import PLAIN, Alerting, alert_headers, maker_of

DOMAIN = "pbx.example"
RING = Alerting(ring="urgent")
ANSWER = Alerting(ring="urgent", answers=True)
CALL_INFO = ("Call-Info", "<sip:pbx.example>;answer-after=0")
NAMED = ("Alert-Info", "<http://127.0.0.1>;info=urgent")
AUTO = ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0")


@pytest.mark.parametrize(
    ("user_agent", "maker"),
    [
        ("Yealink SIP-T46S 66.86.0.15", Maker.YEALINK),
        ("PolycomVVX-VVX_411-UA/6.4.3.5814", Maker.POLYCOM),
        ("Polycom/6.4.3 PolycomVVX-VVX_250-UA/6.4.3", Maker.POLYCOM),
        ("PolyEdge-Edge_E350-UA/8.1.0", Maker.POLYCOM),
        ("snomD735/10.1.127.14", Maker.SNOM),
        ("Grandstream GXP2170 1.0.11.74", Maker.GRANDSTREAM),
        ("Cisco-CP-8851-3PCC/11.3.7", Maker.CISCO),
        ("Cisco/SPA504G-7.6.2f", Maker.CISCO),
        ("baresip v3.10.1", Maker.GENERIC),
        ("not a Yealink", Maker.GENERIC),
        ("", Maker.GENERIC),
    ],
)
def test_a_phone_says_whose_it_is(user_agent: str, maker: Maker) -> None:
    assert maker_of(user_agent) is maker


@pytest.mark.parametrize(
    ("maker", "ring", "answer"),
    [
        (Maker.YEALINK, ("Alert-Info", "info=urgent;x-line-id=0"), [("Alert-Info", "info=alert-autoanswer")]),
        (Maker.POLYCOM, ("Alert-Info", "urgent"), [("Alert-Info", "Auto Answer")]),
        (Maker.SNOM, NAMED, [AUTO]),
        (Maker.GRANDSTREAM, NAMED, [CALL_INFO]),
        (Maker.CISCO, ("Alert-Info", "<http://127.0.0.1/urgent>"), [CALL_INFO]),
        (Maker.GENERIC, NAMED, [CALL_INFO, AUTO, ("Answer-Mode", "Auto")]),
    ],
)
def test_each_maker_has_his_words(maker: Maker, ring: tuple[str, str], answer: list[tuple[str, str]]) -> None:
    assert alert_headers(maker, RING, DOMAIN) == (ring,)
    assert alert_headers(maker, ANSWER, DOMAIN) == tuple(answer)
    assert alert_headers(maker, PLAIN, DOMAIN) == ()


def test_call_info_is_an_address_as_the_grammar_has_it() -> None:
    for maker in Maker:
        for name, value in alert_headers(maker, ANSWER, DOMAIN):
            if name == "Call-Info":
                assert NameAddr.parse(value).params == {"answer-after": "0"}
