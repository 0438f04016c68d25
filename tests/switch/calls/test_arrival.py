"""A call arrives: what it is booked as, and each reason for which it is refused, with nothing left behind."""

import time
from datetime import UTC, datetime

import pytest

from switch.calls.ending import EndedBy, Reason, Result
from switch.identities.identities import read_keys
from switch.identities.stir import Signer
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.records import Direction, LegRole
from tests.switch.far_end import FarEnd, sdp
from tests.switch.identities.authority import Authority, Issued, publish
from tests.switch.identities.invites import invite
from tests.switch.stage import CARRIER, NUMBER, Stage

VIDEO_ONLY = sdp(CARRIER[0]).replace(b"m=audio", b"m=video")
LIMITED = {
    "trunks": {
        "carrier": {"accept_from": [f"{CARRIER[0]}/32"], "proxy": f"sip:{CARRIER[0]}", "max_calls": "1"}
    }
}


async def refused(
    stage: Stage, end: FarEnd, number: str, offer: bytes | None = b""
) -> tuple[int | None, bytes]:
    """The final status of a call that is not taken, and the response itself."""
    ports = len(stage.plane.open_ports)
    session = await end.dial(number, offer)
    status = end.status(session)
    assert len(stage.plane.open_ports) == ports
    await stage.pass_by(40)
    (response, *_) = [data for data in end.received if data.startswith(f"SIP/2.0 {status} ".encode())]
    return status, response


@pytest.mark.parametrize(
    ("number", "offer", "status", "reason"),
    [
        ("999", b"", 404, Reason.NO_ROUTE),
        ("600", VIDEO_ONLY, 488, Reason.NOT_ACCEPTABLE),
        ("600", b"v=0\r\nthis is no SDP\r\n", 400, Reason.NOT_ACCEPTABLE),
    ],
    ids=["no route", "only video", "no SDP"],
)
async def test_a_call_that_cannot_be_taken(
    stage: Stage, number: str, offer: bytes, status: int, reason: Reason
) -> None:
    assert (await refused(stage, stage.carrier, number, offer))[0] == status
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == (Result.REJECTED, reason, EndedBy.SWITCH)
    assert (record.to, record.from_, record.trunk) == (number, "+34600111222", "carrier")
    (leg,) = record.legs
    assert (leg.role, leg.peer, leg.sip_status) == (LegRole.CALLER, "carrier", status)
    assert (leg.invited_at, leg.ended_at, leg.answered_at) == (record.started_at, record.ended_at, None)
    total = stage.metrics().value("centralita_calls_total", result="rejected", reason=reason.value)
    assert total == 1
    stage.assert_nothing_left()


async def test_no_port_is_503_with_retry_after(stage: Stage) -> None:
    stage.plane.space = 0
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 30" in response
    (record,) = stage.history.calls
    assert record.reason is Reason.NO_PORTS
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [LIMITED])
async def test_a_full_trunk_is_503_until_its_call_has_ended(stage: Stage) -> None:
    first = await stage.carrier.dial("600")
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 5" in response
    await stage.carrier.hang_up(first)
    second = await stage.carrier.dial("600")
    assert stage.carrier.status(second) == 200


FASTEST = 3
NARROW = {
    "trunks": {
        "carrier": {
            "accept_from": [f"{CARRIER[0]}/32"],
            "proxy": f"sip:{CARRIER[0]}",
            "max_cps": FASTEST,
            "toll": {"destinations": "6*"},
        },
        "full": {"proxy": "sip:192.0.2.11", "max_calls": "0"},
    },
    "phones": {
        "1001": {"secret": "secret of 1001", "toll": {"destinations": "6*", "calls_an_hour": FASTEST}}
    },
    "agents": {},
    "routes": [
        {"trunk": "carrier", "to": "600", "go": "echo"},
        {"trunk": "carrier", "to": "7*", "go": "trunk:full", "transit": "yes"},
        {"trunk": "carrier", "to": "8*", "go": "trunk:carrier", "transit": "yes"},
        {"phone": "*", "to": "*", "go": "trunk:carrier"},
    ],
}


