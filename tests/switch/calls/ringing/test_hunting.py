"""A call's way from target to target, and where a 3xx leads it."""

from typing import Any

import pytest

from media.port import Play, Relay
from sip.endpoint import Endpoint
from sip.events import IncomingInvite, Outgoing, SessionId
from sip.flow import Flow
from switch.calls.ending import EndedBy, Reason, Result
from switch.trunks.health import HealthEvent
from tests.switch.far_end import Behaviour, FarEnd, answering, refusing, ringing, silent
from tests.switch.stage import CARRIER, OURS, Stage

A, B, C = ("192.0.2.11", 5060), ("192.0.2.12", 5060), ("192.0.2.13", 5060)
NUMBER = "0600111222"


@pytest.fixture
def sections() -> dict[str, Any]:
    """Trunk `t` with targets A, then B; trunk `other` with target C; phones call out with a 0, or an 8."""
    targets = [{"uri": f"sip:{A[0]}", "priority": "1"}, {"uri": f"sip:{B[0]}", "priority": "2"}]
    return {
        "trunks": {
            "t": {"targets": targets, "options": "0"},
            "other": {"proxy": f"sip:{C[0]}", "options": "0", "max_calls": "1"},
            "carrier": {"accept_from": [f"{CARRIER[0]}/32"]},
        },
        "routes": [
            {"phone": "*", "to": "0*", "strip": "1", "go": "trunk:t"},
            {"phone": "*", "to": "8*", "strip": "1", "go": "trunk:other"},
            {"phone": "*", "to": "10??", "go": "phone"},
            {"phone": "*", "to": "600", "go": "echo"},
            {"trunk": "carrier", "to": "1*", "go": "phone"},
        ],
    }


class Cast:
    """A phone that calls, and the carriers at A, B and C."""

    def __init__(self, stage: Stage, phone: FarEnd) -> None:
        self.stage = stage
        self.phone = phone
        self.a, self.b, self.c = (
            stage.join(name, address) for name, address in (("a", A), ("b", B), ("c", C))
        )

    def invites(self) -> str:
        """Who was called so far, in order."""
        ends = {"192.0.2.11": "a", "192.0.2.12": "b", "192.0.2.13": "c", "192.0.2.22": "1002"}
        heads = [data.split(b"\r\n", 1)[0].decode() for data in self.stage.sent if data.startswith(b"INVITE")]
        order: list[str] = []
        for head in heads:
            who = next((name for host, name in ends.items() if host in head), "")
            if who and (not order or order[-1] != who):
                order.append(who)
        return " ".join(order)


@pytest.fixture
async def cast(stage: Stage) -> Cast:
    return Cast(stage, await stage.phone())


def speaking(end: FarEnd, invite: IncomingInvite) -> None:
    """183 with SDP."""
    end.endpoint.progress(invite.session, 183, end.wire.now(), sdp=end.sdp)


async def progress(stage: Stage, end: FarEnd, status: int, sdp: bytes | None = None) -> None:
    """A provisional response to the last INVITE that came there."""
    end.endpoint.progress(end.invited.session, status, stage.now(), sdp=sdp)
    stage.moved(end)
    await stage.settle()


def redirecting(*contacts: str, status: int = 302) -> Behaviour:
    """That status, with these contacts."""

    def redirect(end: FarEnd, invite: IncomingInvite) -> None:
        headers = [("Contact", contact) for contact in contacts]
        end.endpoint.reject(invite.session, status, end.wire.now(), headers=headers)

    return redirect


async def test_rfc3263_4_3_a_503_leads_to_the_next_target(stage: Stage, cast: Cast) -> None:
    cast.a.behave, cast.b.behave = refusing(503), answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "a b"
    assert [leg.record().sip_status for leg in stage.call.ledger.legs] == [200, 503, 200]
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()
    (record,) = stage.history.calls
    assert (record.result, len(record.legs)) == (Result.COMPLETED, 3)


@pytest.mark.parametrize(("retry_after", "rests"), [("20 (busy hour)", True), ("soon", False), (None, False)])
async def test_rfc3261_21_5_4_a_503_is_left_alone_for_as_long_as_it_says(
    stage: Stage, cast: Cast, retry_after: str | None, rests: bool
) -> None:
    headers = [("Retry-After", retry_after)] if retry_after else []
    cast.a.behave = lambda end, invite: end.endpoint.reject(
        invite.session, 503, end.wire.now(), headers=headers
    )
    cast.b.behave = answering
    for _ in range(2):
        await cast.phone.hang_up(await cast.phone.dial(NUMBER))
    assert cast.invites() == ("a b" if rests else "a b a b")
    assert stage.exchange.trunks.is_up("t"), "it is there"
    await stage.pass_by(20)
    await cast.phone.dial(NUMBER)
    assert cast.invites() == ("a b a b" if rests else "a b a b a b")


