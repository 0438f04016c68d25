"""Subscriptions of a peer, and its REFERs: what is answered, what is told, and when they are over."""

from collections.abc import Sequence

import pytest

from sip.endpoint import ALLOW
from sip.ids import SubscriptionId
from sip.subscriptions.events import (
    Referred,
    Renewed,
    Subscribing,
    SubscriptionEnd,
    SubscriptionEnded,
    Told,
)
from sip.subscriptions.subscription import News, Terms
from sip.syntax.message import Request, Response
from tests.sip.calls import Called, Calling, names, over
from tests.sip.raw import PEER, UDP, Peer, only_request, only_response, reply

TERMS = Terms(least_s=30, default_s=600, most_s=900)
SUBSCRIBING = (*ALLOW, "SUBSCRIBE", "REFER")
CONTACT = "Contact: <sip:them@192.0.2.9>"
KIND, NEWS = "application/dialog-info+xml", b"<news/>"


class Subscribed:
    """A peer that has subscribed, and was accepted unless told otherwise."""

    def __init__(self, *lines: str, accepted: bool = True, expires: int | None = 600) -> None:
        self.peer = Peer(allow=SUBSCRIBING)
        asked = [] if expires is None else [f"Expires: {expires}"]
        event = [] if any(line.startswith("Event") for line in lines) else ["Event: dialog"]
        assert self.peer.send(self.peer.request("SUBSCRIBE", CONTACT, *event, *asked, *lines)) == []
        (heard,) = self.peer.events()
        assert isinstance(heard, Subscribing)
        self.heard = heard
        self.id: SubscriptionId = heard.subscription
        self.tag, self.cseq = "", 1
        if accepted:
            self.accept()

    def accept(self, terms: Terms = TERMS) -> Response:
        self.granted = self.peer.endpoint.subscriptions.accept(self.id, terms, self.peer.now)
        response = only_response(self.peer.sent())
        self.tag = response.to_tag or ""
        return response

    def tell(self) -> Request:
        assert self.peer.endpoint.subscriptions.notify(self.id, KIND, NEWS, self.peer.now)
        return only_request(self.peer.sent())

    def told(self) -> Request:
        """Tell, and have it taken."""
        notify = self.tell()
        self.peer.send(reply(notify, 200, tag=""))
        assert self.peer.events() == [Told(self.id)]
        return notify

    def subscribe(self, *lines: str) -> list[Request | Response]:
        """Once more, in the dialog."""
        self.cseq += 1
        return self.peer.send(
            self.peer.request("SUBSCRIBE", CONTACT, "Event: dialog", *lines, to_tag=self.tag, cseq=self.cseq)
        )

    def end(self, news: News) -> Request:
        self.peer.endpoint.subscriptions.end(self.id, news, self.peer.now)
        return only_request(self.peer.sent())


def state(notify: Request) -> str:
    return notify.headers.get("Subscription-State") or ""


def test_who_subscribes_is_answered_and_told_in_one_dialog() -> None:
    one = Subscribed("Event: Dialog; id=7 ;x=y")
    assert (one.heard.package, one.heard.peer, one.granted) == ("dialog", PEER[0], 600)
    notify = one.tell()
    assert (notify.method, notify.uri, notify.to_tag, notify.from_tag) == (
        "NOTIFY", "sip:them@192.0.2.9", "theirs", one.tag,
    )  # fmt: skip
    assert (notify.headers.get("Event"), state(notify)) == ("Dialog;id=7", "active;expires=600")
    assert (notify.content_type, notify.body) == (KIND, NEWS)
    assert "Contact" in notify.headers


def test_the_answer_says_for_how_long() -> None:
    one = Subscribed("Record-Route: <sip:192.0.2.50;lr>", accepted=False, expires=5000)
    response = one.accept()
    assert (response.status, response.headers.get("Expires")) == (200, "900")
    assert response.headers.get("Record-Route") == "<sip:192.0.2.50;lr>"
    assert one.tell().headers.get("Route") == "<sip:192.0.2.50;lr>"


def test_without_a_wish_it_gets_what_is_usual() -> None:
    assert Subscribed(expires=None).granted == 600


