"""Digits: how one party's are heard, how the other is sent them, and that each crosses once."""

from collections.abc import Callable
from typing import cast

import pytest

from media.events import Digit
from media.port import Port
from sip import events as sip
from sip.syntax.dtmf_info import Kind
from switch.calls.digits import DigitsIn, DigitsOut, Means
from switch.calls.legs.leg import Leg
from switch.config.trunk import Dtmf
from tests.switch.far_end import FarEnd, answering, sdp
from tests.switch.plane import NotingPort
from tests.switch.stage import CARRIER, Stage

Informed = tuple[str, bytes]
RELAYED = b"Signal=5\r\nDuration=160\r\n"


class Out:
    """A party's digits as they leave us."""

    def __init__(self, setting: Dtmf) -> None:
        self.port = NotingPort(1, print)
        self.informed: list[Informed] = []
        self.out = DigitsOut(cast(Port, self.port), setting)

    def send(self, digit: str, duration_ms: int) -> None:
        if (info := self.out.send(digit, duration_ms)) is not None:
            self.informed.append(info)


@pytest.mark.parametrize(
    ("setting", "events", "kind"),
    [
        (Dtmf.AUTO, True, None),
        (Dtmf.AUTO, False, Kind.RELAY),
        (Dtmf.RFC4733, True, None),
        (Dtmf.RFC4733, False, None),
        (Dtmf.INFO_RELAY, True, Kind.RELAY),
        (Dtmf.INFO_RELAY, False, Kind.RELAY),
        (Dtmf.INFO, True, Kind.PLAIN),
        (Dtmf.INFO, False, Kind.PLAIN),
    ],
)
def test_setting_and_sdp_say_how_digits_go(setting: Dtmf, events: bool, kind: Kind | None) -> None:
    party = Out(setting)
    party.out.agreed(events)
    party.send("5", 160)
    if kind is None:
        assert (party.port.digits, party.informed) == ([("5", 160)], [])
    else:
        body = RELAYED if kind is Kind.RELAY else b"5"
        assert (party.port.digits, party.informed) == ([], [(kind.value, body)])


@pytest.mark.parametrize("events", [True, False])
def test_who_wants_tones_gets_tones(events: bool) -> None:
    party = Out(Dtmf.IN_BAND)
    party.out.agreed(events)
    party.send("5", 160)
    assert (party.port.sounded, party.port.digits, party.informed) == ([("5", 160)], [], [])


@pytest.mark.parametrize(
    ("setting", "events", "translated"),
    [
        (Dtmf.AUTO, True, {Means.INFO, Means.TONES}),
        (Dtmf.AUTO, False, {Means.EVENT, Means.INFO}),
        (Dtmf.RFC4733, True, {Means.INFO, Means.TONES}),
        (Dtmf.INFO_RELAY, True, {Means.EVENT, Means.INFO, Means.TONES}),
        (Dtmf.INFO, False, {Means.EVENT, Means.INFO, Means.TONES}),
        (Dtmf.IN_BAND, True, {Means.EVENT, Means.INFO}),
    ],
)
def test_what_is_relayed_as_it_is_and_what_is_made_anew(
    setting: Dtmf, events: bool, translated: set[Means]
) -> None:
    party = Out(setting)
    party.out.agreed(events)
    assert {means for means in Means if party.out.wants(means)} == translated


@pytest.mark.parametrize(
    ("setting", "events", "first", "listens"),
    [
        (Dtmf.AUTO, True, None, False),
        (Dtmf.AUTO, False, None, True),
        (Dtmf.AUTO, False, Means.TONES, True),
        (Dtmf.AUTO, False, Means.INFO, False),
        (Dtmf.IN_BAND, True, None, True),
        (Dtmf.IN_BAND, True, Means.EVENT, False),
        (Dtmf.INFO, False, None, True),
    ],
)
def test_who_is_listened_to(setting: Dtmf, events: bool, first: Means | None, listens: bool) -> None:
    digits = DigitsIn(setting)
    if first is not None:
        digits.hears(first)
    assert digits.takes_tones(events) is listens


def test_who_presses_without_end_is_not_remembered_without_end() -> None:
    party = Out(Dtmf.INFO)
    for _ in range(1000):
        party.send("1", 100)
    assert len(party.informed) == 64
    party.out.answered()
    party.send("2", 100)
    assert party.informed[64:] == [(Kind.PLAIN.value, b"2")]


