"""Whom the next carrier is told, on the wire: by policy, and to those we trust even who is withheld."""

from tests.e2e.centre import SECRETS, Tell, centre
from tests.e2e.passing import passed_on
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

HIDDEN = ("P-Asserted-Identity: <sip:+34699999999@carrier.example>", "Privacy: id")
TRUSTED = {"caller_id": {"trust": "yes", "header": "p-asserted-identity"}}
UNTRUSTED = {"caller_id": {"header": "p-asserted-identity"}}


async def test_a_withheld_caller_is_told_to_a_carrier_that_we_trust(tell_on_failure: Tell) -> None:
    invite, record = await passed_on(tell_on_failure, TRUSTED, TRUSTED, *HIDDEN, caller="anonymous")
    assert str(invite.from_.uri) == "sip:anonymous@anonymous.invalid"
    assert invite.headers.lines("Privacy") == ["id"]
    assert invite.headers.lines("P-Asserted-Identity") == ["<sip:+34699999999@centralita.example>"]
    assert record["from"] == ""


async def test_and_to_no_other(tell_on_failure: Tell) -> None:
    invite, record = await passed_on(tell_on_failure, TRUSTED, UNTRUSTED, *HIDDEN)
    assert str(invite.from_.uri) == "sip:anonymous@anonymous.invalid"
    assert "P-Asserted-Identity" not in invite.headers
    assert b"699999999" not in invite.encode()
    assert b"600111222" not in invite.encode()
    assert record["from"] == ""


async def test_an_identity_is_believed_only_of_a_carrier_that_we_trust(tell_on_failure: Tell) -> None:
    invite, record = await passed_on(tell_on_failure, UNTRUSTED, TRUSTED, HIDDEN[0])
    assert record["from"] == invite.from_.uri.user == "+34600111222"
    assert invite.headers.lines("P-Asserted-Identity") == ["<sip:+34600111222@centralita.example>"]


async def test_a_phone_shows_the_number_that_the_trunk_allows(tell_on_failure: Tell) -> None:
    async with Sipp.running("agent_answers", ring_ms=50, number="600") as carrier:
        policy = {"header": "remote-party-id", "number": "+34911222333", "allowed": ["+34911*"]}
        proxy = f"sip:{carrier.address}:{carrier.port}"
        trunk = {"accept_from": ["127.0.0.9/32"], "proxy": proxy, "options": 0, "caller_id": policy}
        async with Switch.running(**centre(1, trunks={"carrier": trunk})) as switch, Phones.running() as desk:
            tell_on_failure("switch", switch.story)
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            call = await ana.dial(f"sip:0600111222@{switch.sip}")
            await call.until("established")
            await call.hang_up()
            (record,) = await switch.ended_calls(1)
            (invite,) = carrier.heard("INVITE")
    assert record["from"] == "1001"
    assert invite.from_.uri.user == "+34911222333"
    assert invite.headers.lines("Remote-Party-ID") == [
        "<sip:+34911222333@centralita.example>;party=calling;screen=yes;privacy=off"
    ]
    assert b"1001" not in invite.encode()
