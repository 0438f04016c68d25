"""Variables of calls: what they may be, where they come from, and where they are seen."""

import pytest

from switch.calls.variables import ALL_BYTES, MOST, checked, heard, joined
from tests.switch.calls.test_flow import booked
from tests.switch.calls.test_originating import QUEUED, originated
from tests.switch.events.test_news import Ear
from tests.switch.far_end import answering, ringing
from tests.switch.stage import CARRIER, NUMBER, Stage

TOLD = {
    "trunks": {
        "carrier": {
            "accept_from": [f"{CARRIER[0]}/32"],
            "proxy": f"sip:{CARRIER[0]}:5060",
            "options": "0",
            "variables": {"account": "X-Account", "uui": "User-to-User"},
        }
    }
}


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"": "x"}, "no variable's name"),
        ({"1st": "x"}, "no variable's name"),
        ({"a b": "x"}, "no variable's name"),
        ({"a" * 65: "x"}, "no variable's name"),
        ({"a": "x\r\ny"}, "line breaks"),
        ({"a": "x\n"}, "line breaks"),
        ({"a\n": "x"}, "no variable's name"),
        ({"a": "\ud800"}, "surrogates not allowed"),
        ({"a": "x" * 513}, "512 characters"),
        ({f"v{number}": "" for number in range(MOST + 1)}, "20 variables at most; there are 21"),
        ({f"v{number}": "ñ" * 200 for number in range(12)}, "4096 octets at most; they are 4826"),
    ],
)
def test_what_cannot_be_one(variables: dict[str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        checked(variables)


def test_what_can() -> None:
    said = {"crm.id": "4711", "name": "Núria «la jefa»", "empty": "", "Z-9_": "=;&<>"}
    assert checked(said) == said
    assert sum(map(len, checked({f"v{number:02}": "x" * 400 for number in range(10)}).values())) < ALL_BYTES


def test_of_what_is_heard_the_usable_counts() -> None:
    assert heard([("a", " 1 "), ("b", None), ("c", "x\ny"), ("d", "x" * 513), ("e", "2")]) == {
        "a": "1",
        "e": "2",
    }


def test_of_two_calls_that_become_one_the_first_counts() -> None:
    full = {f"v{number}": "" for number in range(MOST)}
    assert joined({"a": "1"}, {"a": "2", "b": "3"}) == {"a": "1", "b": "3"}
    assert joined(full, {"a": "1"}) == full


@pytest.mark.parametrize("sections", [QUEUED])
async def test_a_programs_are_in_the_offer_that_rings_and_in_the_record(stage: Stage) -> None:
    ear = Ear(stage)
    luis, ana = await stage.phone("1002"), await stage.phone()
    luis.behave, ana.behave = answering, ringing
    said = {"ticket": "4711", "who": "Núria"}
    record = await originated(stage, "700", "1002", variables=said)
    assert record.variables == said
    assert "offer.made" in ear.listen()
    made = ear.last("offer.made")
    assert (made["offer"]["agent"], made["call"]["variables"]) == ("ana", said)
    shown = stage.running.active_call(record.id)
    assert shown is not None
    assert shown.variables == said
    await luis.hang_up()
    assert (await booked(stage)).variables == said


@pytest.mark.parametrize("sections", [TOLD])
async def test_a_carriers_headers_are_where_it_is_asked_for_them(stage: Stage) -> None:
    ear = Ear(stage)
    ana = await stage.phone()
    ana.behave = ringing
    headers = (("X-Account", "A-77"), ("X-Other", "secret"), ("User-to-User", "00" * 400))
    await stage.carrier.dial(NUMBER, b"", *headers)
    ear.listen()
    assert ear.last("offer.made")["call"]["variables"] == {"account": "A-77"}


async def test_nobody_elses_headers_are(stage: Stage) -> None:
    ear = Ear(stage)
    (await stage.phone()).behave = ringing
    await stage.carrier.dial(NUMBER, b"", ("X-Account", "A-77"))
    ear.listen()
    assert ear.last("offer.made")["call"]["variables"] == {}