def test_a_party_that_says_it_twice_is_heard_once() -> None:
    digits = DigitsIn()
    came = [digits.hears(means) for means in (Means.INFO, Means.EVENT, Means.INFO)]
    assert (came, digits.takes_events) == ([True, False, True], False)
    digits.forget()
    came = [digits.hears(means) for means in (Means.EVENT, Means.INFO, Means.EVENT)]
    assert (came, digits.takes_events) == ([True, False, True], True)


# In a call: the four mixes


def trunk(dtmf: str) -> dict[str, object]:
    network, proxy = f"{CARRIER[0]}/32", f"sip:{CARRIER[0]}:5060"
    return {"trunks": {"carrier": {"accept_from": [network], "proxy": proxy, "dtmf": dtmf}}}


def event(stage: Stage, leg: Leg) -> None:
    stage.tell(Digit(leg.port, "5", 160))


def tones(stage: Stage, leg: Leg) -> None:
    stage.tell(Digit(leg.port, "5", 160, in_band=True))


def info_relay(stage: Stage, leg: Leg) -> None:
    assert leg.session is not None
    leg.sip_event(sip.InfoReceived(leg.session, "application/dtmf-relay", RELAYED))


def info(stage: Stage, leg: Leg) -> None:
    assert leg.session is not None
    leg.sip_event(sip.InfoReceived(leg.session, "application/dtmf", b"5"))


async def talking(stage: Stage, types: str = "8 101") -> tuple[Leg, Leg, list[Informed]]:
    """A trunk's caller and a phone, and what INFO says to the caller."""
    informed: list[Informed] = []

    def note(
        session: sip.SessionId, content_type: str, body: bytes, now: float, dialog_tag: str = ""
    ) -> None:
        informed.append((content_type, body))

    stage.exchange.endpoint.info = note  # type: ignore[method-assign]
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial("81001", sdp(CARRIER[0], types=types))
    party = stage.call.party
    assert party is not None
    assert stage.heard(party).startswith("relay")
    return stage.call.caller, party, informed


Press = Callable[[Stage, Leg], None]


@pytest.mark.parametrize(("press", "sent"), [(event, []), (info_relay, [("5", 160)]), (info, [("5", 100)])])
async def test_what_a_trunk_presses_reaches_a_phone_that_takes_events(
    stage: Stage, press: Press, sent: list[tuple[str, int]]
) -> None:
    """An event is relayed by the engine."""
    caller, phone, informed = await talking(stage)
    press(stage, caller)
    assert (stage.port(phone).digits, informed) == (sent, [])
    assert stage.port(caller).digits == []
    assert stage.port(caller).masked_ms == [ms for _, ms in sent], "the engine masks events by itself"


@pytest.mark.parametrize("press", [event, info_relay, info])
@pytest.mark.parametrize("sections", [trunk("info-relay")])
async def test_what_a_phone_presses_reaches_a_trunk_that_wants_info(stage: Stage, press: Press) -> None:
    caller, phone, informed = await talking(stage)
    peer = stage.port(caller).peer
    assert peer is not None
    assert peer.send_event_type is None, "events that are relayed would be a second digit"
    assert peer.receive_event_type == 101
    press(stage, phone)
    assert len(informed) == 1
    assert informed[0][0] == "application/dtmf-relay"
    assert informed[0][1].startswith(b"Signal=5\r\n")
    assert stage.port(caller).digits == stage.port(phone).digits == []


@pytest.mark.parametrize("sections", [trunk("info")])
async def test_or_wants_the_digit_alone(stage: Stage) -> None:
    _, phone, informed = await talking(stage)
    event(stage, phone)
    assert informed == [("application/dtmf", b"5")]


async def test_a_trunk_without_telephone_event_in_its_sdp_gets_info(stage: Stage) -> None:
    caller, phone, informed = await talking(stage, types="8")
    event(stage, phone)
    assert informed == [("application/dtmf-relay", RELAYED)]
    info(stage, caller)
    assert stage.port(phone).digits == [("5", 100)]


async def test_who_tells_by_info_is_not_heard_by_events_any_more(stage: Stage) -> None:
    caller, phone, _ = await talking(stage)
    info_relay(stage, caller)
    event(stage, caller)
    peer = stage.port(caller).peer
    assert peer is not None
    assert peer.receive_event_type is None, "or the engine would relay the same digit"
    assert stage.port(phone).digits == [("5", 160)]


async def test_who_has_no_telephone_event_is_listened_to(stage: Stage) -> None:
    caller, phone, informed = await talking(stage, types="8")
    assert stage.port(caller).listens
    assert not stage.port(phone).listens
    tones(stage, caller)
    assert stage.port(phone).digits == [("5", 160)], "it takes events, and the engine keeps the tones from it"
    info_relay(stage, caller)
    assert stage.port(phone).digits == [("5", 160)], "the same press, told twice"
    assert stage.port(caller).listens
    event(stage, phone)
    assert informed == [("application/dtmf-relay", RELAYED)]