async def test_silence_leads_to_the_next_target_and_later_calls_go_there_at_once(
    stage: Stage, cast: Cast
) -> None:
    cast.b.behave = answering
    stage.lose = lambda data: data.startswith(b"INVITE") and b"@192.0.2.11" in data
    began = stage.now()
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) is None
    await stage.pass_by(3)
    assert cast.phone.status(session) == 200
    assert stage.now() - began < 4
    assert [leg.record().sip_status for leg in stage.call.ledger.legs] == [200, 408, 200]
    await cast.phone.hang_up(session)
    again = await cast.phone.dial(NUMBER)
    assert cast.phone.status(again) == 200, "without waiting"


async def test_an_answer_that_comes_after_we_went_on_is_hung_up_on(stage: Stage, cast: Cast) -> None:
    cast.a.behave, cast.b.behave = silent, answering
    stage.lose = lambda data: data.startswith(b"SIP/2.0 100") and b"192.0.2.11" in data
    session = await cast.phone.dial(NUMBER)
    await stage.pass_by(3.5)
    assert cast.phone.status(session) == 200
    await cast.a.answer()
    await stage.pass_by(1)
    assert stage.kinds().count("BYE") == 1
    assert not stage.call.over
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_a_100_is_a_sign_of_life_and_the_wait_goes_on(stage: Stage, cast: Cast) -> None:
    cast.a.behave = silent
    await cast.phone.dial(NUMBER)
    await stage.pass_by(20)
    assert cast.invites() == "a"


@pytest.mark.parametrize("late", [503, 408])
async def test_after_ringing_no_other_target_is_tried(cast: Cast, late: int) -> None:
    cast.a.behave = ringing
    session = await cast.phone.dial(NUMBER)
    await cast.a.refuse(late)
    assert cast.invites() == "a"
    assert cast.phone.status(session) == late


@pytest.mark.parametrize("status", [404, 486, 500, 502, 603])
async def test_rfc3263_4_3_any_other_refusal_is_the_callees(cast: Cast, status: int) -> None:
    cast.a.behave = refusing(status)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == status
    assert cast.invites() == "a"


async def test_a_408_before_ringing_leads_to_the_next_target(cast: Cast) -> None:
    cast.a.behave, cast.b.behave = refusing(408), answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200


async def test_when_all_refuse_the_caller_is_told_what_the_last_one_said(stage: Stage, cast: Cast) -> None:
    cast.a.behave = cast.b.behave = refusing(503)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 503
    assert cast.invites() == "a b"
    await stage.pass_by(40)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.FAILED, Reason.UNREACHABLE)
    stage.assert_nothing_left()


async def test_when_all_are_silent_the_call_ends_with_timer_b(stage: Stage, cast: Cast) -> None:
    stage.lose = lambda data: data.startswith(b"INVITE sip:600111222")
    session = await cast.phone.dial(NUMBER)
    await stage.pass_by(34)
    assert cast.invites().startswith("a b"), "their repetitions take turns"
    assert cast.phone.status(session) is None
    await stage.pass_by(3)
    assert cast.phone.status(session) == 408
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_a_connection_that_cannot_be_made_leads_to_the_next_target_at_once(
    stage: Stage, cast: Cast
) -> None:
    cast.b.behave = answering

    def fail() -> None:
        stage.exchange.endpoint.flow_failed(Flow("udp", OURS, A), stage.now())
        stage.flush()

    def refuse(data: bytes) -> bool:
        to_a = data.startswith(b"INVITE") and b"@192.0.2.11" in data
        if to_a:
            stage.loop.call_soon(fail)
        return to_a

    stage.lose = refuse
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "a b"
    assert [leg.record().sip_status for leg in stage.call.ledger.legs] == [200, 503, 200]


def by_tcp(stage: Stage) -> dict[str, Flow]:
    """Every call goes out by a connection of its peer's; those that were made."""
    made: dict[str, Flow] = {}

    def way(host: str, port: int) -> Flow:
        return made.setdefault(host, Flow("tcp", OURS, (host, port), connection=len(made) + 1))

    stage.way = way
    return made