def test_what_is_too_brief_is_refused_with_what_is_not() -> None:
    one = Subscribed(accepted=False, expires=10)
    response = one.accept()
    assert (response.status, response.headers.get("Min-Expires"), one.granted) == (423, "30", None)
    assert over(one.peer)


def test_an_hour_is_never_too_brief() -> None:
    assert Terms(least_s=7200, most_s=9000).granted(3600) == 3600


def test_who_wants_to_know_once_is_told_once() -> None:
    one = Subscribed(expires=0)
    assert one.granted == 0
    notify = one.tell()
    assert (state(notify), notify.body) == ("terminated;reason=timeout", NEWS)
    one.peer.send(reply(notify, 200, tag=""))
    assert one.peer.events() == []
    assert over(one.peer)


def test_one_notify_waits_for_the_answer_to_the_one_before() -> None:
    one = Subscribed()
    first = one.tell()
    assert not one.peer.endpoint.subscriptions.notify(one.id, KIND, NEWS, 0.0)
    one.peer.send(reply(first, 200, tag=""))
    assert one.peer.events() == [Told(one.id)]
    second = one.tell()
    assert second.cseq.number == first.cseq.number + 1


def test_a_renewal_is_told_all_there_is() -> None:
    one = Subscribed()
    one.told()
    one.peer.run(500)
    response = only_response(one.subscribe("Expires: 300"))
    assert (response.status, response.headers.get("Expires"), response.to_tag) == (200, "300", one.tag)
    assert one.peer.events() == [Renewed(one.id, 300)]
    assert state(one.told()) == "active;expires=300"
    assert one.peer.run(299) == []


def test_what_a_renewal_brings_along_is_told_once() -> None:
    one = Subscribed()
    one.told()
    body = "<SetDoNotDisturb/>"
    one.cseq += 1
    lines = (CONTACT, "Event: dialog", "Expires: 300", "Content-Type: application/x-as-feature-event+xml")
    one.peer.send(one.peer.request("SUBSCRIBE", *lines, to_tag=one.tag, cseq=one.cseq, body=body))
    assert one.peer.events() == [Renewed(one.id, 300, body.encode())]
    one.told()
    one.subscribe("Expires: 300")
    assert one.peer.events() == [Renewed(one.id, 300)]


def test_a_renewal_while_a_notify_is_under_way_is_told_after_it() -> None:
    one = Subscribed()
    notify = one.tell()
    one.subscribe("Expires: 600")
    assert one.peer.events() == [Renewed(one.id, 600)]
    one.peer.send(reply(notify, 200, tag=""))
    assert one.peer.events() == [Told(one.id)]
    one.told()


def test_a_renewal_that_is_too_brief_changes_nothing() -> None:
    one = Subscribed()
    one.told()
    assert only_response(one.subscribe("Expires: 5")).status == 423
    assert one.peer.events() == []
    one.told()


def test_a_renewal_from_another_port_moves_the_dialog() -> None:
    one = Subscribed()
    one.told()
    moved = UDP._replace(remote=(PEER[0], 5999))
    text = one.peer.request(
        "SUBSCRIBE", "Contact: <sip:them@192.0.2.9:5999>", "Event: dialog", to_tag=one.tag, cseq=2
    )
    one.peer.send(text, moved)
    one.peer.events()
    one.peer.endpoint.subscriptions.notify(one.id, KIND, NEWS, one.peer.now)
    ((data, flow),) = one.peer.endpoint.datagrams()
    assert flow.remote == (PEER[0], 5999)
    assert data.startswith(b"NOTIFY sip:them@192.0.2.9:5999 ")


