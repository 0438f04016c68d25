"""Several devices of one phone ring at once: the first answer wins, the rest is silence (RFC 3261 16.7)."""

from collections.abc import Sequence
from random import Random

import pytest

from acd.events import OfferAnswered, OfferNoResponse, OfferRefused, OfferRinging, OfferTrying
from sip.events import IncomingInvite, SessionEnded, SessionId
from switch.calls.ending import Reason, Result
from switch.records import CallRecord, LegRole, OfferResult
from tests.sip.wire import endpoint
from tests.switch.far_end import Behaviour, FarEnd, refusing, ringing, silent
from tests.switch.stage import NUMBER, Stage

DESK, MOBILE, HOME = ("192.0.2.21", 5060), ("192.0.2.31", 5060), ("192.0.2.41", 5060)
SHORT = {"queues": {"support": {"wrap_up": "2s", "ring_timeout": "5s"}}}
TOLD = (OfferTrying, OfferRinging, OfferAnswered, OfferRefused, OfferNoResponse)


def device(stage: Stage, place: tuple[str, int]) -> FarEnd:
    """One of Ana's devices, which chooses its own tags and Call-IDs."""
    end = stage.join("1001", place, "secret of 1001")
    end.endpoint = endpoint(f"d{place[0].rpartition('.')[2]}")
    return end


async def devices(stage: Stage, *places: tuple[str, int]) -> list[FarEnd]:
    """Devices that register as Ana's phone."""
    ends = [device(stage, place) for place in places or (DESK, MOBILE)]
    for end in ends:
        assert await end.register() == 200
    return ends


def said(end: FarEnd, method: str) -> list[str]:
    """The Reason of each request of that method which the device was sent."""
    texts = [data.decode() for data in end.received if data.startswith(method.encode())]
    reasons = [line for text in texts for line in text.split("\r\n") if line.startswith("Reason:")]
    return [reason.removeprefix("Reason: ") for reason in reasons] or [""] * len(texts)


def told(stage: Stage) -> list[type]:
    """What the router was told of offers."""
    return [type(event) for event in stage.posted if isinstance(event, TOLD)]


def statuses(record: CallRecord, role: LegRole) -> list[int | None]:
    return [leg.sip_status for leg in record.legs if leg.role is role]


ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.mark.parametrize("sections", [SHORT])
@pytest.mark.parametrize("first", [0, 1])
async def test_an_offer_rings_all_and_the_first_answer_wins(stage: Stage, first: int) -> None:
    ends = await devices(stage)
    winner, loser = ends[first], ends[1 - first]
    session = await stage.carrier.dial(NUMBER)
    assert len(winner.all(IncomingInvite)) == len(loser.all(IncomingInvite)) == 1
    assert len(stage.orders.offerings) == 1
    await winner.answer()
    assert said(loser, "CANCEL") == [ELSEWHERE]
    assert loser.endpoint.counts().sessions == 0
    assert (stage.call.agent, stage.agent()) == ("ana", "on_call")
    assert told(stage) == [OfferRinging, OfferAnswered]
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert [offer.result for entry in stage.history.entries for offer in getattr(entry, "offers", ())] == [
        OfferResult.ANSWERED
    ]
    assert sorted(statuses(record, LegRole.AGENT), key=str) == [200, 487]
    stage.assert_nothing_left()


