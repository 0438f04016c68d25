"""RFC 3261 section 10.3, NAT, and who is still there."""

import json
from collections.abc import Sequence

import pytest

from sip.accounts.registrar import BindingChange, Change, ProbeDue, RegisterOutcome, Registrar
from sip.flow import Flow
from sip.syntax.message import Request, parse
from tests.sip.raw import OURS, PEER, UDP, Peer

NAT = Flow("udp", OURS, ("198.51.100.1", 40000))
HOME = Flow("udp", OURS, ("198.51.100.7", 5060))
TCP = Flow("tcp", OURS, (PEER[0], 51000), 9)
TLS = Flow("tls", OURS, (PEER[0], 51000), 9)


def register(
    registrar: Registrar,
    *contacts: str,
    expires: int | None = 600,
    cseq: int = 1,
    call_id: str = "reg-1",
    flow: Flow = UDP,
    now: float = 0.0,
    lines: Sequence[str] = (),
) -> RegisterOutcome:
    lines = [*lines, *(f"Contact: {contact}" for contact in contacts)]
    lines += [] if expires is None else [f"Expires: {expires}"]
    text = Peer().request("REGISTER", *lines, cseq=cseq, call_id=call_id)
    message = parse(text.encode())
    assert isinstance(message, Request)
    return registrar.register(message, "1001", flow, now)


def changes(outcome: RegisterOutcome) -> list[Change]:
    return [change.change for change in outcome.changes]


def uris(registrar: Registrar) -> list[str]:
    return [binding.uri for binding in registrar.bindings("1001")]


DESK = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
MOBILE = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E129>"'
A, B = "<sip:a@192.0.2.9>", "<sip:b@192.0.2.9>"


def test_a_binding_is_made_answered_refreshed_and_expires() -> None:
    registrar = Registrar()
    outcome = register(registrar, A)
    assert (outcome.status, changes(outcome)) == (200, [Change.ADDED])
    assert list(outcome.headers) == [("Contact", "<sip:a@192.0.2.9>;expires=600")]
    assert changes(register(registrar, A, cseq=2, now=300)) == [Change.REFRESHED]
    assert registrar.on_deadline(899.9) == []
    (expired,) = registrar.on_deadline(900.0)
    assert isinstance(expired, BindingChange)
    assert expired.change is Change.EXPIRED
    assert (registrar.users(), registrar.deadline()) == ([], None)


def test_the_newest_contact_replaces_the_oldest_where_there_is_no_room_for_both() -> None:
    registrar = Registrar(lambda user: 1)
    register(registrar, A)
    outcome = register(registrar, B, call_id="reg-2")
    assert changes(outcome) == [Change.REPLACED, Change.ADDED]
    assert uris(registrar) == ["sip:b@192.0.2.9"]


def test_one_that_does_not_answer_leaves_before_the_oldest() -> None:
    registrar = Registrar(lambda user: 2)
    register(registrar, A, call_id="reg-1", flow=HOME)
    register(registrar, B, call_id="reg-2", flow=NAT)
    assert [each.change for each in registrar.lost("1001", NAT, 1.0)] == [Change.UNREACHABLE]
    outcome = register(registrar, "<sip:c@192.0.2.9>", call_id="reg-3")
    assert changes(outcome) == [Change.REPLACED, Change.ADDED]
    assert uris(registrar) == ["sip:c@192.0.2.9", "sip:a@192.0.2.9"]


def test_devices_beside_each_other() -> None:
    registrar = Registrar()
    register(registrar, A + DESK, flow=HOME, call_id="desk")
    register(registrar, B + MOBILE, flow=NAT, call_id="mobile")
    register(registrar, "<sip:c@192.0.2.9>", call_id="no name")
    assert uris(registrar) == ["sip:c@192.0.2.9", "sip:b@192.0.2.9", "sip:a@192.0.2.9"]


@pytest.mark.parametrize("expires", [0, 600])
def test_a_device_that_was_restarted_elsewhere_takes_its_own_place(expires: int) -> None:
    registrar = Registrar()
    register(registrar, A + DESK, flow=HOME)
    again = register(registrar, "<sip:a@192.0.2.9:1024>" + DESK, flow=NAT, call_id="after reboot")
    assert changes(again) == [Change.REPLACED, Change.ADDED]
    register(registrar, "<sip:a@192.0.2.9:1024>" + DESK, flow=NAT, call_id="third", expires=expires)
    assert uris(registrar) == (["sip:a@192.0.2.9:1024"] if expires else [])


