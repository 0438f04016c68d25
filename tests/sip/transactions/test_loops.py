"""Our own INVITE that comes back (RFC 3261 section 16.3), recognised by its branch alone."""

from typing import Any

import pytest

from sip.events import IncomingInvite, Outgoing
from sip.screen import Refuse
from sip.syntax.message import Request
from sip.transactions.loops import LoopMark
from tests.sip.raw import PEER, UDP, Peer, only_request
from tests.sip.wire import endpoint


def sent(peer: Peer, uri: str = "sip:+34911000000@192.0.2.9") -> Request:
    """An INVITE of ours."""
    outgoing = Outgoing(uri, UDP, "<sip:us@192.0.2.1>", f"<{uri}>", b"v=0\r\n", peer="carrier")
    peer.endpoint.invite(outgoing, 0.0)
    return only_request(peer.sent())


def returned(peer: Peer, invite: Request, uri: str) -> list[int]:
    """It comes back from a proxy that has put its own Via on top."""
    via = f"Via: {invite.headers.get('Via')}"
    return peer.statuses(peer.invite(via, uri=uri, call_id=invite.call_id, from_tag=invite.from_tag or ""))


@pytest.mark.parametrize("uri", ["sip:+34911000000@192.0.2.1", "sip:+34911000000@carrier.example;user=phone"])
def test_16_3_what_comes_back_with_its_number_is_a_loop(uri: str) -> None:
    peer = Peer()
    assert returned(peer, sent(peer), uri) == [482]
    assert peer.events() == []


def test_16_3_it_is_a_loop_before_its_sender_is_asked_who_he_is() -> None:
    """Our own From, which came back, may claim to be one of our phones."""
    peer = Peer()
    invite = sent(peer)
    peer.screen.refuse = Refuse(401, "Unauthorized")
    assert returned(peer, invite, "sip:+34911000000@192.0.2.1") == [482]
    assert returned(peer, invite, "sip:+34911000001@192.0.2.1") == [401]


def test_16_3_for_another_number_it_is_a_spiral() -> None:
    peer = Peer()
    assert returned(peer, sent(peer), "sip:+34911000001@192.0.2.1") == []
    assert isinstance(peer.events()[-1], IncomingInvite)


def test_16_3_a_spiral_with_our_own_from_is_a_call_of_whom_we_sent_it_to() -> None:
    peer = Peer()
    invite = sent(peer)
    peer.screen.refuse = Refuse(401, "Unauthorized")
    peer.screen.returns = {("carrier", PEER[0])}
    assert returned(peer, invite, "sip:+34911000000@192.0.2.1") == [482], "a loop is a loop"
    assert returned(peer, invite, "sip:+34911000001@192.0.2.1") == []
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    assert event.peer == "carrier"


@pytest.mark.parametrize(
    ("method", "changed"),
    [
        ("INVITE", {"call_id": "another"}),
        ("INVITE", {"from_tag": "another"}),
        ("INVITE", {"to_tag": "some"}),
        ("OPTIONS", {}),
    ],
)
def test_what_only_looks_like_a_spiral_is_challenged(method: str, changed: dict[str, Any]) -> None:
    peer = Peer()
    invite = sent(peer)
    peer.screen.refuse = Refuse(401, "Unauthorized")
    peer.screen.returns = {("carrier", PEER[0])}
    told: dict[str, Any] = {"call_id": invite.call_id, "from_tag": invite.from_tag or ""} | changed
    assert peer.statuses(peer.request(method, uri="sip:+34911000001@192.0.2.1", **told)) == [401]


@pytest.mark.parametrize(
    "branch",
    ["z9hG4bKfake.0123456789", "z9hG4bK.", "z9hG4bK", "x", "z9hG4bK" + "f" * 300],
)
def test_the_branch_of_somebody_else_is_no_loop(branch: str) -> None:
    peer = Peer()
    via = f"Via: SIP/2.0/UDP 192.0.2.1;branch={branch}"
    assert peer.statuses(peer.invite(via)) == []
    assert isinstance(peer.events()[-1], IncomingInvite)


def test_another_process_does_not_take_it_for_its_own() -> None:
    other = Peer()
    other.endpoint = endpoint("other", other.screen)
    assert returned(other, sent(Peer()), "sip:+34911000000@192.0.2.1") == []
    assert isinstance(other.events()[-1], IncomingInvite)


def test_our_via_on_top_is_nobodys_loop() -> None:
    """Who sends our own Via as his own has copied it; nobody has forwarded it."""
    peer = Peer()
    invite = sent(peer)
    branch = invite.top_via.branch or ""
    assert peer.statuses(peer.invite(branch=branch, uri="sip:+34911000000@192.0.2.1")) == []


def test_branches_that_look_like_ours_are_not_all_worth_a_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has proved who he is when this is asked."""
    signed: list[str] = []
    digest = LoopMark._digest

    def noting(mark: LoopMark, token: str, uri: str) -> str:
        signed.append(token)
        return digest(mark, token, uri)

    monkeypatch.setattr(LoopMark, "_digest", noting)
    peer = Peer()
    invite = sent(peer)
    signed.clear()
    mine = invite.headers.get("Via") or ""
    fakes = [f"SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK{number}.0123456789" for number in range(60)]
    assert peer.statuses(
        peer.invite(f"Via: {', '.join([*fakes[:7], mine, *fakes[7:]])}", uri=invite.uri)
    ) == [482]
    assert len(signed) == 8
    assert peer.statuses(peer.invite(f"Via: {', '.join([*fakes, mine])}", uri=invite.uri)) == []
    assert len(signed) == 16


@pytest.mark.parametrize("rewritten", [";branch=", "; branch=", ";Branch = "])
def test_a_via_that_was_rewritten_on_the_way_is_still_ours(rewritten: str) -> None:
    peer = Peer()
    invite = sent(peer)
    via = (invite.headers.get("Via") or "").replace(";branch=", rewritten)
    assert peer.statuses(peer.invite(f"Via: SIP/2.0/UDP 192.0.2.8, {via}", uri=invite.uri)) == [482]
