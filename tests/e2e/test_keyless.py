"""Calls that agreed on a handshake for their keys, by a carrier that does it wrong, or not at all."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from media.keying import Fingerprint
from sip.syntax.sdp import parse_sdp
from tests.e2e.centre import Tell, centre, ending
from tests.media.dtls_peer import DtlsPeer
from tests.peers import ports
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.switch import Switch

WORDS = bytes(range(1, 161))


def carrier(party: RawParty, policy: str) -> dict[str, Any]:
    """An echo for its calls, whose keys may be told over UDP."""
    trunk = {"accept_from": [f"{party.host}/32"], "srtp": policy, "options": 0}
    routes = [{"trunk": "carrier", "to": "600", "go": "echo"}]
    return centre(0, trunks={"carrier": trunk}, media={"srtp_keys_in_clear": True}, routes=routes)


def described(peer: DtlsPeer, digest: str) -> str:
    """Its offer, with that fingerprint."""
    host, port = peer.address
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} UDP/TLS/RTP/SAVP 8",
        f"a=fingerprint:sha-256 {digest}",
        "a=setup:actpass",
    ]
    return "".join(f"{line}\r\n" for line in lines)


async def connect(party: RawParty, peer: DtlsPeer, digest: str) -> RawOutgoing:
    """A call to the echo; the peer knows where its media is, and by which certificate."""
    call = await party.dial("600", described(peer, digest))
    answer = parse_sdp((await call.answered()).body)
    line = answer.media[0]
    algorithm, _, theirs = (line.attribute("fingerprint") or "").partition(" ")
    peer.target = (answer.address(line) or "", line.port)
    peer.trust(Fingerprint(algorithm, theirs))
    return call


@pytest.mark.parametrize("policy", ["offered", "required"])
@pytest.mark.parametrize(
    ("silent", "why"),
    [
        (False, "the certificate has another fingerprint than the session description"),
        pytest.param(True, "no handshake came", marks=pytest.mark.long),
    ],
    ids=["wrong certificate", "silent"],
)
async def test_the_call_ends_and_says_why(tell_on_failure: Tell, policy: str, silent: bool, why: str) -> None:
    """Whatever the policy: what was agreed to be secret never goes in the clear."""
    async with AsyncExitStack() as stack:
        address = ports.own_address()
        party = await stack.enter_async_context(RawParty.open(f"{address}:5060"))
        peer = stack.enter_context(DtlsPeer(ports.PHONES))
        switch = await stack.enter_async_context(Switch.running(address=address, **carrier(party, policy)))
        tell_on_failure("switch", switch.story)
        right = peer.identity.fingerprint.digest
        call = await connect(party, peer, right if silent else f"00{right[2:]}")
        if not silent:
            await peer.shake_hands()
        bye = await party.request("BYE", timeout_s=15)
        await call.respond(bye, 200)
        assert bye.headers.get("Reason") == "Q.850;cause=88"
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "encryption_failed", "switch")
        leg = record["legs"][0]
        assert (leg["encryption"], leg["packets_sent"], leg["packets_received"]) == ("dtls", 0, 0)
        assert why in switch.log()


async def talk(peer: DtlsPeer) -> None:
    """Packet after packet, as phones do: our side may have its keys a moment after the peer has them."""
    while True:
        peer.send(WORDS)
        await asyncio.sleep(0.02)


async def test_who_shakes_hands_is_heard(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        address = ports.own_address()
        party = await stack.enter_async_context(RawParty.open(f"{address}:5060"))
        peer = stack.enter_context(DtlsPeer(ports.PHONES))
        switch = await stack.enter_async_context(
            Switch.running(address=address, **carrier(party, "required"))
        )
        tell_on_failure("switch", switch.story)
        call = await connect(party, peer, peer.identity.fingerprint.digest)
        await peer.shake_hands()
        peer.keyed()
        talking = asyncio.create_task(talk(peer))
        assert (await peer.receive()).payload == WORDS
        talking.cancel()
        await call.ask("BYE")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
