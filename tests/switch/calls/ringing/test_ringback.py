"""What a caller gets while the other side rings, for each mix of what the two sides can and say."""

import itertools
from dataclasses import dataclass

import pytest

from sip.syntax.message import Response, parse
from switch.calls.ringing.ringback import RINGBACK, WITHOUT_MEDIA, Do, Has, Says
from tests.switch.far_end import FarEnd, sdp, silent
from tests.switch.stage import Stage

Heard = str
"""What the caller hears now: his own `tone`, the callee's `media`, or `nothing`."""


@dataclass(frozen=True, slots=True)
class Said:
    """A provisional response of the callee: its status, and whether it brings SDP."""

    status: int
    sdp: bytes | None = None


MEDIA = sdp("192.0.2.21")
INACTIVE = sdp("192.0.2.21", direction="inactive")
RINGING, PROGRESS, QUEUED, FORWARDED = Said(180), Said(183), Said(182), Said(181)
EARLY, RINGING_EARLY, NO_MEDIA = Said(183, MEDIA), Said(180, MEDIA), Said(183, INACTIVE)


def test_every_pair_has_its_row() -> None:
    for table in (RINGBACK, WITHOUT_MEDIA):
        assert set(table) == set(itertools.product(Has, Says))


def test_ringback_never_covers_media() -> None:
    assert RINGBACK[Has.MEDIA, Says.RINGS] is Do.PASS_ON, "with our description, see below"
    assert Do.OPEN not in WITHOUT_MEDIA.values()


async def ringing(stage: Stage, says: list[Said], offer: bytes | None = b"") -> FarEnd:
    """The callee says all this, one after the other; the caller is the trunk."""
    phone = await stage.phone()
    phone.behave = silent
    await stage.carrier.dial("81001", offer)
    for said in says:
        phone.endpoint.progress(phone.invited.session, said.status, stage.now(), sdp=said.sdp)
        stage.moved(phone)
        await stage.settle()
    return phone


def got(stage: Stage) -> list[tuple[int, bool]]:
    """The caller's responses but 100: status, and whether there was SDP."""
    responses = [parse(data) for data in stage.carrier.received if data.startswith(b"SIP/2.0 ")]
    return [
        (each.status, bool(each.body))
        for each in responses
        if isinstance(each, Response) and each.status > 100
    ]


@pytest.mark.parametrize(
    ("says", "gets", "heard"),
    [
        ([], [], "nothing"),
        ([RINGING], [(180, False)], "tone"),
        ([QUEUED], [(182, False)], "tone"),
        ([PROGRESS], [(183, False)], "nothing"),
        ([FORWARDED], [(181, False)], "nothing"),
        ([EARLY], [(183, True)], "media"),
        ([RINGING_EARLY], [(180, True)], "media"),
        ([EARLY, RINGING], [(183, True), (180, True)], "media"),
        ([EARLY, PROGRESS], [(183, True), (183, True)], "media"),
        ([EARLY, EARLY], [(183, True)], "media"),
        ([RINGING, EARLY], [(180, False), (183, True)], "media"),
        ([RINGING, RINGING], [(180, False), (180, False)], "tone"),
        ([RINGING, PROGRESS], [(180, False), (180, False)], "tone"),
        ([PROGRESS, RINGING], [(183, False), (180, False)], "tone"),
        ([PROGRESS, EARLY], [(183, False), (183, True)], "media"),
        ([NO_MEDIA], [(183, False)], "nothing"),
        ([NO_MEDIA, RINGING], [(183, False), (180, False)], "tone"),
        ([NO_MEDIA, EARLY], [(183, False), (183, True)], "media"),
        ([RINGING, EARLY, RINGING], [(180, False), (183, True), (180, True)], "media"),
    ],
    ids=lambda value: None,
)
async def test_a_caller_who_made_an_offer(
    stage: Stage, says: list[Said], gets: list[tuple[int, bool]], heard: Heard
) -> None:
    await ringing(stage, says)
    assert got(stage) == gets
    assert hears(stage) == heard


@pytest.mark.parametrize(
    ("says", "gets", "heard"),
    [
        ([RINGING], [(180, False)], "tone"),
        ([EARLY], [(180, False)], "tone"),
        ([EARLY, RINGING], [(180, False), (180, False)], "tone"),
        ([RINGING, EARLY], [(180, False), (180, False)], "tone"),
        ([PROGRESS], [(183, False)], "nothing"),
    ],
    ids=lambda value: None,
)
async def test_a_caller_who_made_none_and_takes_nothing_reliably(
    stage: Stage, says: list[Said], gets: list[tuple[int, bool]], heard: Heard
) -> None:
    await ringing(stage, says, offer=None)
    assert got(stage) == gets
    assert hears(stage) == heard


def hears(stage: Stage) -> Heard:
    """By the book: a tone of his own after 180 or 182 without SDP, until SDP has come."""
    responses = got(stage)
    if any(with_sdp for _, with_sdp in responses):
        assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
        return "media"
    assert stage.heard(stage.call.caller) == "silence"
    return "tone" if any(status in (180, 182) for status, _ in responses) else "nothing"


async def test_who_answers_at_once_rings_nobody(stage: Stage) -> None:
    phone = await ringing(stage, [])
    await phone.answer()
    assert got(stage) == [(200, True)]
    assert stage.heard(stage.call.caller).startswith("relay")


async def test_both_hear_each_other_before_the_answer(stage: Stage) -> None:
    """A menu before the answer takes digits and speech."""
    await ringing(stage, [EARLY])
    caller, party = stage.call.caller, stage.call.party
    assert stage.heard(caller) == f"relay {stage.port(party).number}"
    assert stage.heard(party) == f"relay {stage.port(caller).number}"


async def test_a_caller_who_waits_with_music_goes_on_hearing_it_while_a_phone_rings(stage: Stage) -> None:
    await stage.reload(queues={"support": {"answer": "early", "max_wait": "1s", "overflow": "phone:1001"}})
    phone = await stage.phone("1001")
    phone.behave = lambda end, invite: end.endpoint.progress(invite.session, 180, stage.now())
    await stage.carrier.dial("+34911000000")
    await stage.pass_by(10)
    assert stage.call.party is not None
    assert got(stage) == [(183, True), (180, True)], "no tone of his own over the music"
    assert stage.heard(stage.call.caller) == "music default"