@pytest.mark.parametrize("under_way", [False, True])
def test_who_takes_his_leave_is_told_a_last_time(under_way: bool) -> None:
    one = Subscribed()
    notify = one.tell() if under_way else one.told()
    assert only_response(one.subscribe("Expires: 0")).headers.get("Expires") == "0"
    assert one.peer.events() == [Renewed(one.id, 0)]
    if under_way:
        assert only_response(one.subscribe("Expires: 600")).status == 481
        assert only_response(one.subscribe("Expires: 0")).status == 481
        one.peer.send(reply(notify, 200, tag=""))
        assert one.peer.events() == [Told(one.id)]
    assert only_response(one.subscribe("Expires: 600")).status == 481
    assert only_response(one.subscribe("Expires: 0")).status == 481
    last = one.tell()
    assert state(last) == "terminated;reason=timeout"
    assert only_response(one.subscribe("Expires: 600")).status == 481
    assert only_response(one.subscribe("Expires: 0")).status == 481
    one.peer.send(reply(last, 200, tag=""))
    assert one.peer.events() == []
    assert over(one.peer)


@pytest.mark.parametrize("under_way", [False, True])
def test_who_does_not_renew_is_told_so(under_way: bool) -> None:
    one = Subscribed()
    one.told()
    one.peer.run(595)
    if under_way:
        one.tell()
    sent = [each for each in one.peer.run(6) if isinstance(each, Request)]
    last = next(each for each in sent if state(each) == "terminated;reason=timeout")
    assert one.peer.events() == [SubscriptionEnded(one.id, SubscriptionEnd.EXPIRED)]
    one.peer.send(reply(last, 200, tag=""))
    assert over(one.peer)


@pytest.mark.parametrize("under_way", [False, True])
def test_who_does_not_know_of_it_is_not_told_again(under_way: bool) -> None:
    one = Subscribed()
    notify = one.tell()
    if under_way:
        one.subscribe("Expires: 0")
        one.peer.events()
    one.peer.send(reply(notify, 481, tag=""))
    assert one.peer.events() == [SubscriptionEnded(one.id, SubscriptionEnd.REFUSED)]
    assert not one.peer.endpoint.subscriptions.notify(one.id, KIND, NEWS, 0.0)
    assert over(one.peer)


def test_who_is_not_there_is_given_up() -> None:
    one = Subscribed()
    one.tell()
    one.peer.run(33)
    assert one.peer.events() == [SubscriptionEnded(one.id, SubscriptionEnd.UNREACHABLE)]
    assert over(one.peer)


@pytest.mark.parametrize("where", ["quiet", "under way", "leaving", "gone", "asked"])
def test_we_can_end_it(where: str) -> None:
    one = Subscribed(accepted=where != "asked")
    if where == "asked":
        one.peer.endpoint.subscriptions.end(one.id, News(), 0.0)
        assert only_response(one.peer.sent()).status == 480
        assert over(one.peer)
        return
    _ = one.told() if where in ("quiet", "gone") else one.tell()
    if where in ("leaving", "gone"):
        one.subscribe("Expires: 0")
    last = one.end(News(reason="deactivated", retry_after_s=5))
    assert state(last) == "terminated;reason=deactivated;retry-after=5"
    one.peer.endpoint.subscriptions.end(one.id, News(), 0.0)
    assert one.peer.sent() == []
    one.peer.send(reply(last, 481, tag=""))
    assert "SubscriptionEnded" not in names(one.peer.events())
    assert over(one.peer)


def test_we_can_refuse_it() -> None:
    one = Subscribed(accepted=False)
    one.peer.endpoint.subscriptions.refuse(one.id, 489, 0.0, headers=(("Allow-Events", "dialog"),))
    response = only_response(one.peer.sent())
    assert (response.status, response.headers.get("Allow-Events")) == (489, "dialog")
    assert over(one.peer)


def test_who_is_not_answered_in_time_is_forgotten() -> None:
    one = Subscribed(accepted=False)
    one.peer.run(33)
    assert one.peer.events() == [SubscriptionEnded(one.id, SubscriptionEnd.UNANSWERED)]
    assert one.peer.endpoint.subscriptions.accept(one.id, TERMS, one.peer.now) is None
    assert over(one.peer)


def test_what_is_out_of_order_or_no_subscribe_is_refused() -> None:
    one = Subscribed()
    one.told()
    old = one.peer.request("SUBSCRIBE", CONTACT, "Event: dialog", to_tag=one.tag, cseq=1)
    assert one.peer.statuses(old) == [500]
    assert one.peer.statuses(one.peer.request("OPTIONS", to_tag=one.tag, cseq=5)) == [405]
    assert one.peer.statuses(one.peer.request("SUBSCRIBE", "Contact: <", to_tag=one.tag, cseq=6)) == [400]
    assert one.peer.statuses(one.peer.request("SUBSCRIBE", CONTACT, to_tag="other", cseq=7)) == [481]


