"""A queued call that a speech service hears while it happens."""

from contextlib import AsyncExitStack

from tests.e2e.centre import Tell, centre
from tests.e2e.test_operations import talking
from tests.media.hearing import heard_anywhere, listen
from tests.peers.speech_service import SpeechService
from tests.peers.switch import Switch

SERVICE = "127.20.6.1"


async def test_a_speech_service_hears_each_party_in_its_channel(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(SpeechService.running(SERVICE))
        sections = centre(1, {"fork": service.url}, media={"fork_to": [SERVICE]})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        call, answered = await talking(stack, switch)
        await service.until(lambda heard: heard.frames > 100)
        (now,) = await switch.items("/api/v1/calls?state=active")
        forks = f"/api/v1/calls/{now['id']}/forks"
        (row,) = await switch.items(forks)
        assert (row["id"], row["url"], row["state"]) == ("1", service.url, "open")
        assert row["frames_sent"] > 100
        refused = await switch.request("POST", forks, json={"url": "ws://127.0.0.1:9/"})
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            "media.fork_to does not name 127.0.0.1:9",
        )
        assert (await switch.request("DELETE", f"{forks}/1")).status_code == 204
        await service.until(lambda heard: bool(heard.told("stop")))
        left, right = service.sides()
        assert heard_anywhere(listen(left[8000:], [440.0, 1000.0])) == {440}
        assert heard_anywhere(listen(right[8000:], [440.0, 1000.0])) == {1000}
        assert service.told("dropped") == []

        recording = f"/api/v1/calls/{now['id']}/recording"
        await switch.request("POST", recording, json={"state": "paused"})
        service.came.clear()
        again = await switch.request("POST", forks, json={"url": service.url, "rate": 16000})
        assert (again.status_code, again.json()["id"]) == (201, "2")
        await service.until(lambda heard: heard.frames > 25)
        await call.hang_up()
        await answered.until("closed")
        await service.until(lambda heard: bool(heard.told("stop")))
        (start,) = service.told("start")
        assert (start["call"], start["rate"], start["channels"]) == (now["id"], 16000, ["caller", "agent"])
        assert not any(side.any() for side in service.sides()), "what is not recorded is not heard either"
        assert (await switch.request("GET", forks)).status_code == 404
