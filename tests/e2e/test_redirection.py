"""Who a call was first meant for, on the wire: read from one header, written to the other."""

from tests.e2e.centre import Tell
from tests.e2e.passing import passed_on
from tests.peers import ports
from tests.peers.raw import RawSip
from tests.peers.switch import Switch

BUSY = "Diversion: <sip:+34911000000@carrier.example>;reason=user-busy;counter=1"


async def test_diversion_goes_on_as_history_info(tell_on_failure: Tell) -> None:
    far = {"caller_id": {"redirection": "history-info"}}
    invite, _ = await passed_on(tell_on_failure, {}, far, BUSY)
    assert invite.headers.all("History-Info") == [
        "<sip:+34911000000@centralita.example>;index=1",
        "<sip:+34922000000@centralita.example;cause=486>;index=1.1;mp=1",
        "<sip:+34922000000@centralita.example;cause=302>;index=1.1.1;mp=1.1",
    ]


async def test_history_info_goes_on_as_diversion(tell_on_failure: Tell) -> None:
    history = "History-Info: <sip:+34911000000@h?Privacy=history>;index=1,<sip:2@h;cause=408>;index=1.1;mp=1"
    far = {"caller_id": {"redirection": "diversion"}}
    invite, _ = await passed_on(tell_on_failure, {}, far, history)
    assert invite.headers.all("Diversion") == [
        "<sip:+34922000000@centralita.example>;reason=unconditional;counter=1",
        "<sip:anonymous@anonymous.invalid>;reason=no-answer;counter=1;privacy=full",
    ]


async def test_a_call_that_goes_round_between_two_switches_ends(tell_on_failure: Tell) -> None:
    trunk = {"accept_from": [f"{ports.PHONES}/32"], "proxy": "sip:127.0.0.1:9", "options": 0}
    routes = [{"trunk": "carrier", "to": "*", "go": "trunk:carrier", "transit": "yes"}]
    async with (
        Switch.running(trunks={"carrier": trunk}, routes=routes) as switch,
        RawSip.open(switch.sip) as it,
    ):
        tell_on_failure("switch", switch.story)
        refused = await it.ask(it.invite("+34922000000", headers=[BUSY.replace("counter=1", "counter=5")]))
        assert refused.status == 482
        (record,) = await switch.ended_calls(1)
        assert record["reason"] == "redirected_too_often"