async def close(stage: Stage, flow: Flow) -> None:
    """The connection closes."""
    stage.exchange.endpoint.flow_closed(flow, stage.now())
    stage.flush()
    await stage.settle()


@pytest.mark.parametrize("rings", [silent, ringing, speaking])
async def test_a_connection_that_breaks_before_the_answer_leads_to_the_next_target(
    stage: Stage, cast: Cast, rings: Behaviour
) -> None:
    cast.a.behave, cast.b.behave = rings, ringing
    flows = by_tcp(stage)
    session = await cast.phone.dial(NUMBER)
    await close(stage, flows[A[0]])
    assert cast.invites() == "a b"
    assert [hop.place.address for hop in stage.exchange.trunks.next_hops("t")] == [B[0], A[0]]
    assert stage.kinds().count("CANCEL") == (rings is not silent), "should it be there after all"
    await cast.b.answer()
    assert cast.phone.status(session) == 200
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_a_connection_that_breaks_while_the_last_one_rings_ends_the_call(
    stage: Stage, cast: Cast
) -> None:
    cast.a.behave, cast.b.behave = refusing(503), ringing
    flows = by_tcp(stage)
    session = await cast.phone.dial(NUMBER)
    await close(stage, flows[B[0]])
    assert cast.phone.status(session) == 503
    await stage.pass_by(40)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.FAILED, Reason.UNREACHABLE)
    stage.assert_nothing_left()


async def test_a_way_that_the_kernel_does_not_know_is_passed_over(stage: Stage, cast: Cast) -> None:
    cast.b.behave = answering

    def way(host: str, port: int) -> Flow:
        if host == A[0]:
            raise ValueError("no UDP socket")
        return Flow("udp", OURS, (host, port))

    stage.way = way
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "b"
    assert len(stage.call.ledger.legs) == 2, "an INVITE that was never sent is no leg"


async def test_a_caller_who_gives_up_ends_the_hunt(stage: Stage, cast: Cast) -> None:
    stage.lose = lambda data: data.startswith(b"INVITE") and b"@192.0.2.11" in data
    session = await cast.phone.dial(NUMBER)
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    assert cast.invites() == "a"
    stage.assert_nothing_left()


@pytest.mark.parametrize("left", [True, False], ids=["another is left", "it was the last"])
async def test_a_target_that_we_fail_to_call_is_passed_over(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch, left: bool
) -> None:
    cast.a.behave, cast.b.behave = refusing(503), answering
    broken, invite = (A if left else B)[0], Endpoint.invite

    def fail(endpoint: Endpoint, outgoing: Outgoing, now: float) -> SessionId:
        if broken in outgoing.uri:
            raise RuntimeError("a fault of ours")
        return invite(endpoint, outgoing, now)

    monkeypatch.setattr(Endpoint, "invite", fail)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == (200 if left else 503)
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()


def take_down(stage: Stage, address: tuple[str, int]) -> None:
    """A call found nobody there."""
    for hop in stage.exchange.trunks.next_hops("t"):
        if hop.place.address == address[0]:
            stage.exchange.trunks.see(hop, HealthEvent.DEAD)


async def test_a_target_that_is_down_is_the_last_resort(stage: Stage, cast: Cast) -> None:
    take_down(stage, A)
    cast.a.behave, cast.b.behave = answering, refusing(503)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "b a"


async def test_a_last_resort_that_is_silent_is_not_waited_for(stage: Stage, cast: Cast) -> None:
    take_down(stage, A)
    cast.b.behave = refusing(503)
    stage.lose = lambda data: data.startswith(b"INVITE") and b"@192.0.2.11" in data
    session = await cast.phone.dial(NUMBER)
    await stage.pass_by(2.8)
    assert cast.phone.status(session) is None
    await stage.pass_by(0.4)
    assert cast.phone.status(session) == 408
    await stage.pass_by(40)
    (record,) = stage.history.calls
    assert [leg.sip_status for leg in record.legs] == [408, 503, 408]
    assert record.ended_by is EndedBy.SWITCH
    stage.assert_nothing_left()


async def test_with_all_targets_down_they_are_tried_even_so(stage: Stage, cast: Cast) -> None:
    for hop in stage.exchange.trunks.next_hops("t"):
        stage.exchange.trunks.see(hop, HealthEvent.DEAD)
    cast.a.behave = answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200


# Redirection


@pytest.mark.parametrize("status", [300, 301, 302, 305, 380])
async def test_rfc3261_8_1_3_4_a_contact_at_a_target_of_the_trunk_is_followed(
    cast: Cast, status: int
) -> None:
    cast.a.behave, cast.b.behave = redirecting(f"<sip:600111333@{B[0]}>", status=status), answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "a b"
    assert cast.b.invited.request.uri == f"sip:600111333@{B[0]}"