@pytest.mark.parametrize("sections", [NARROW])
@pytest.mark.parametrize(
    ("number", "offer", "status"),
    [("700", b"", 503), ("800", b"", 403), ("600", VIDEO_ONLY, 488)],
    ids=["the other trunk is full", "toll", "only video"],
)
async def test_a_call_that_is_refused_leaves_max_cps_to_the_next(
    stage: Stage, number: str, offer: bytes, status: int
) -> None:
    for _ in range(FASTEST):
        assert stage.carrier.status(await stage.carrier.dial(number, offer)) == status
    for _ in range(FASTEST):
        assert stage.carrier.status(await stage.carrier.dial("600")) == 200
    assert stage.carrier.status(await stage.carrier.dial("600")) == 503, "within the same second"


@pytest.mark.parametrize("sections", [NARROW])
async def test_a_phone_that_is_refused_costs_nobody_the_carriers_room_nor_itself_an_hours_calls(
    stage: Stage,
) -> None:
    phone = await stage.phone()
    for number, offer, status in (("700", b"", 403), ("600", VIDEO_ONLY, 488)):
        for _ in range(2 * FASTEST):
            assert phone.status(await phone.dial(number, offer)) == status
    for _ in range(FASTEST):
        assert phone.status(await phone.dial("600")) is None, "it rings"


@pytest.mark.parametrize("sections", [LIMITED])
async def test_an_error_of_ours_keeps_no_room(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(near: object = None) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(stage.plane, "open", fail)
    session = await stage.carrier.dial("600")
    await stage.pass_by(40)
    assert stage.carrier.status(session) == 500
    assert [str(fault["exception"]) for fault in stage.faults] == ["a fault"]
    stage.faults.clear()
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [LIMITED])
async def test_an_emergency_call_passes_a_full_trunk_and_a_drain(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial("600")
    stage.exchange.draining = True
    assert (await refused(stage, phone, "0600111222"))[0] == 503
    await phone.dial("112")
    assert stage.carrier.invited.request.uri.startswith("sip:112@")


BY_PASSWORD = {
    "trunks": {
        "carrier": {"proxy": f"sip:{CARRIER[0]}"},
        "acme": {"accept_digest": {"user": "acme", "secret": "x"}, "numbers": {"country": "ES"}},
    },
    "routes": [
        {"trunk": "acme", "to": "112", "go": "trunk:carrier", "transit": "yes", "emergency": "yes"},
        {"phone": "*", "to": "911", "go": "trunk:carrier", "emergency": "yes"},
        {"phone": "*", "to": "*", "go": "trunk:carrier"},
    ],
}


@pytest.mark.parametrize("sections", [BY_PASSWORD])
@pytest.mark.parametrize(
    ("user", "number", "peer", "is_emergency"),
    [
        ("acme", "112", None, True),
        ("acme", "112", TrunkPeer("acme"), True),
        ("acme", "911", None, False),
        ("1001", "911", None, True),
        ("1001", "911", PhonePeer("1001"), True),
        ("1001", "112", None, False),
    ],
)
async def test_a_call_for_help_is_known_before_its_caller_has_proved_himself(
    stage: Stage, user: str, number: str, peer: Peer | None, is_emergency: bool
) -> None:
    """By whom its From names: an overload refuses it neither before the challenge nor after."""
    request = invite(from_=f"<sip:{user}@pbx.example>;tag=1", uri=f"sip:{number}@pbx.example")
    assert stage.switch.arrival.is_emergency(request, peer) is is_emergency


async def test_a_draining_switch_takes_no_more_calls(stage: Stage) -> None:
    waiting = await stage.carrier.dial(NUMBER)
    stage.exchange.draining = True
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 30" in response
    assert stage.history.calls[0].reason is Reason.DRAINING
    assert not stage.call.over
    await stage.carrier.hang_up(waiting)


@pytest.mark.parametrize(
    ("number", "direction", "trunk"),
    [("1002", Direction.INTERNAL, None), ("0600111222", Direction.OUTBOUND, "carrier")],
)
async def test_a_phones_call_is_internal_or_goes_out(
    stage: Stage, number: str, direction: Direction, trunk: str | None
) -> None:
    phone = await stage.phone("1001")
    await stage.phone("1002")
    session = await phone.dial(number)
    ledger = stage.call.ledger
    assert (ledger.direction, ledger.trunk, ledger.from_, ledger.to) == (direction, trunk, "1001", number)
    await phone.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_reload_between_two_calls_routes_the_second_anew(stage: Stage) -> None:
    assert (await refused(stage, stage.carrier, "999"))[0] == 404
    await stage.reload(routes=[{"trunk": "carrier", "to": "999", "go": "tone"}])
    session = await stage.carrier.dial("999")
    assert stage.carrier.status(session) == 200


TRANSIT = {
    "trunks": {
        "carrier": {
            "accept_from": [f"{CARRIER[0]}/32"],
            "proxy": f"sip:{CARRIER[0]}:5060",
            "numbers": {"country": "ES", "inbound": "e164", "outbound": "national"},
            "caller_id": {"trust": "yes", "redirection": "diversion", "header": "p-asserted-identity"},
        }
    },
    "routes": [
        {"trunk": "carrier", "to": "+34922*", "go": "trunk:carrier", "transit": "yes"},
        {"trunk": "carrier", "to": "112", "go": "trunk:carrier", "transit": "yes", "emergency": "yes"},
        {"phone": "*", "to": "112", "go": "trunk:carrier", "emergency": "yes"},
        {"phone": "*", "to": "*", "go": "trunk:carrier"},
    ],
}


@pytest.mark.parametrize("sections", [TRANSIT])
async def test_a_call_that_is_passed_on_tells_from_where(stage: Stage) -> None:
    before = ("Diversion", "<sip:911000000@h>;reason=user-busy;counter=1")
    await stage.carrier.dial("922000000", b"", before)
    invite = stage.carrier.invited.request
    assert invite.uri.startswith("sip:922000000@")
    assert invite.from_.uri.user == "600111222"
    assert invite.headers.lines("Diversion") == [
        "<sip:922000000@pbx.example>;reason=unconditional;counter=1, "
        "<sip:911000000@pbx.example>;reason=user-busy;counter=1"
    ]
    assert (stage.call.ledger.from_, stage.call.ledger.to) == ("+34600111222", "+34922000000")


@pytest.mark.parametrize("sections", [TRANSIT])
async def test_a_call_that_goes_round_comes_to_an_end(stage: Stage) -> None:
    session = await stage.carrier.dial("922000000", b"", ("Diversion", "<sip:911000000@h>;counter=5"))
    assert stage.carrier.status(session) == 482
    assert stage.history.calls[0].reason is Reason.REDIRECTED_TOO_OFTEN
    await stage.pass_by(40)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [TRANSIT])