async def test_a_call_to_a_phone_rings_all_and_the_others_fall_silent(stage: Stage) -> None:
    desk, mobile = await devices(stage)
    session = await stage.carrier.dial("81001")
    await mobile.answer()
    assert stage.carrier.status(session) == 200
    assert said(desk, "CANCEL") == [ELSEWHERE]
    assert stage.call.party is not None
    assert stage.heard(stage.call.party) == f"relay {stage.port(stage.call.caller).number}"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, sorted(statuses(record, LegRole.CALLEE), key=str)) == (
        Result.COMPLETED,
        [200, 487],
    )
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize(
    ("behaviours", "status"),
    [
        ((refusing(486), ringing), None),
        ((refusing(486), refusing(480)), 486),
        ((refusing(480), refusing(486)), 486),
        ((refusing(500), refusing(404)), 404),
        ((ringing, refusing(603)), 603),
        ((refusing(603), ringing), 603),
    ],
)
async def test_the_best_refusal_counts_when_nobody_is_left(
    stage: Stage, behaviours: Sequence[Behaviour], status: int | None
) -> None:
    ends = await devices(stage)
    for end, behaviour in zip(ends, behaviours, strict=True):
        end.behave = behaviour
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == status
    if status is None:
        await ends[1].answer()
        assert stage.carrier.status(session) == 200
        await stage.carrier.hang_up(session)
    assert all(end.endpoint.counts().sessions == 0 for end in ends)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_one_that_is_busy_does_not_end_the_offer(stage: Stage) -> None:
    desk, mobile = await devices(stage)
    desk.behave = refusing(486)
    session = await stage.carrier.dial(NUMBER)
    assert stage.agent() == "ringing"
    await mobile.refuse(486)
    assert told(stage)[-1] is OfferRefused
    await stage.carrier.hang_up(session)


async def test_two_answers_cross_and_the_later_one_is_hung_up_on(stage: Stage) -> None:
    desk, mobile = await devices(stage)
    session = await stage.carrier.dial("81001")
    for end in (mobile, desk):
        end.endpoint.accept(end.invited.session, end.sdp, stage.now())
        stage.moved(end)
    await stage.settle()
    assert desk.all(SessionEnded)
    assert not mobile.all(SessionEnded)
    assert "ACK" in stage.kinds()
    assert said(desk, "BYE") == [ELSEWHERE]
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_the_caller_gives_up_and_none_of_them_rings_on(stage: Stage) -> None:
    ends = await devices(stage)
    session = await stage.carrier.dial("81001")
    await stage.carrier.hang_up(session)
    assert all(end.endpoint.counts().sessions == 0 for end in ends)
    assert stage.history.calls[0].reason is Reason.CALLER_HUNG_UP
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_one_that_has_vanished_is_not_waited_for_and_asked_how_it_is(stage: Stage) -> None:
    desk, mobile = await devices(stage)
    mobile.behave = refusing(486)
    stage.lose = lambda data: data.startswith((b"INVITE sip:192.0.2.21", b"OPTIONS"))
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) is None
    await stage.pass_by(4.1)
    assert stage.carrier.status(session) == 486
    assert [each.flow.remote for each in stage.exchange.registrations.contacts("1001")] == [MOBILE]
    assert stage.agent() == "ready", "his other device is there"
    assert not desk.all(IncomingInvite)
    stage.lose = lambda data: False
    await stage.pass_by(60)
    assert len(stage.exchange.registrations.contacts("1001")) == 2, "it answered an OPTIONS"
    stage.assert_nothing_left()


async def test_when_all_have_vanished_the_agent_is_unreachable(stage: Stage) -> None:
    await devices(stage)
    stage.lose = lambda data: data.startswith((b"INVITE sip:192.0.2.", b"OPTIONS"))
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(4.5)
    assert stage.agent() == "unreachable"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)


async def test_the_first_who_sends_media_is_heard_and_then_whoever_is_left(stage: Stage) -> None:
    desk, mobile = await devices(stage)
    for end in (desk, mobile):
        end.behave = lambda end, invite: end.endpoint.progress(invite.session, 183, stage.now(), sdp=end.sdp)
    session = await stage.carrier.dial("81001")
    first, second = [leg for leg in stage.call.ledger.legs if leg.role is LegRole.CALLEE]
    assert stage.heard(stage.call.caller) == f"relay {first.port.number}"
    by_address = {end.address[0]: end for end in (desk, mobile)}
    await by_address[first.flow.remote[0]].refuse(486)
    assert stage.heard(stage.call.caller) == f"relay {second.port.number}"
    await by_address[second.flow.remote[0]].answer()
    assert stage.carrier.status(session) == 200
    await stage.carrier.hang_up(session)