MOBILES_ONLY = [
    {"phone": "*", "to": "00906*", "strip": "2", "go": "echo"},
    {"phone": "*", "to": ["0[6-9]????????", "0090*"], "strip": "1", "go": "trunk:t"},
    {"phone": "*", "to": "008*", "strip": "2", "prefix": "+8", "go": "trunk:other"},
]


@pytest.mark.parametrize(
    ("number", "reached"),
    [
        ("600111222", "600111222"),
        ("600111222;npdi;rn=+34911", "600111222"),
        ("700111333", "700111333"),
        ("09055", "09055"),
        ("+8816123456", None),
        ("816123456", "816123456"),
        ("816123456789", None),
        ("0600111222", None),
        ("0906123", None),
        ("112", None),
    ],
)
async def test_a_contact_at_a_target_passes_the_callers_routes_too(
    stage: Stage, cast: Cast, sections: dict[str, Any], number: str, reached: str | None
) -> None:
    await stage.reload(trunks=sections["trunks"], routes=MOBILES_ONLY)
    cast.a.behave, cast.b.behave = redirecting(f"<sip:{number}@{B[0]}>"), answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == (480 if reached is None else 200)
    assert cast.invites() == ("a" if reached is None else "a b")
    if reached is not None:
        assert cast.b.invited.request.uri == f"sip:{reached}@{B[0]}"


@pytest.mark.parametrize("contact", ["+34600111222", "600111222", "0600111222"])
async def test_a_contact_for_the_same_number_may_write_it_as_the_trunk_reads_it(
    stage: Stage, cast: Cast, sections: dict[str, Any], contact: str
) -> None:
    trunks = {**sections["trunks"]}
    trunks["t"] = {**trunks["t"], "numbers": {"country": "ES", "outbound": "e164"}}
    await stage.reload(trunks=trunks, routes=MOBILES_ONLY)
    cast.a.behave, cast.b.behave = redirecting(f"<sip:{contact}@{B[0]}>"), answering
    session = await cast.phone.dial(NUMBER)
    same = contact != "0600111222"
    assert cast.phone.status(session) == (200 if same else 480)
    assert cast.invites() == ("a b" if same else "a")


async def test_a_contacts_number_passes_the_callers_routes_like_a_dialled_one(
    stage: Stage, cast: Cast
) -> None:
    cast.a.behave, cast.c.behave = redirecting("<sip:8911@anywhere.example>"), answering
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.c.invited.request.uri == f"sip:911@{C[0]}", "the route's strip included"
    assert stage.exchange.limits.active("other") == 1
    await cast.phone.hang_up(session)
    assert stage.exchange.limits.active("other") == 0


async def test_a_contact_may_be_one_of_our_phones(stage: Stage, cast: Cast) -> None:
    desk = await stage.phone("1002")
    desk.behave = answering
    cast.a.behave = redirecting("<tel:1002>")
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "a 1002"


async def test_a_phone_of_ours_may_send_its_caller_on_within_the_callers_routes(
    stage: Stage, cast: Cast
) -> None:
    desk = await stage.phone("1002")
    desk.behave, cast.a.behave = redirecting("<sip:0600111222@pbx.example>"), answering
    session = await cast.phone.dial("1002")
    assert cast.phone.status(session) == 200
    assert cast.invites() == "1002 a"


async def test_a_phone_of_ours_opens_no_way_to_a_trunk_for_a_carriers_caller(
    stage: Stage, cast: Cast
) -> None:
    desk = await stage.phone("1002")
    desk.behave = redirecting("<sip:0600111222@pbx.example>", f"<sip:600111222@{A[0]}>")
    session = await stage.carrier.dial("1002")
    assert stage.carrier.status(session) == 480
    assert cast.invites() == "1002"
    (record,) = stage.history.calls
    assert record.reason is Reason.REDIRECTED


