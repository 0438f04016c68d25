"""A peer that does anything at any time, an application that answers or does not: nothing is left over."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from sip.accounts.authentication import Credentials
from sip.events import (
    Accepted,
    Answered,
    Event,
    IncomingRequest,
    OutgoingRequest,
    PrackOffered,
    Progress,
    Reinvited,
    ResponseReceived,
    SessionId,
    TransactionId,
    Updated,
)
from sip.syntax.message import Request, Response
from tests.sip.calls import CONTACT, Called, Calling, over
from tests.sip.raw import SDP, UDP, Peer, reply

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
        self.said: list[str] = []
        """The peer's requests, which it may repeat."""
        self.invited: list[tuple[int, str]] = []
        """CSeq and branch of each INVITE of the peer, which ACK and CANCEL may name."""
        self.waiting: list[TransactionId] = []
        """Requests outside of the call that the application may answer."""
        if random.random() < 0.5:
            credentials = random.choice([None, Credentials("us", "secret")])
            reliable = random.random() < 0.5
            self.call = Calling(
                sdp=random.choice(["", SDP]), supports_reliable=reliable, credentials=credentials
            )
            self.ours.append(self.call.invite)
            self.call.peer.endpoint.session_expires_s = random.choice([0, 90])
        else:
            lines = [line for line in CAN if random.random() < 0.5]
            self.call = Called(
                *lines, answered=False, body=random.choice(["", SDP]), t1=random.choice([0.5, 2])
            )
            self.invited.append((1, "z9hG4bK-first"))
        self.peer: Peer = self.call.peer
        self.cseq = 10
        self.rseq = "1"
        self.accepted = False

    def one(self) -> None:
        happens: list[Callable[[], None]] = [self.response, self.response, self.request, self.wish, self.time]
        if self.random.random() < 0.1:
            happens = [self.again, self.outside, self.broken]
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
        elif method == "INVITE":
            options["branch"] = f"z9hG4bK-re{self.cseq}"
            self.invited.append((self.cseq, options["branch"]))
        elif method in ("ACK", "CANCEL"):
            cseq, branch = random.choice(self.invited[-2:] or [(1, "z9hG4bK-first")])
            options = {
                "cseq": cseq,
                "branch": branch if method == "CANCEL" or random.random() < 0.5 else None,
            }
        if isinstance(self.call, Calling):
            invite = self.call.invite
            options |= {"to_tag": invite.from_tag or "", "call_id": invite.call_id}
            options["from_tag"] = random.choice(["theirs", "theirs", "fork"])
        elif method != "CANCEL":
            options["to_tag"] = self.call.tag
        self.said.append(self.peer.request(method, *lines, **options))
        self.note(self.peer.send(self.said[-1]))

    def again(self) -> None:
        if self.said:
            self.note(self.peer.send(self.random.choice(self.said[-3:])))

    def outside(self) -> None:
        """A request that stands alone, of the peer or ours."""
        if self.random.random() < 0.7:
            self.said.append(self.peer.request("OPTIONS", call_id=f"alone-{self.cseq}"))
            self.cseq += 1
            self.peer.send(self.said[-1])
            return
        names = "<sip:us@192.0.2.1>", "<sip:them@192.0.2.9>"
        self.peer.endpoint.request(
            OutgoingRequest("OPTIONS", "sip:them@192.0.2.9", UDP, *names), self.peer.now
        )

    def broken(self) -> None:
        self.peer.endpoint.flow_failed(UDP, self.peer.now)

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
                self.reject,
                lambda: self.progress(reliable=False),
                lambda: self.progress(reliable=True),
            ]
        if self.waiting:
            wishes.append(self.respond)
        self.random.choice(wishes)()

    def accept(self) -> None:
        self.accepted = self.peer.endpoint.accept(self.call.session, SDP.encode(), self.peer.now)

    def reject(self) -> None:
        self.accepted = True
        self.peer.endpoint.reject(self.call.session, 486, self.peer.now)

    def respond(self) -> None:
        status = self.random.choice([100, 200, 404])
        self.peer.endpoint.respond(self.random.choice(self.waiting), status, self.peer.now)

    def progress(self, reliable: bool) -> None:
        sdp = self.random.choice([None, SDP.encode()])
        self.peer.endpoint.progress(self.call.session, 183, self.peer.now, sdp, reliable=reliable)

    def time(self) -> None:
        self.note(self.peer.run(self.random.choice([0.1, 1, 5, 40, 70])))

    def hear(self, event: Event) -> None:
        endpoint, now = self.peer.endpoint, self.peer.now
        if isinstance(event, Accepted):
            self.accepted = True
        if self.random.random() < 0.3:
            return
        match event:
            case IncomingRequest():
                self.waiting.append(event.transaction)
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
        told = [event for event in self.peer.events() if not isinstance(event, ResponseReceived)]
        assert told == [], "given up, it is not told any more"


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