async def test_a_device_with_a_lower_q_rings_when_the_others_have_refused(stage: Stage) -> None:
    desk, mobile = (device(stage, place) for place in (DESK, MOBILE))
    desk.contact_params, mobile.contact_params = ";q=0.9", ";q=0.2"
    for end in (desk, mobile):
        assert await end.register() == 200
    session = await stage.carrier.dial(NUMBER)
    assert not mobile.all(IncomingInvite)
    await desk.refuse(486)
    assert mobile.all(IncomingInvite)
    assert told(stage)[-1] is not OfferRefused
    await mobile.answer()
    assert stage.agent() == "on_call"
    await stage.carrier.hang_up(session)


async def test_a_flow_that_has_failed_leads_to_the_next_flow_of_the_same_device(stage: Stage) -> None:
    flows = [device(stage, place) for place in (DESK, MOBILE)]
    for number, end in enumerate(flows, start=1):
        end.contact_params = f';+sip.instance="<urn:uuid:1>";reg-id={number}'
        end.registers_with = (("Supported", "path, outbound"),)
        assert await end.register() == 200
    old, new = flows
    new.behave = silent
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.31")
    session = await stage.carrier.dial("81001")
    assert not old.all(IncomingInvite), "one device is called once"
    await stage.pass_by(4.1)
    await old.answer()
    assert stage.carrier.status(session) == 200
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)


SEEDS = [*range(40), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(40, 1040))]


class Storm:
    """A caller, and three devices which answer, refuse, fall silent, all within a few milliseconds."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = Random(seed)
        self.ends: list[FarEnd] = []

    async def blow(self) -> None:
        stage, random = self.stage, self.random
        self.ends = await devices(stage, DESK, MOBILE, HOME)
        stage.delay_s = lambda: random.choice((0.001, 0.002, 0.01, 0.05))
        for end in self.ends:
            end.behave = self.behave
        number = random.choice((NUMBER, "81001"))
        for _ in range(random.randint(1, 2)):
            session = stage.carrier.start(number)
            stage.loop.call_later(random.choice((0.1, 0.2, 0.3, 5.0)), self.hang_up, stage.carrier, session)
        await stage.pass_by(100)
        for call in list(stage.registry.calls.values()):
            stage.running.hangup(call.id)
        stage.lose = lambda data: False
        await stage.pass_by(120)

    def behave(self, end: FarEnd, invite: IncomingInvite) -> None:
        kind = self.random.choice(("answer", "answer", "486", "603", "silent", "vanish", "early"))
        wait_s = self.random.choice((0.0, 0.05, 0.1, 0.2, 3.99, 4.0, 4.01))
        if kind in ("answer", "486", "603"):
            ringing(end, invite)
        if kind == "early":
            end.endpoint.progress(invite.session, 183, self.stage.now(), sdp=end.sdp)
        if kind == "vanish":
            self.stage.lose = lambda data: end.address[0].encode() in data
        self.stage.loop.call_later(wait_s, self.act, end, invite.session, kind)

    def act(self, end: FarEnd, session: SessionId, kind: str) -> None:
        if kind in ("answer", "early"):
            end.endpoint.accept(session, end.sdp, self.stage.now())
        elif kind in ("486", "603"):
            end.endpoint.reject(session, int(kind), self.stage.now())
        self.stage.moved(end)
        self.stage.loop.call_later(60.0, self.hang_up, end, session)

    def hang_up(self, end: FarEnd, session: SessionId) -> None:
        end.endpoint.hangup(session, self.stage.now())
        self.stage.moved(end)


@pytest.mark.parametrize("sections", [SHORT])
@pytest.mark.parametrize("seed", SEEDS)
async def test_however_they_cross_one_is_talked_to_and_nothing_is_left(stage: Stage, seed: int) -> None:
    storm = Storm(stage, seed)
    await storm.blow()
    stage.assert_nothing_left()
    for end in storm.ends:
        assert end.endpoint.counts().sessions == 0, end.address
    for record in stage.history.calls:
        talked = [leg.id for leg in record.legs[1:] if leg.answered_at is not None]
        joined = {leg for segment in record.segments for leg in segment.legs} - {record.legs[0].id}
        assert len(joined) <= 1 or record.queue is not None, record
        assert joined <= set(talked)
        assert len({leg.id for leg in record.legs}) == len(record.legs)
        assert record.result is not None