async def test_a_phone_that_has_rung_in_vain_may_send_its_caller_on(stage: Stage, cast: Cast) -> None:
    desk = await stage.phone("1002")
    desk.behave, cast.a.behave, cast.b.behave = ringing, refusing(503), answering
    session = await cast.phone.dial("1002")
    await stage.pass_by(20)
    await desk.refuse(302, ("Contact", f"<sip:{NUMBER}@pbx.example>"))
    assert cast.phone.status(session) == 200
    assert cast.invites() == "1002 a b", "where it leads is a hunt of its own"
    await cast.phone.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_a_3xx_after_early_media_moves_the_caller_to_who_is_called_then(
    stage: Stage, cast: Cast
) -> None:
    cast.a.behave = speaking
    cast.b.behave = answering
    session = await cast.phone.dial(NUMBER)
    await cast.a.refuse(302, ("Contact", f"<sip:1@{B[0]}>"))
    assert cast.phone.status(session) == 200
    caller, party = stage.call.caller, stage.call.party
    assert party is not None
    assert stage.port(caller).source == Relay(party.port)
    assert stage.port(party).source == Relay(caller.port)


async def test_after_early_media_that_led_nowhere_the_next_callees_ringing_is_heard(
    stage: Stage, cast: Cast
) -> None:
    """A caller with our description makes no tone of his own at a later 180 (RFC 3960 section 3.2)."""
    cast.a.behave, cast.b.behave, cast.c.behave = speaking, silent, silent
    session = await cast.phone.dial(NUMBER)
    await cast.a.refuse(302, ("Contact", f"<sip:1@{B[0]}>"))
    caller = stage.call.caller
    heard = []
    for status in (183, 180, 180):
        await progress(stage, cast.b, status)
        heard.append(stage.heard(caller))
    assert heard[0].startswith("relay"), "of who is gone: silence"
    assert heard[1:] == ["ringback", "ringback"]
    rings = [source for source in stage.port(caller).sources if isinstance(source, Play)]
    assert len(rings) == 1, "it does not begin anew"
    await progress(stage, cast.b, 183, cast.b.sdp)
    assert stage.port(caller).source == Relay(stage.port(stage.call.party))
    await cast.b.refuse(302, ("Contact", "<sip:82@x.example>"))
    await progress(stage, cast.c, 180)
    assert stage.heard(caller) == "ringback", "each time"
    await cast.c.answer()
    assert cast.phone.status(session) == 200
    assert stage.port(caller).source == Relay(stage.port(stage.call.party))


@pytest.mark.parametrize(
    "contacts",
    [
        (),
        ("<sip:911@192.0.2.66>",),
        ("<sip:192.0.2.12>",),
        ("<sip:0900@192.0.2.66;maddr=192.0.2.12>", "<mailto:a@b.example>"),
        ("<sip:600@pbx.example>",),
        ("*",),
        ("<sip:",),
    ],
    ids=["none", "no route", "no number", "maddr", "an echo", "star", "malformed"],
)
async def test_a_3xx_that_leads_nowhere_is_480(stage: Stage, cast: Cast, contacts: tuple[str, ...]) -> None:
    cast.a.behave, cast.b.behave = redirecting(*contacts), refusing(480)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 480
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_contacts_are_tried_by_their_preference(cast: Cast) -> None:
    cast.a.behave = redirecting(f"<sip:1@{B[0]}>;q=0.1, <sip:82@x.example>;q=0.9")
    cast.b.behave, cast.c.behave = answering, refusing(503)
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 200
    assert cast.invites() == "a c b"


async def test_a_loop_of_3xx_ends(cast: Cast) -> None:
    cast.a.behave = redirecting(f"<sip:600111222@{B[0]}>")
    cast.b.behave = redirecting(f"<sip:600111222@{A[0]}>")
    session = await cast.phone.dial(NUMBER)
    assert cast.phone.status(session) == 480
    assert cast.invites() == "a b a"


async def test_no_more_than_five_contacts_are_followed(stage: Stage, cast: Cast) -> None:
    numbers = iter(range(1, 100))

    def onward(end: FarEnd, invite: IncomingInvite) -> None:
        contact = f"<sip:{next(numbers)}@{B[0]}>"
        end.endpoint.reject(invite.session, 302, end.wire.now(), headers=[("Contact", contact)])

    cast.a.behave = cast.b.behave = onward
    session = await cast.phone.dial(NUMBER)
    await stage.pass_by(1)
    assert cast.phone.status(session) == 480
    assert next(numbers) == 7, "the first INVITE and five more"


async def test_a_redirection_finds_no_room_on_a_full_trunk(stage: Stage, cast: Cast) -> None:
    cast.c.behave = answering
    await cast.phone.dial("8911")
    cast.a.behave = redirecting("<sip:8912@x.example>")
    other = await stage.phone("1002")
    second = await other.dial(NUMBER)
    assert other.status(second) == 480
    assert stage.exchange.limits.active("other") == 1
    assert len(cast.c.all(IncomingInvite)) == 1
