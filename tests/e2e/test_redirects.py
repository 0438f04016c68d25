"""A 3xx is followed as far as the caller's own routes lead, and no further."""

from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import Tell
from tests.peers.carrier import Carrier
from tests.peers.raw import SDP, RawSip
from tests.peers.switch import Switch


async def test_a_302_is_followed_to_targets_and_routes_and_nowhere_else(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running())
        second = await stack.enter_async_context(Carrier.running())
        stranger = await stack.enter_async_context(Carrier.running())
        targets = [{"uri": first.uri, "priority": 1}, {"uri": second.uri, "priority": 2}]
        sections: dict[str, Any] = {
            "trunks": {"origin": {"accept_from": ["127.0.0.1/32"]}, "out": {"targets": targets}},
            "routes": [{"trunk": "origin", "to": "6*", "go": "trunk:out", "transit": True}],
        }
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        contacts = (f"<sip:600111333@{second.host}>", "<sip:699@elsewhere.example>")
        for contact, number in zip(contacts, ("600111333", "699"), strict=True):
            first.redirects = {"600111222": contact}
            async with RawSip.open(switch.sip) as caller:
                call = await caller.dial("600111222", SDP.format(caller.host, 9000))
                await call.acknowledge()
            last = (second if number == "600111333" else first).heard.calls[-1]
            assert last.uri.startswith(f"sip:{number}@")

        for contact in (
            f"<sip:700@{stranger.host}>",
            f"<sip:+8816123456@{second.host}>",
            "<sip:0900@premium.example>",
            "<tel:+1900>",
        ):
            first.redirects = {"600111222": contact}
            async with RawSip.open(switch.sip) as caller:
                refused = await caller.ask(caller.invite("600111222"))
            assert refused.status == 480, contact
        assert not stranger.heard.calls
        assert [call.uri.partition("@")[0] for call in second.heard.calls] == ["sip:600111333"]
        (record, *_) = await switch.ended_calls(4)
        assert record["reason"] == "redirected"