def test_without_a_contact_that_can_be_read_there_is_no_dialog() -> None:
    peer = Peer(allow=SUBSCRIBING)
    assert peer.statuses(peer.request("SUBSCRIBE", "Contact: <", "Event: dialog")) == [400]
    assert (peer.events(), over(peer)) == ([], True)


def test_a_stranger_cannot_renew_what_is_not_his() -> None:
    one = Subscribed()
    one.told()
    other = UDP._replace(remote=("198.51.100.7", 5060))
    text = one.peer.request("SUBSCRIBE", CONTACT, "Expires: 0", to_tag=one.tag, cseq=2, source=other.remote)
    assert one.peer.send(text, other) == []
    assert one.peer.events() == []


def test_it_outlives_the_process() -> None:
    one = Subscribed("Event: dialog;id=3")
    before = one.told()
    saved = one.peer.endpoint.subscriptions.saved(one.id, 100.0)
    assert saved is not None
    peer = Peer(allow=SUBSCRIBING)
    assert peer.endpoint.subscriptions.restore(saved, 0.0, 500.0, PEER[0]) is None
    taken_up = peer.endpoint.subscriptions.restore(saved, 0.0, 100.0, PEER[0])
    assert taken_up is not None
    assert peer.endpoint.subscriptions.notify(taken_up, KIND, NEWS, 0.0)
    notify = only_request(peer.sent())
    assert (notify.call_id, notify.from_tag) == (before.call_id, before.from_tag)
    assert (state(notify), notify.headers.get("Event")) == ("active;expires=400", "dialog;id=3")
    assert notify.cseq.number > before.cseq.number + 1000
    peer.send(reply(notify, 200, tag=""))
    text = peer.request("SUBSCRIBE", CONTACT, "Event: dialog;id=3", to_tag=one.tag, cseq=2)
    assert peer.statuses(text) == [200]
    assert peer.events() == [Told(taken_up), Renewed(taken_up, 600)]


def test_what_waits_or_is_over_is_not_saved() -> None:
    one = Subscribed(accepted=False)
    subscriptions = one.peer.endpoint.subscriptions
    assert subscriptions.saved(one.id, 0.0) is None
    assert subscriptions.saved(SubscriptionId(99), 0.0) is None


# REFER


class Referring:
    """A REFER in the dialog of a call, or outside."""

    def __init__(self, *lines: str, inside: bool = True) -> None:
        self.call = Called(allow=SUBSCRIBING)
        self.peer = self.call.peer
        self.cseq = 2
        wanted = ("Refer-To: <sip:1003@192.0.2.1>", CONTACT, *lines)
        if inside:
            self.call.request("REFER", 2, *wanted)
        else:
            self.peer.send(self.peer.request("REFER", *wanted, call_id="call-2"))
        (heard,) = self.peer.events()
        assert isinstance(heard, Referred)
        self.heard = heard
        self.id = heard.subscription

    def accept(self) -> Response:
        self.peer.endpoint.subscriptions.accept_referral(self.id, self.peer.now)
        return only_response(self.peer.sent())

    def tell(self, status: str) -> Request:
        said = f"SIP/2.0 {status}\r\n".encode()
        assert self.peer.endpoint.subscriptions.notify(self.id, "message/sipfrag", said, self.peer.now)
        return only_request(self.peer.sent())

    def end(self, status: str) -> Request:
        news = News("message/sipfrag", f"SIP/2.0 {status}\r\n".encode(), reason="noresource")
        self.peer.endpoint.subscriptions.end(self.id, news, self.peer.now)
        return only_request(self.peer.sent())


