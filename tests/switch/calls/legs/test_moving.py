"""A phone gets another address in the middle of a call: dialog and audio go on there."""

from sip.events import SessionEnded, SessionId
from sip.flow import Flow
from switch.calls.ending import Reason
from tests.switch.far_end import FarEnd, sdp
from tests.switch.plane import NotingPort
from tests.switch.stage import NUMBER, OURS, Stage

ELSEWHERE = ("198.51.100.7", 40001)
SAME_NAT = ("192.0.2.21", 61000)


def carry(stage: Stage, phone: FarEnd, address: tuple[str, int]) -> None:
    """The phone is at another address from now on, with all its dialogs."""
    phone.address, phone.flow = address, Flow("udp", address, OURS)
    stage.add(phone)


async def talking(stage: Stage) -> tuple[FarEnd, SessionId, NotingPort]:
    phone = stage.join("1001", ("192.0.2.21", 5060), "secret of 1001")
    phone.contact_params = ';+sip.instance="<urn:uuid:1>"'
    assert await phone.register() == 200
    session = await stage.carrier.dial(NUMBER)
    await phone.answer()
    return phone, session, stage.port(stage.call.party)


def hosts(port: NotingPort) -> tuple[str, list[str]]:
    """Where the port sends, and who may speak on it besides."""
    assert port.peer is not None
    return port.peer.address, [str(network.network_address) for network in port.peer.allowed]


async def test_it_registers_from_elsewhere_and_the_talk_goes_on_there(stage: Stage) -> None:
    phone, session, port = await talking(stage)
    assert hosts(port) == ("192.0.2.21", ["192.0.2.21"])
    carry(stage, phone, ELSEWHERE)
    assert await phone.register() == 200
    assert hosts(port) == (ELSEWHERE[0], [ELSEWHERE[0]])
    assert [each.flow.remote for each in stage.exchange.registrations.contacts("1001")] == [ELSEWHERE]
    await stage.carrier.hang_up(session)
    assert phone.all(SessionEnded), "our BYE found it"
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_bye_from_there_is_its(stage: Stage) -> None:
    phone, _, _ = await talking(stage)
    carry(stage, phone, ELSEWHERE)
    assert await phone.register() == 200
    await phone.hang_up()
    assert stage.history.calls[0].reason is Reason.AGENT_HUNG_UP
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_another_port_of_the_same_nat_leaves_the_media_alone(stage: Stage) -> None:
    phone, session, port = await talking(stage)
    before = port.peer
    carry(stage, phone, SAME_NAT)
    assert await phone.register() == 200
    assert port.peer is before
    await stage.carrier.hang_up(session)
    assert phone.all(SessionEnded)


async def test_a_reinvite_from_elsewhere_moves_dialog_and_media(stage: Stage) -> None:
    phone, session, port = await talking(stage)
    carry(stage, phone, SAME_NAT)
    assert await phone.register() == 200
    response = await phone.reinvite(phone.invited.session, sdp("10.0.0.5", 30002, version=2))
    assert response.status == 200
    assert hosts(port)[1] == ["192.0.2.21"]
    await stage.carrier.hang_up(session)
    assert phone.all(SessionEnded)


async def test_a_reinvite_from_elsewhere_has_to_prove_whose_it_is(stage: Stage) -> None:
    phone, session, port = await talking(stage)
    carry(stage, phone, ELSEWHERE)
    since = len(stage.sent)
    response = await phone.reinvite(phone.invited.session, sdp("10.0.0.5", 30002, version=2))
    assert [kind for kind in stage.kinds(since) if "INVITE" in kind][:3] == ["INVITE", "401 INVITE", "INVITE"]
    assert response.status == 200
    assert hosts(port)[1] == [ELSEWHERE[0]]
    await stage.carrier.hang_up(session)
    assert phone.all(SessionEnded), "our BYE found it"
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_who_cannot_prove_it_changes_nothing(stage: Stage) -> None:
    phone, session, port = await talking(stage)
    before = hosts(port)
    carry(stage, phone, ELSEWHERE)
    phone.secret = "guessed"
    response = await phone.reinvite(phone.invited.session, sdp(ELSEWHERE[0], 30002, version=2))
    assert response.status == 401
    assert hosts(port) == before
    await stage.carrier.hang_up(session)


async def test_an_invite_to_where_it_is_no_more_keeps_nobody(stage: Stage) -> None:
    """It dies before it rings, and is started anew elsewhere long before the INVITE would time out."""
    phone = stage.join("1001", ("192.0.2.21", 5060), "secret of 1001")
    phone.contact_params = ';+sip.instance="<urn:uuid:1>"'
    assert await phone.register() == 200
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.21")
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5.0)
    assert stage.agent("ana") == "unreachable"
    carry(stage, phone, ELSEWHERE)
    assert await phone.register() == 200
    await stage.settle()
    assert stage.agent("ana") == "ringing", "for the caller who waits"
    await phone.answer()
    assert stage.call.agent == "ana"
    await stage.pass_by(60)
    assert stage.agent("ana") == "on_call"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()