async def test_a_withheld_caller_is_in_no_record_and_asserted_to_whom_we_trust(stage: Stage) -> None:
    asserted = ("P-Asserted-Identity", "<sip:699999999@h>")
    await stage.carrier.dial("922000000", b"", asserted, ("Privacy", "id"))
    invite = stage.carrier.invited.request
    assert invite.from_.uri.host == "anonymous.invalid"
    assert invite.headers.lines("P-Asserted-Identity") == ["<sip:699999999@pbx.example>"]
    assert invite.headers.lines("Privacy") == ["id"]
    assert stage.call.ledger.from_ == ""


@pytest.mark.parametrize("sections", [TRANSIT])
async def test_who_calls_for_help_is_shown(stage: Stage) -> None:
    phone = await stage.phone()
    await phone.dial("112", b"", ("Privacy", "id"))
    assert stage.carrier.invited.request.from_.uri.user == "1001"
    await phone.dial("922000000", b"", ("Privacy", "id"))
    assert stage.carrier.invited.request.from_.uri.user == "anonymous"


@pytest.mark.parametrize("sections", [TRANSIT])
async def test_a_name_is_not_called_over_a_trunk_that_wants_numbers(stage: Stage) -> None:
    phone = await stage.phone()
    session = await phone.dial("reception")
    assert phone.status(session) == 404
    assert stage.history.calls[0].reason is Reason.NOT_FOUND


STIR = {"roots": "roots.pem", "certificates": "certificates"}
STRICT = {
    "trunks": {
        "carrier": {
            "accept_from": [f"{CARRIER[0]}/32"],
            "stir": {"verify": {**STIR, "on_failure": "reject"}},
        }
    }
}


async def strict(stage: Stage, now_s: float) -> Issued:
    """A trunk whose calls have to be signed; who may sign them."""
    root = Authority(now=datetime.fromtimestamp(now_s, UTC))
    carrier = root.certify()
    (stage.folder / "roots.pem").write_bytes(root.issued.pem)
    publish(stage.folder / "certificates", "carrier.pem", carrier)
    publish(stage.folder / "certificates", "foreign.pem", Authority("Foreign", now=root.now).certify())
    stage.exchange.identities.keys = read_keys(stage.exchange.config)
    await stage.reload(**STRICT, routes=[{"trunk": "carrier", "to": "*", "go": "tone"}])
    return carrier


