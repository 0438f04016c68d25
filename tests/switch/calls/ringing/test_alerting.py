"""What the INVITE of an offer shows, how it rings, whether it is answered by itself; and what no caller can
make a phone do.
"""

from typing import Any

import pytest

from sip.events import IncomingInvite
from tests.switch.far_end import FarEnd
from tests.switch.stage import NUMBER, PHONES, Stage

WORDS = ("Alert-Info", "Call-Info", "Answer-Mode", "Priv-Answer-Mode")
OPENING = (
    ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),
    ("Call-Info", "<sip:pbx.example>;answer-after=0"),
    ("Answer-Mode", "Auto"),
    ("Priv-Answer-Mode", "Auto"),
    ("Subject", "open"),
)
PUSHY = {"support": {"requires": "support >= 1", "auto_answer": "yes", "ring": "urgent"}}
RINGS = {"support": {"requires": "support >= 1", "ring": "urgent"}}


def phones(**settings: str) -> dict[str, Any]:
    """Those of the centre, the first with these settings."""
    return {name: {"secret": f"secret of {name}", **(settings if name == "1001" else {})} for name in PHONES}


def words(phone: FarEnd) -> list[tuple[str, str]]:
    """What the last INVITE said of ring and answer."""
    headers = phone.invited.request.headers
    return [(name, line) for name in WORDS for line in headers.lines(name)]


@pytest.mark.parametrize(
    ("sections", "user_agent", "said"),
    [
        ({"queues": RINGS}, "Yealink SIP-T46S", [("Alert-Info", "info=urgent;x-line-id=0")]),
        ({"queues": RINGS}, "PolycomVVX-VVX_411", [("Alert-Info", "urgent")]),
        ({"queues": PUSHY}, "Grandstream GXP2170", [("Call-Info", "<sip:pbx.example>;answer-after=0")]),
        ({"queues": PUSHY}, "Yealink SIP-T46S", [("Alert-Info", "info=alert-autoanswer")]),
        ({"queues": PUSHY, "phones": phones(maker="polycom")}, "x", [("Alert-Info", "Auto Answer")]),
        (
            {"queues": PUSHY, "phones": phones(auto_answer="no")},
            "snom",
            [("Alert-Info", "<http://127.0.0.1>;info=urgent")],
        ),
        ({"phones": phones(auto_answer="yes")}, "snomD735/10", [OPENING[0]]),
        ({}, "Yealink SIP-T46S", []),
    ],
)
async def test_an_offer_says_it_in_the_words_of_the_maker(
    stage: Stage, user_agent: str, said: list[tuple[str, str]]
) -> None:
    phone = await stage.phone(user_agent=user_agent)
    await stage.carrier.dial(NUMBER)
    assert words(phone) == said


@pytest.mark.parametrize("sections", [{"queues": PUSHY, "phones": phones(auto_answer="yes")}])
@pytest.mark.parametrize("user_agent", ["", "Yealink SIP-T46S", "PolycomVVX", "snom", "Grandstream", "Cisco"])
async def test_nobody_opens_the_microphone_of_another(stage: Stage, user_agent: str) -> None:
    """Neither by a trunk, whose call is for the phone, nor from another phone, nor by a transfer."""
    phone = await stage.phone(user_agent=user_agent)
    colleague = await stage.phone("1002")
    for caller, number in ((stage.carrier, "81001"), (colleague, "1001")):
        session = await caller.dial(number, b"", *OPENING)
        assert phone.invited.request.headers.get("Subject") is None
        assert words(phone) == [], number
        await caller.hang_up(session)
        await stage.pass_by(1)
    assert len(phone.all(IncomingInvite)) == 2


@pytest.mark.parametrize(
    "sections",
    [{"queues": {"support": {"caller_display": "{name} P{priority} {wait} {queue} {number} {dialled}"}}}],
)
async def test_the_display_has_what_the_agent_wants_to_know(stage: Stage) -> None:
    stage.carrier.display = "Begoña Ñúñez"
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(65)
    phone = await stage.phone()
    invite = phone.invited.request
    assert invite.from_.display == f"Begoña Ñúñez P0 1:05 support +34600111222 {NUMBER}"
