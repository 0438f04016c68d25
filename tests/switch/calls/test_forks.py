"""What a call tells its forks, whatever their services do: silence, masked digits, the end."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from media.aio.fork_stream import StreamState
from switch.api.backend import Refused
from switch.api.rows import RecordingState
from switch.calls.forks import MOST
from switch.calls.legs.leg import Leg
from tests.switch.calls.test_flow import talking
from tests.switch.plane import NotingFork
from tests.switch.stage import Stage

SERVICE = "ws://192.0.2.80/calls"
FORKED = {
    "media": {"fork_to": ["192.0.2.80"]},
    "queues": {"support": {"fork": SERVICE, "record_digits": "audible"}},
}
MASKED = {**FORKED, "queues": {"support": {"fork": SERVICE}}}


class NotingStream:
    """A stream to nowhere."""

    def __init__(self, fork: NotingFork, url: str, start: Mapping[str, Any]) -> None:
        self.fork = fork
        self.url = url
        self.start = start
        self.state = StreamState.OPEN
        self.sent = self.dropped = 0
        self.error = None
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True
        self.fork.stop()


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.calls.forks.ForkStream", NotingStream)


def streams(stage: Stage) -> list[NotingStream]:
    forks = stage.call.taps.forks
    return [] if forks is None else cast(list[NotingStream], list(forks.streams.values()))


def heard_by(stage: Stage, leg: Leg) -> list[list[str]]:
    """What each fork of the leg's port was told."""
    return [fork.asked for fork in stage.port(leg).forks]


@pytest.mark.parametrize("sections", [FORKED])
async def test_what_is_not_recorded_is_heard_by_no_fork(stage: Stage) -> None:
    await talking(stage)
    call = stage.call
    stage.running.set_recording(call.id, RecordingState.PAUSED)
    stage.running.begin_fork(call.id, SERVICE, 16000)
    assert heard_by(stage, call.caller) == [["blank"], ["blank"]], "one that runs and a new one"
    stage.running.set_recording(call.id, RecordingState.RECORDING)
    assert heard_by(stage, call.caller) == [["blank", "resume"]] * 2


@pytest.mark.parametrize(("sections", "masks"), [(FORKED, False), (MASKED, True)], ids=["audible", "masked"])
async def test_digits_are_as_in_the_queues_recordings(stage: Stage, masks: bool) -> None:
    await talking(stage)
    port = stage.port(stage.call.caller)
    port.masks_digits = None
    stage.running.begin_fork(stage.call.id, SERVICE, 8000)
    assert port.masks_digits is masks


@pytest.mark.parametrize("sections", [FORKED])
async def test_the_end_of_the_call_is_theirs(stage: Stage) -> None:
    session, _ = await talking(stage)
    (stream,) = streams(stage)
    assert stream.start["call"] == stage.call.id
    await stage.carrier.hang_up(session)
    assert stream.stopped, "it may be waiting for its service to come back"


@pytest.mark.parametrize("sections", [FORKED])
async def test_one_that_has_ended_makes_room(stage: Stage) -> None:
    await talking(stage)
    call = stage.call.id
    for _ in range(MOST - 1):
        stage.running.begin_fork(call, SERVICE, 8000)
    with pytest.raises(Refused, match=f"{MOST} forks at most"):
        stage.running.begin_fork(call, SERVICE, 8000)
    stage.running.end_fork(call, "2")
    assert stage.running.begin_fork(call, SERVICE, 8000).id == str(MOST + 1)