def test_who_refers_is_told_what_becomes_of_it_in_the_call() -> None:
    refer = Referring()
    assert refer.heard.session == refer.call.session
    assert refer.accept().status == 202
    trying = refer.tell("100 Trying")
    assert (trying.call_id, trying.from_tag) == ("call-1", refer.call.tag)
    assert trying.headers.get("Event") == "refer;id=2"
    refer.peer.send(reply(trying, 200, tag=""))
    last = refer.end("200 OK")
    assert (state(last), last.body) == ("terminated;reason=noresource", b"SIP/2.0 200 OK\r\n")
    assert last.cseq.number == trying.cseq.number + 1
    refer.peer.send(reply(last, 200, tag=""))
    assert refer.peer.endpoint.dialog(refer.call.session) is not None, "the call goes on"


def test_who_hangs_up_after_his_refer_is_still_told() -> None:
    refer = Referring()
    refer.accept()
    refer.call.request("BYE", 3)
    refer.peer.events()
    refer.peer.send(reply(refer.end("200 OK"), 481, tag=""))
    assert over(refer.peer)


def test_who_does_not_want_to_be_told_is_not() -> None:
    refer = Referring("Refer-Sub: false")
    response = refer.accept()
    assert (response.status, response.headers.get("Refer-Sub")) == (202, "false")
    assert not refer.peer.endpoint.subscriptions.notify(refer.id, "message/sipfrag", b"x", 0.0)


def test_a_refer_may_be_refused() -> None:
    refer = Referring()
    refer.peer.endpoint.subscriptions.refuse(refer.id, 403, 0.0)
    assert only_response(refer.peer.sent()).status == 403
    assert refer.peer.run(0.5) == []


def test_a_refer_outside_of_a_call_has_a_dialog_of_its_own() -> None:
    refer = Referring("Target-Dialog: call-1;local-tag=theirs;remote-tag=ours", inside=False)
    assert refer.heard.session is None
    response = refer.accept()
    notify = refer.tell("100 Trying")
    assert (notify.from_tag, notify.call_id) == (response.to_tag, "call-2")
    assert notify.headers.get("Event") == "refer"


@pytest.mark.parametrize("event", ["refer", "refer;id=2", "Refer ; id=2"])
def test_a_referral_can_be_renewed_and_left_in_the_call(event: str) -> None:
    refer = Referring()
    refer.accept()
    refer.peer.send(reply(refer.tell("100 Trying"), 200, tag=""))
    refer.peer.events()
    (response,) = refer.call.request("SUBSCRIBE", 3, CONTACT, f"Event: {event}", "Expires: 0")
    assert isinstance(response, Response)
    assert response.status == 200
    assert refer.peer.events() == [Renewed(refer.id, 0)]
    assert state(refer.tell("180 Ringing")) == "terminated;reason=timeout"


def test_a_referral_that_has_no_answer_yet_cannot_be_renewed() -> None:
    refer = Referring()
    (response,) = refer.call.request("SUBSCRIBE", 3, CONTACT, "Event: refer", "Expires: 60")
    assert isinstance(response, Response)
    assert response.status == 403
    accepted = refer.accept()
    assert (accepted.status, accepted.cseq.method) == (202, "REFER")


@pytest.mark.parametrize(
    ("method", "lines", "status"),
    [
        ("SUBSCRIBE", ("Event: dialog",), 403),
        ("SUBSCRIBE", ("Event: refer;id=9",), 403),
        ("REFER", ("Require: other",), 420),
    ],
)
def test_what_has_no_place_in_a_call(method: str, lines: Sequence[str], status: int) -> None:
    refer = Referring()
    refer.accept()
    (response,) = refer.call.request(method, 3, CONTACT, *lines)
    assert isinstance(response, Response)
    assert response.status == status


def test_a_refer_out_of_order_is_refused() -> None:
    refer = Referring()
    (response,) = refer.call.request("REFER", 1, "Refer-To: <sip:1003@192.0.2.1>")
    assert isinstance(response, Response)
    assert response.status == 500


def test_a_refer_before_the_call_is_answered_has_nothing_to_hand_on() -> None:
    call = Calling(allow=SUBSCRIBING)
    call.reply(180)
    (response,) = call.request("REFER", 1, "Refer-To: <sip:1003@192.0.2.1>", CONTACT)
    assert isinstance(response, Response)
    assert response.status == 481
