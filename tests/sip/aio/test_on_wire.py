"""What the shell shows of the messages that pass: all of them, both ways, and nothing else."""

import asyncio

from sip.events import Acked, SessionEnded
from sip.flow import Flow, Transport
from tests.sip.aio.loops import Phone, on_each_loop
from tests.sip.aio.test_shell import ALICE, BOB, invite

Shown = list[tuple[str, str, Flow, float]]


def watch(phone: Phone) -> Shown:
    """What passes at a phone from now on: way, first word, flow and time."""
    shown: Shown = []

    def note(way: str, data: bytes, flow: Flow, now: float) -> None:
        shown.append((way, data.split(b" ", 1)[0].decode(), flow, now))

    phone.shell.on_wire = note
    return shown


async def call(transport: Transport) -> None:
    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        here, there = watch(alice), watch(bob)
        session = invite(alice, alice.flow_to(bob, transport))
        await bob.hears(Acked)
        alice.hangup(session)
        await bob.hears(SessionEnded)
        await asyncio.gather(alice.quiet(), bob.quiet())
        words = [(way, word) for way, word, *_ in here]
        assert words[0] == ("out", "INVITE")
        assert set(words) == {("out", "INVITE"), ("in", "SIP/2.0"), ("out", "ACK"), ("out", "BYE")}
        assert {word for way, word, *_ in there if way == "in"} == {"INVITE", "ACK", "BYE"}
        assert [word for way, word, *_ in here if way == "out"] == [w for way, w, *_ in there if way == "in"]
        assert {flow.transport for _, _, flow, _ in (*here, *there)} == {transport}
        assert [now for *_, now in here] == sorted(now for *_, now in here)
        alice.shell.on_wire = None
        before = len(here)
        invite(alice, alice.flow_to(bob, transport))
        await bob.hears(Acked)
        assert len(here) == before


@on_each_loop
async def test_over_udp() -> None:
    await call("udp")


@on_each_loop
async def test_over_tcp() -> None:
    await call("tcp")
