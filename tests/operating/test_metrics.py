"""The running switch keeps the contract of its metrics: names, labels, zeros from the start, closed lists."""

import re
from collections.abc import Iterator

from tests.e2e.centre import NUMBER, Tell, centre
from tests.metric_page import VALUES, declared
from tests.peers.sipp import Sipp
from tests.peers.switch import Metrics, Switch
from tests.switch.metrics.test_metrics import CONTRACT

MOVES_BY_ITSELF = {
    "centralita_cpu_seconds_total",
    "centralita_history_entries_total",
    "centralita_events_total",
}
"""Counters of what the start itself does."""
OPEN = {"code", "version", "queue", "trunk", "webhook", "le"}
"""Labels whose values are no closed list of ours, the configuration's names among them."""


def label_sets(scrape: Metrics) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    return {(sample.name, frozenset(sample.labels.items())) for sample in scrape.samples}


def strays(scrape: Metrics) -> Iterator[str]:
    """Values of labels that no list has."""
    closed = {
        label: {str(value) for those in lists.values() for value in those}
        for label, lists in VALUES.items()
        if label not in OPEN
    }
    for sample in scrape.samples:
        for label, value in sample.labels.items():
            if label not in OPEN and value not in closed[label]:
                yield f"{sample.name}{sample.labels}"


async def test_a_running_switch_keeps_the_contract(tell_on_failure: Tell) -> None:
    async with Switch.running(capture=False, **centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        first = await switch.metrics()
        there = {sample.name for sample in first.samples}
        for name, labels in re.findall(r"(\w+)(?:\{([\w,]+)\})?", CONTRACT):
            found = [
                sample
                for sample in first.samples
                if sample.name in (f"centralita_{name}", f"centralita_{name}_count")
            ]
            assert found, name
            assert {frozenset(sample.labels) for sample in found} == {
                frozenset(filter(None, labels.split(",")))
            }
        assert [
            sample
            for sample in first.samples
            if sample.name.endswith("_total") and sample.value and sample.name not in MOVES_BY_ITSELF
        ] == []
        assert list(strays(first)) == []
        assert len(there) >= len(declared())

        for number in ("600", NUMBER, "999"):
            wanted = "refused" if number == "999" else "caller_hangs_up"
            async with Sipp.running(
                wanted, target=switch.sip, number=number, talk_ms=200, status=404
            ) as caller:
                assert (await caller.finished()).failed == 0
        await switch.ended_calls(3)
        after = await switch.metrics()
        assert list(strays(after)) == []
        new = label_sets(after) - label_sets(first)
        assert {name for name, _ in new} == {"centralita_sip_messages_total"}, "only codes come with time"
        assert label_sets(first) <= label_sets(after)
