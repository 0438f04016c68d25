"""Lists: a phone that watches several by one subscription."""

import re
from email import message_from_bytes
from email.policy import HTTP
from typing import Final
from xml.etree import ElementTree

import pytest

from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.stage import Stage
from tests.switch.watcher import Lamp, Watcher

RLMI: Final = "{urn:ietf:params:xml:ns:rlmi}"
SUPPORTED: Final = "Supported: eventlist"


@pytest.fixture
def sections(sections: dict[str, object]) -> dict[str, object]:
    return {**sections, "lamp_lists": {"all": ["1001", "ana", "support"]}}


def listed(lamp: Lamp) -> tuple[str, dict[str, list[str]]]:
    """Whether the last document has all of a list, and the state of the dialogs of each that it has."""
    content_type = lamp.told[-1].headers.get("Content-Type") or ""
    head = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + lamp.told[-1].body, policy=HTTP)
    root, *parts = message.iter_parts()
    resources = ElementTree.fromstring(root.get_content())
    cids = [instance.attrib["cid"] for instance in resources.iter(f"{RLMI}instance")]
    assert cids == [part["Content-ID"].strip("<>") for part in parts]
    bodies = [part.get_content().decode() for part in parts]
    uris = [resource.attrib["uri"] for resource in resources.iter(f"{RLMI}resource")]
    assert all(f'entity="{uri}"' in body for uri, body in zip(uris, bodies, strict=True))
    names = [resource[0].text or "" for resource in resources]
    states = [re.findall(r"<state>(\w+)</state>", body) for body in bodies]
    return resources.attrib["fullState"], dict(zip(names, states, strict=True))


async def test_a_list_tells_of_all_and_then_of_who_has_changed(stage: Stage, boss: Watcher) -> None:
    ana = await stage.phone("1001")
    lamp = await boss.watch("all", "dialog", 600, SUPPORTED)
    assert lamp.told[0].headers.get("Require") == "eventlist"
    assert listed(lamp) == ("true", {"1001": [], "ana": ["terminated"], "support": ["terminated"]})
    ana.behave = answering
    await stage.carrier.dial("81001")
    state, changed = listed(lamp)
    assert (state, changed["1001"], "support" in changed) == ("false", ["confirmed"], False)
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    await stage.settle()
    told = len(lamp.told)
    await boss.subscribe(lamp, 600, SUPPORTED)
    assert listed(lamp)[0] == "true", "a renewal is told all of it"
    assert len(lamp.told) == told + 1
    versions = [
        int(version) for body in lamp.bodies for version in re.findall(r'version="(\d+)" fullState', body)
    ]
    assert versions == list(range(len(lamp.told)))


async def test_a_list_needs_a_subscriber_who_can_read_it(stage: Stage, boss: Watcher) -> None:
    lamp = await boss.watch("all")
    assert lamp.told == []
    response = await boss.subscribe(lamp, 600)
    assert response.status == 401 or (response.status, response.headers.get("Require")) == (421, "eventlist")


async def test_a_list_that_changes_is_told_anew(
    stage: Stage, boss: Watcher, sections: dict[str, object]
) -> None:
    lamp = await boss.watch("all", "dialog", 600, SUPPORTED)
    await stage.reload(**{**sections, "lamp_lists": {"all": ["1002"]}})
    assert listed(lamp) == ("true", {"1002": []})
    ben = await stage.phone("1002")
    ben.behave = answering
    await stage.carrier.dial("81002")
    assert listed(lamp) == ("false", {"1002": ["confirmed"]})