def test_a_phone_without_a_name_that_was_restarted_at_the_same_socket_takes_its_own_place() -> None:
    registrar = Registrar()
    register(registrar, "<sip:1001-0x55@192.0.2.9>")
    assert changes(register(registrar, "<sip:1001-0x7f@192.0.2.9>", call_id="after reboot")) == [
        Change.REPLACED,
        Change.ADDED,
    ]


def test_contacts_that_one_phone_adds_one_by_one_stay() -> None:
    registrar = Registrar()
    register(registrar, A)
    register(registrar, B, cseq=2)
    assert uris(registrar) == ["sip:b@192.0.2.9", "sip:a@192.0.2.9"]


def test_phones_behind_one_proxy_stay_beside_each_other() -> None:
    registrar = Registrar()
    for name, call_id in (("a", "reg-1"), ("b", "reg-2")):
        via = "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKfirst"
        register(registrar, f"<sip:{name}@10.0.0.5>", call_id=call_id, lines=[via])
    assert uris(registrar) == ["sip:b@10.0.0.5", "sip:a@10.0.0.5"]


OUTBOUND = ["Supported: path, outbound"]


def test_two_flows_of_one_device_share_a_uri_and_are_two_bindings() -> None:
    registrar = Registrar()
    first = register(registrar, f"{A}{DESK};reg-id=1", flow=HOME, call_id="flow 1", lines=OUTBOUND)
    assert ("Require", "outbound") in first.headers
    second = register(registrar, f"{A}{DESK};reg-id=2", flow=NAT, call_id="flow 2", lines=OUTBOUND)
    assert changes(second) == [Change.ADDED]
    assert [value for name, value in second.headers if name == "Contact"] == [
        f"{A};expires=600{DESK};reg-id=2",
        f"{A};expires=600{DESK};reg-id=1",
    ]
    assert [binding.reg_id for binding in registrar.bindings("1001")] == [2, 1]
    moved = register(registrar, f"{B}{DESK};reg-id=1", flow=UDP, call_id="third", lines=OUTBOUND)
    assert changes(moved) == [Change.REFRESHED]
    gone = register(registrar, f"{A}{DESK};reg-id=2", expires=0, call_id="flow 2", cseq=2, lines=OUTBOUND)
    assert changes(gone) == [Change.REMOVED]
    assert uris(registrar) == ["sip:b@192.0.2.9"]


def test_reg_id_means_nothing_without_outbound() -> None:
    registrar = Registrar()
    outcome = register(registrar, f"{A}{DESK};reg-id=1")
    assert list(outcome.headers) == [("Contact", f"{A};expires=600{DESK}")]
    assert registrar.bindings("1001")[0].key == "sip:a@192.0.2.9"


def test_the_way_to_a_phone_behind_a_proxy_is_kept_and_told() -> None:
    registrar, path = Registrar(), "<sip:edge@192.0.2.50;lr;ob>"
    outcome = register(registrar, A, lines=[f"Path: {path}", "Supported: path"])
    assert ("Path", path) in outcome.headers
    assert registrar.bindings("1001")[0].path == (path,)


@pytest.mark.parametrize("named", ["no brackets", "<with space >", "<>", '<a\\"b>'])
def test_a_name_that_could_not_be_written_is_none(named: str) -> None:
    registrar = Registrar()
    assert register(registrar, f'{A};+sip.instance="{named}"').status == 200
    assert registrar.bindings("1001")[0].instance == ""


def test_several_contacts_are_ordered_by_q_then_by_age() -> None:
    registrar = Registrar(lambda user: 3)
    register(registrar, A, B, "<sip:c@192.0.2.9>;q=0.5")
    assert uris(registrar) == ["sip:b@192.0.2.9", "sip:a@192.0.2.9", "sip:c@192.0.2.9"]


@pytest.mark.parametrize(
    ("contact", "expires", "seconds"),
    [
        (A, None, 3600),
        (A, 90, 90),
        (A, 99999, 3600),
        (A + ";expires=120", 600, 120),
        (A + ";expires=x", 600, 3600),
    ],
)
def test_how_long_a_binding_lasts(contact: str, expires: int | None, seconds: int) -> None:
    registrar = Registrar()
    register(registrar, contact, expires=expires)
    assert registrar.bindings("1001")[0].expires_at == seconds