async def test_who_tells_by_info_is_not_listened_to_any_more(stage: Stage) -> None:
    caller, phone, _ = await talking(stage, types="8")
    info_relay(stage, caller)
    assert not stage.port(caller).listens
    tones(stage, caller)
    assert stage.port(phone).digits == [("5", 160)]


@pytest.mark.parametrize("sections", [trunk("in-band")])
async def test_a_trunk_that_wants_tones_is_listened_to_though_it_has_events(stage: Stage) -> None:
    caller, phone, informed = await talking(stage)
    event(stage, phone)
    assert stage.port(caller).sounded == [("5", 160)]
    assert (stage.port(caller).digits, informed) == ([], [])
    assert stage.port(caller).listens
    tones(stage, caller)
    event(stage, caller)
    assert stage.port(phone).digits == [("5", 160)]
    peer = stage.port(caller).peer
    assert peer is not None
    assert (peer.send_event_type, peer.receive_event_type) == (None, None)


async def test_a_new_address_may_be_another_device(stage: Stage) -> None:
    caller, phone, _ = await talking(stage)
    info_relay(stage, caller)
    assert caller.session is not None
    dialog = next(iter(stage.carrier.all(sip.Answered))).session
    await stage.carrier.reinvite(dialog, sdp("192.0.2.77", 31000, version=2))
    peer = stage.port(caller).peer
    assert peer is not None
    assert peer.receive_event_type == 101
    event(stage, caller)
    assert stage.port(phone).digits == [("5", 160)], "the engine has relayed the second"


async def test_a_digit_while_one_of_them_holds_is_for_nobody(stage: Stage) -> None:
    caller, phone, _ = await talking(stage)
    dialog = next(iter(stage.carrier.all(sip.Answered))).session
    await stage.carrier.reinvite(dialog, sdp(CARRIER[0], direction="sendonly", version=2))
    info(stage, caller)
    assert stage.port(phone).digits == []
    await stage.carrier.reinvite(dialog, sdp(CARRIER[0], version=3))
    info(stage, caller)
    assert stage.port(phone).digits == [("5", 100)]


async def test_an_info_about_something_else_changes_nothing(stage: Stage) -> None:
    caller, phone, _ = await talking(stage)
    assert caller.session is not None
    caller.sip_event(sip.InfoReceived(caller.session, "application/media_control+xml", b"<x/>"))
    caller.sip_event(sip.InfoReceived(caller.session, "application/dtmf-relay", b"Signal=flash"))
    assert stage.port(phone).digits == []
    event(stage, caller)
    peer = stage.port(caller).peer
    assert peer is not None
    assert peer.receive_event_type == 101


# Before the answer


async def pressed_before_the_answer(stage: Stage, press: Press, body: bytes | None) -> Leg:
    """A phone has called the carrier, which says 183 with that description; then the phone presses 5."""

    def progress(end: FarEnd, invite: sip.IncomingInvite) -> None:
        end.endpoint.progress(invite.session, 183, stage.now(), sdp=body)

    phone = await stage.phone()
    stage.carrier.behave = progress
    await phone.dial("0600111222")
    press(stage, stage.call.caller)
    await stage.settle()
    assert stage.call.party is not None
    return stage.call.party


async def test_digits_cross_before_the_answer_where_media_does(stage: Stage) -> None:
    """Who is asked for his card number before he is charged can give it."""
    callee = await pressed_before_the_answer(stage, info, sdp(CARRIER[0]))
    assert stage.port(callee).digits == [("5", 100)]


@pytest.mark.parametrize("press", [event, info_relay])
@pytest.mark.parametrize("sections", [trunk("info-relay")])
async def test_in_an_early_dialog_by_info_too(stage: Stage, press: Press) -> None:
    callee = await pressed_before_the_answer(stage, press, sdp(CARRIER[0]))
    (received,) = stage.carrier.all(sip.InfoReceived)
    assert (received.content_type, received.body) == ("application/dtmf-relay", RELAYED)
    assert stage.port(callee).digits == []
    await stage.carrier.answer()
    press(stage, stage.call.caller)
    await stage.settle()
    assert len(stage.carrier.all(sip.InfoReceived)) == 2


@pytest.mark.parametrize("sections", [trunk("info-relay")])
async def test_who_hears_nobody_yet_presses_for_nobody(stage: Stage) -> None:
    await pressed_before_the_answer(stage, info, None)
    await stage.carrier.answer()
    assert stage.carrier.all(sip.InfoReceived) == []
