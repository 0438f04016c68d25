"""A peer that does anything at any time, an application that answers or does not: nothing is left over."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from sip.events import Answered, Event, PrackOffered, Progress, Reinvited, SessionId, Updated
from sip.syntax.message import Request, Response
from tests.sip.calls import CONTACT, Called, Calling, over
from tests.sip.raw import SDP, Peer, reply

ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, INFO"
CHALLENGE = 'WWW-Authenticate: Digest realm="them", nonce="1", qop="auth"'
CAN = ("Supported: 100rel, timer", "Require: 100rel", "Session-Expires: 90", ALLOW)
STATUSES = (100, 180, 183, 199, 200, 200, 302, 401, 405, 408, 422, 481, 486, 487, 491, 500, 503)
METHODS = ("BYE", "UPDATE", "UPDATE", "INVITE", "INVITE", "INFO", "PRACK", "ACK", "OPTIONS", "CANCEL")


class Anything:
    """A call of either side and what may happen to it; `ours` are the requests that the peer may answer."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.call: Calling | Called
        self.ours: list[Request] = []
        if random.random() < 0.5:
            self.call = Calling(sdp=random.choice(["", SDP]), supports_reliable=random.random() < 0.5)
            self.ours.append(self.call.invite)
            self.call.peer.endpoint.session_expires_s = random.choice([0, 90])
        else:
            lines = [line for line in CAN if random.random() < 0.5]
            self.call = Called(*lines, answered=False, body=random.choice(["", SDP]))
        self.peer: Peer = self.call.peer
        self.cseq = 10
        self.rseq = "1"
        self.accepted = False

    def one(self) -> None:
        happens: list[Callable[[], None]] = [self.response, self.response, self.request, self.wish, self.time]
        self.random.choice(happens)()
        for event in self.peer.events():
            self.hear(event)
        self.note(self.peer.sent())

    def note(self, sent: list[Request | Response]) -> None:
        for message in sent:
            if isinstance(message, Response):
                self.rseq = message.headers.get("RSeq") or self.rseq
                if isinstance(self.call, Called):
                    self.call.tag = message.to_tag or self.call.tag
            elif message.method != "ACK":
                self.ours.append(message)

    def response(self) -> None:
        if not self.ours:
            return
        random, request = self.random, self.random.choice(self.ours[-4:])
        status = random.choice(STATUSES)
        lines = {401: [CHALLENGE], 422: ["Min-SE: 100"], 500: ["Retry-After: 1"]}.get(status, [])
        if 100 < status < 300:
            lines = [CONTACT, *random.choice([[], [ALLOW]])]
        if 100 < status < 200 and random.random() < 0.4:
            lines += ["Require: 100rel", f"RSeq: {random.randrange(1, 4)}"]
        if status == 200 and random.random() < 0.4:
            lines.append(f"Session-Expires: 90;refresher={random.choice(['uac', 'uas'])}")
        tag = request.to_tag or random.choice(["theirs", "fork"])
        body = random.choice(["", SDP]) if 100 < status < 300 else ""
        self.note(self.peer.send(reply(request, status, *lines, tag=tag, body=body)))

    def request(self) -> None:
        random, method = self.random, self.random.choice(METHODS)
        self.cseq += 1
        options: dict[str, Any] = {"cseq": self.cseq}
        lines = [CONTACT] if method in ("UPDATE", "INVITE") else []
        if method in ("INVITE", "UPDATE", "PRACK") and random.random() < 0.5:
            lines.append("Content-Type: application/sdp")
            options["body"] = SDP
        if method == "PRACK":
            lines.append(f"RAck: {self.rseq} 1 INVITE")
        elif method == "ACK":
            options["cseq"] = random.choice([1, self.cseq - 1, self.cseq - 2])
        elif method == "CANCEL":
            options = {"cseq": 1, "branch": "z9hG4bK-first"}
        if isinstance(self.call, Calling):
            invite = self.call.invite
            options |= {"to_tag": invite.from_tag or "", "call_id": invite.call_id}
            options["from_tag"] = random.choice(["theirs", "theirs", "fork"])
        elif method != "CANCEL":
            options["to_tag"] = self.call.tag
        self.note(self.peer.send(self.peer.request(method, *lines, **options)))

    def wish(self) -> None:
        endpoint, session, now = self.peer.endpoint, self.call.session, self.peer.now
        wishes: list[Callable[[], None]] = [
            lambda: endpoint.reinvite(session, SDP.encode(), now),
            lambda: endpoint.update(session, SDP.encode(), now),
            lambda: endpoint.info(session, "application/dtmf", b"5", now),
            lambda: endpoint.probe(session, now),
            lambda: endpoint.hangup(session, now),
        ]
        if isinstance(self.call, Calling):
            wishes.append(lambda: endpoint.cancel(session, now))
        elif not self.accepted:
            wishes += [
                self.accept,
                lambda: self.progress(reliable=False),
                lambda: self.progress(reliable=True),
            ]
        self.random.choice(wishes)()

    def accept(self) -> None:
        self.accepted = True
        self.peer.endpoint.accept(self.call.session, SDP.encode(), self.peer.now)

    def progress(self, reliable: bool) -> None:
        sdp = self.random.choice([None, SDP.encode()])
        self.peer.endpoint.progress(self.call.session, 183, self.peer.now, sdp, reliable=reliable)

    def time(self) -> None:
        self.note(self.peer.run(self.random.choice([0.1, 1, 5, 40, 70])))

    def hear(self, event: Event) -> None:
        endpoint, now = self.peer.endpoint, self.peer.now
        if self.random.random() < 0.3:
            return
        match event:
            case Reinvited() | Updated() | PrackOffered():
                status = self.random.choice([200, 200, 488])
                endpoint.answer_offer(event.session, status, now, SDP.encode())
            case Answered():
                endpoint.answer_offer(event.session, 200, now, SDP.encode())
            case Progress():
                endpoint.answer_offer(event.session, 200, now, SDP.encode(), dialog_tag=event.dialog_tag)
            case _:
                pass

    def finish(self) -> None:
        """The application gives up, the peer is silent."""
        for session in range(1, 50):  # an INVITE without our tag is a call of its own
            self.peer.endpoint.hangup(SessionId(session), self.peer.now)
        self.peer.events()
        assert over(self.peer)
        assert self.peer.events() == [], "given up, it is not told any more"


def in_any_order(seed: int) -> None:
    random = Random(seed)
    anything = Anything(random)
    for _ in range(random.randrange(1, 16)):
        anything.one()
    anything.finish()


def test_500_orders() -> None:
    for seed in range(500):
        in_any_order(seed)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_50_000_orders() -> None:
    for seed in range(50_000):
        in_any_order(seed)
