"""What crosses on the wire, comes twice or comes late: one row of the session's table at a time."""

from collections.abc import Callable
from typing import Final

import pytest

from sip.syntax.message import Request, Response
from tests.sip.calls import CONTACT, Called, Calling, kinds, names, over
from tests.sip.raw import SDP

Call = Calling | Called
Sent = list[Request | Response]


# Where a call is


def calling(sdp: str = "") -> Calling:
    return Calling(sdp=sdp)


def cancel_due() -> Calling:
    call = calling()
    assert call.cancel() == []
    return call


def drop_due() -> Calling:
    call = calling()
    assert call.hangup() == []
    return call


def proceeding() -> Calling:
    call = calling()
    call.reply(180)
    return call


def cancelling() -> Calling:
    call = proceeding()
    assert kinds(call.cancel()) == ["CANCEL"]
    return call


def dropping() -> Calling:
    call = proceeding()
    assert kinds(call.hangup()) == ["CANCEL"]
    return call


def owing() -> Calling:
    """Their 2xx made an offer, with a session interval that ends before anybody has answered it."""
    call = calling()
    call.reply(200, "Session-Expires: 90;refresher=uas", body=SDP)
    return call


def incoming() -> Called:
    call = Called(answered=False)
    call.progress(180)
    return call


def accepted() -> Called:
    call = Called("Supported: timer", "Session-Expires: 90", answered=False, t1=2.0)
    call.answer()
    return call


def leaving() -> Called:
    call = accepted()
    call.peer.endpoint.hangup(call.session, 0.0)
    return call


def confirmed() -> Called:
    return Called("Supported: timer", "Session-Expires: 90", t1=2.0)


def reinvited() -> Called:
    call = confirmed()
    call.request("INVITE", 2, "Supported: timer", "Session-Expires: 90", branch="z9hG4bK-re")
    return call


def reanswered() -> Called:
    call = reinvited()
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    return call


def ending() -> Called:
    call = confirmed()
    call.peer.endpoint.hangup(call.session, 0.0)
    return call


# What happens to it


def says(status: int, body: str = "") -> Callable[[Call], Sent]:
    def happens(call: Call) -> Sent:
        assert isinstance(call, Calling)
        return call.reply(status, body=body)

    return happens


def asks(method: str) -> Callable[[Call], Sent]:
    def happens(call: Call) -> Sent:
        if isinstance(call, Called):
            return call.request(method, 7, branch="z9hG4bK-7")
        return call.request(method, 7, CONTACT, body=SDP if method == "INVITE" else "")

    return happens


def ack(call: Call) -> Sent:
    """That of the first answer, perhaps again."""
    assert isinstance(call, Called)
    return call.peer.send(call.peer.request("ACK", to_tag=call.tag))


def wishes(name: str) -> Callable[[Call], Sent]:
    def happens(call: Call) -> Sent:
        endpoint, session, now = call.peer.endpoint, call.session, call.peer.now
        calls: dict[str, Callable[[], object]] = {
            "accept": lambda: endpoint.accept(session, SDP.encode(), now),
            "ring": lambda: endpoint.progress(session, 180, now),
            "reject": lambda: endpoint.reject(session, 486, now),
            "refuse": lambda: endpoint.answer_offer(session, 488, now),
            "cancel": lambda: endpoint.cancel(session, now),
            "hangup": lambda: endpoint.hangup(session, now),
        }
        calls[name]()
        return call.peer.sent()

    return happens


def time(seconds: float) -> Callable[[Call], Sent]:
    return lambda call: [message for message in call.peer.run(seconds) if isinstance(message, Request)]


CROSSINGS: Final[list[tuple[Callable[[], Call], Callable[[Call], Sent], list[str], list[str]]]] = [
    (cancel_due, says(180), ["CANCEL"], ["Progress"]),
    (cancel_due, says(200), ["ACK"], ["Answered"]),
    (cancel_due, says(200, SDP), [], ["Answered"]),
    (cancel_due, wishes("cancel"), [], []),
    (drop_due, says(180), ["CANCEL"], []),
    (drop_due, says(200, SDP), ["ACK", "BYE"], []),
    (drop_due, wishes("cancel"), [], []),
    (drop_due, wishes("hangup"), [], []),
    (proceeding, says(100), [], []),
    (proceeding, says(200, SDP), [], ["Answered"]),
    (proceeding, asks("INVITE"), ["491 INVITE"], []),
    (cancelling, says(100), [], []),
    (cancelling, says(200, SDP), [], ["Answered"]),
    (cancelling, asks("BYE"), ["200 BYE"], ["Refused"]),
    (cancelling, asks("INVITE"), ["491 INVITE"], []),
    (cancelling, wishes("cancel"), [], []),
    (cancelling, wishes("hangup"), [], []),
    (dropping, says(100), [], []),
    (dropping, says(180), [], []),
    (dropping, says(200, SDP), ["ACK", "BYE"], []),
    (dropping, asks("BYE"), ["200 BYE"], []),
    (dropping, asks("INVITE"), ["491 INVITE"], []),
    (dropping, wishes("cancel"), [], []),
    (dropping, wishes("hangup"), [], []),
    (owing, asks("INVITE"), ["491 INVITE"], []),
    (owing, wishes("cancel"), [], []),
    (owing, wishes("refuse"), ["ACK", "BYE"], []),
    (owing, time(60.1), ["ACK", "BYE"], ["SessionEnded"]),
    (incoming, asks("BYE"), ["200 BYE", "487 INVITE"], ["SessionEnded"]),
    (incoming, asks("INVITE"), ["500 INVITE"], []),
    (incoming, ack, [], []),
    (accepted, asks("BYE"), ["200 BYE"], ["SessionEnded"]),
    (accepted, time(60.1), ["BYE"], ["SessionEnded"]),
    (leaving, asks("BYE"), ["200 BYE"], []),
    (leaving, asks("INVITE"), ["491 INVITE"], []),
    (leaving, wishes("cancel"), [], []),
    (leaving, wishes("hangup"), [], []),
    (confirmed, ack, [], []),
    (confirmed, wishes("cancel"), [], []),
    (confirmed, wishes("accept"), [], []),
    (confirmed, wishes("reject"), [], []),
    (reinvited, ack, [], []),
    (reinvited, asks("BYE"), ["200 BYE", "487 INVITE"], ["SessionEnded"]),
    (reinvited, wishes("cancel"), [], []),
    (reinvited, wishes("hangup"), ["487 INVITE", "BYE"], []),
    (reinvited, time(60.1), ["BYE"], ["SessionEnded"]),
    (reanswered, asks("BYE"), ["200 BYE"], ["SessionEnded"]),
    (reanswered, asks("INVITE"), ["491 INVITE"], []),
    (reanswered, wishes("cancel"), [], []),
    (reanswered, time(60.1), ["BYE"], ["SessionEnded"]),
    (ending, ack, [], []),
    (ending, asks("INVITE"), ["481 INVITE"], []),
    (ending, wishes("ring"), [], []),
    (ending, wishes("accept"), [], []),
    (ending, wishes("reject"), [], []),
    (ending, wishes("cancel"), [], []),
]


@pytest.mark.parametrize(("begun", "happens", "sent", "told"), CROSSINGS)
def test_what_crosses(
    begun: Callable[[], Call], happens: Callable[[Call], Sent], sent: list[str], told: list[str]
) -> None:
    call = begun()
    call.peer.sent()
    call.peer.events()
    assert kinds(happens(call)) == sent
    assert names(call.peer.events()) == told
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert over(call.peer)