def test_too_brief_is_423() -> None:
    outcome = register(Registrar(), A, expires=59)
    assert (outcome.status, list(outcome.headers)) == (423, [("Min-Expires", "60")])


def test_expires_0_removes_and_the_star_removes_all() -> None:
    registrar = Registrar(lambda user: 2)
    register(registrar, A, B)
    assert changes(register(registrar, A, expires=0, cseq=2)) == [Change.REMOVED]
    assert changes(register(registrar, A, expires=0, cseq=3)) == []
    assert changes(register(registrar, "*", expires=0, cseq=4)) == [Change.REMOVED]
    assert uris(registrar) == []


@pytest.mark.parametrize("expires", [None, 600])
def test_the_star_without_expires_0_is_400(expires: int | None) -> None:
    registrar = Registrar()
    register(registrar, A)
    assert register(registrar, "*", expires=expires, cseq=2).status == 400
    assert uris(registrar) == ["sip:a@192.0.2.9"]


def test_without_contact_the_bindings_are_listed() -> None:
    registrar = Registrar()
    register(registrar, A)
    outcome = register(registrar, expires=None, now=100.0)
    assert list(outcome.headers) == [("Contact", "<sip:a@192.0.2.9>;expires=500")]
    assert changes(outcome) == []


@pytest.mark.parametrize("contact", [A, "*"])
def test_10_3_out_of_order_changes_nothing(contact: str) -> None:
    registrar = Registrar()
    register(registrar, A, cseq=5)
    assert register(registrar, contact, expires=0, cseq=5).status == 500
    assert uris(registrar) == ["sip:a@192.0.2.9"]
    assert register(registrar, contact, expires=0, cseq=1, call_id="after-reboot").status == 200
    assert uris(registrar) == []


def test_contacts_are_compared_as_uris() -> None:
    registrar = Registrar()
    register(registrar, "<sip:a@phone.EXAMPLE;transport=UDP>")
    register(registrar, "<sip:a@PHONE.example;transport=udp>", cseq=2)
    assert uris(registrar) == ["sip:a@PHONE.example;transport=udp"]


@pytest.mark.parametrize(
    ("contact", "flow", "natted", "remote"),
    [
        (A, UDP, False, PEER),
        ("<sip:a@10.0.0.5:5062>", NAT, True, NAT.remote),
        ("<sip:a@phone.example>", UDP, True, PEER),
        ("<sip:a@192.0.2.9:5062>", UDP, True, PEER),
        ("<sip:a@192.0.2.9:5062;transport=tcp>", TCP, False, TCP.remote),
        ("<sip:a@192.0.2.9:5062;transport=tls>", TLS, True, TLS.remote),  # no certificate tells who it is
    ],
)
def test_a_contact_behind_nat_is_reached_where_it_came_from(
    contact: str, flow: Flow, natted: bool, remote: tuple[str, int]
) -> None:
    registrar = Registrar()
    register(registrar, contact, flow=flow)
    binding = registrar.bindings("1001")[0]
    assert (binding.natted, binding.flow.remote) == (natted, remote)
    assert registrar.bound("1001", flow) == binding
    assert registrar.bound("1001", Flow("udp", OURS, ("203.0.113.1", 5060))) is None


def probes(registrar: Registrar, now: float) -> int:
    return sum(isinstance(each, ProbeDue) for each in registrar.on_deadline(now))


def test_a_natted_binding_is_probed_each_25_s_and_two_misses_make_it_unreachable() -> None:
    registrar = Registrar()
    register(registrar, "<sip:a@10.0.0.5>", flow=NAT)
    assert registrar.deadline() == 25.0
    assert [probes(registrar, now) for now in (24.9, 25.0, 49.9, 50.0)] == [0, 1, 0, 1]
    assert registrar.probed("1001", "sip:a@10.0.0.5", False, 57.0) == []
    (change,) = registrar.probed("1001", "sip:a@10.0.0.5", False, 82.0)
    assert (change.change, change.binding.reachable) == (Change.UNREACHABLE, False)
    assert registrar.probed("1001", "sip:a@10.0.0.5", False, 90.0) == []
    (change,) = registrar.probed("1001", "sip:a@10.0.0.5", True, 100.0)
    assert (change.change, change.binding.reachable) == (Change.REACHABLE, True)