def identity(carrier: Issued, file: str, orig: str, signed_s: float) -> tuple[str, str]:
    signer = Signer(carrier.key, f"https://certificates.example/{file}", "A")
    return "Identity", signer.identity(orig, NUMBER, signed_s, ours=True)


@pytest.mark.parametrize("sections", [STRICT])
@pytest.mark.parametrize(
    ("orig", "age_s", "file", "status", "outcome"),
    [
        ("+34600111222", 0, "carrier.pem", 200, "passed"),
        ("+34600111222", 90, "carrier.pem", 403, "stale"),
        ("+34600111222", 0, "missing.pem", 436, "no_certificate"),
        ("+34600111222", 0, "foreign.pem", 437, "bad_certificate"),
        ("+34600111223", 0, "carrier.pem", 438, "invalid"),
        (None, 0, "", 428, "missing"),
    ],
)
async def test_rfc_8224_section_6_2_2(
    stage: Stage, orig: str | None, age_s: int, file: str, status: int, outcome: str
) -> None:
    now_s = time.time()
    carrier = await strict(stage, now_s)
    headers = [] if orig is None else [identity(carrier, file, orig, now_s - age_s)]
    session = await stage.carrier.dial(NUMBER, b"", *headers)
    assert stage.carrier.status(session) == status
    assert stage.metrics().value("centralita_stir_verifications_total", result=outcome) == 1
    if status != 200:
        assert stage.history.calls[0].reason is Reason.IDENTITY
        assert stage.history.calls[0].legs[0].sip_status == status


@pytest.mark.parametrize("sections", [STRICT])
async def test_a_call_that_we_had_no_port_for_may_come_again_as_it_was_signed(stage: Stage) -> None:
    """A carrier that hears 503 tries another address of ours, in a dialog of its own."""
    now_s = time.time()
    signed = identity(await strict(stage, now_s), "carrier.pem", "+34600111222", now_s)
    room, statuses = stage.plane.space, []
    for room_now in (0, room, room):
        stage.plane.space = room_now
        statuses.append(stage.carrier.status(await stage.carrier.dial(NUMBER, b"", signed)))
    assert statuses == [503, 200, 438]


LENIENT = {"carrier": {"accept_from": [f"{CARRIER[0]}/32"], "stir": {"verify": STIR}}}


@pytest.mark.parametrize("sections", [{"trunks": LENIENT}])
async def test_an_identity_that_does_not_hold_is_counted_where_it_need_not(stage: Stage) -> None:
    (stage.folder / "roots.pem").write_bytes(Authority().issued.pem)
    stage.exchange.identities.keys = read_keys(stage.exchange.config)
    await stage.reload(trunks=LENIENT, routes=[{"trunk": "carrier", "to": "*", "go": "tone"}])
    session = await stage.carrier.dial(NUMBER, b"", ("Identity", "nonsense"))
    assert stage.carrier.status(session) == 200
    assert stage.metrics().value("centralita_stir_verifications_total", result="invalid") == 1


HELP = [{"trunk": "carrier", "to": "112", "go": "trunk:carrier", "transit": "yes", "emergency": "yes"}]


@pytest.mark.parametrize("sections", [STRICT])
async def test_neither_identity_nor_redirections_keep_a_call_for_help_out(stage: Stage) -> None:
    (stage.folder / "roots.pem").write_bytes(Authority().issued.pem)
    stage.exchange.identities.keys = read_keys(stage.exchange.config)
    strict = {"carrier": {**STRICT["trunks"]["carrier"], "proxy": f"sip:{CARRIER[0]}:5060"}}
    await stage.reload(trunks=strict, routes=HELP)
    await stage.carrier.dial("112", b"", ("Diversion", "<sip:911000000@h>;counter=9"), ("Identity", "bad"))
    assert stage.carrier.invited.request.uri.startswith("sip:112@")
    assert "Diversion" not in stage.carrier.invited.request.headers
    assert stage.metrics().value("centralita_stir_verifications_total", result="invalid") == 1