def test_an_answer_forgives_a_miss() -> None:
    registrar = Registrar()
    register(registrar, "<sip:a@10.0.0.5>", flow=NAT)
    for answered in (False, True, False):
        assert registrar.probed("1001", "sip:a@10.0.0.5", answered, 50.0) == []


@pytest.mark.parametrize("way", ["register", "request"])
def test_whoever_speaks_is_reachable(way: str) -> None:
    registrar = Registrar()
    register(registrar, "<sip:a@10.0.0.5>", flow=NAT)
    for _ in range(2):
        registrar.probed("1001", "sip:a@10.0.0.5", False, 50.0)
    if way == "register":
        assert changes(register(registrar, "<sip:a@10.0.0.5>", flow=NAT, cseq=2)) == [
            Change.REFRESHED,
            Change.REACHABLE,
        ]
    else:
        assert [each.change for each in registrar.heard("1001", NAT, 60.0)] == [Change.REACHABLE]
        assert registrar.heard("1001", NAT, 61.0) == []


def test_a_watched_binding_is_probed_without_nat() -> None:
    registrar = Registrar()
    register(registrar, A)
    registrar.watch("1001", True, 10.0)
    assert (probes(registrar, 34.9), probes(registrar, 35.0)) == (0, 1)
    registrar.watch("1001", False, 40.0)
    assert (probes(registrar, 60.0), probes(registrar, 100.0)) == (0, 0)


def test_a_connection_that_closes_takes_a_natted_phone_with_it() -> None:
    registrar = Registrar(lambda user: 2)
    natted = TCP._replace(connection=10)
    register(registrar, "<sip:a@192.0.2.9:5070>", flow=TCP)
    register(registrar, "<sip:b@10.0.0.5>", flow=natted, call_id="reg-2")
    assert registrar.connection_closed(TCP, 1.0) == []
    binding = next(each for each in registrar.bindings("1001") if not each.natted)
    assert binding.flow == Flow("tcp", OURS, (PEER[0], 5070))
    assert [each.change for each in registrar.connection_closed(natted, 1.0)] == [Change.UNREACHABLE]


def test_bindings_survive_a_restart_but_for_the_time_that_passed() -> None:
    registrar = Registrar(lambda user: 2)
    register(registrar, A + ";expires=100", "<sip:b@10.0.0.5>;expires=1000;q=0.3", flow=NAT)
    bindings = [each for user in registrar.users() for each in registrar.bindings(user)]
    saved = json.loads(json.dumps([registrar.saved(each, 50.0) for each in bindings]))
    fresh = Registrar(lambda user: 2)
    fresh.restore(saved, now=7.0, elapsed_s=60.0)
    (binding,) = fresh.bindings("1001")
    assert (binding.uri, binding.q, binding.natted, binding.flow) == ("sip:b@10.0.0.5", 0.3, True, NAT)
    assert binding.expires_at == 7.0 + 1000 - 50 - 60
    assert fresh.bound("1001", NAT) == binding
    assert fresh.deadline() == 32.0


def test_no_snapshot_is_an_error() -> None:
    with pytest.raises(KeyError):
        Registrar().restore([{}], 0.0)


def test_wakes_do_not_pile_up() -> None:
    registrar = Registrar()
    for number in range(1000):
        register(registrar, A, cseq=number + 1, now=float(number))
    assert registrar.deadline() is not None
    assert len(registrar._wakes) == 1


@pytest.mark.parametrize(
    ("came_from", "neighbour", "stranger"),
    [("192.0.2.9", "192.0.2.9", "192.0.2.8"), ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")],
)
def test_it_knows_the_neighbourhoods_of_its_phones(came_from: str, neighbour: str, stranger: str) -> None:
    registrar, flow = Registrar(), Flow("udp", OURS, (came_from, 5060))
    register(registrar, A, flow=flow)
    assert registrar.is_at(neighbour)
    assert not registrar.is_at(stranger)
    register(registrar, A, expires=0, cseq=2, flow=flow)
    assert not registrar.is_at(neighbour)
