"""Writes the page of the metrics from their families: `python -m tests.metric_page`."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from acd.queue import ClosedReason
from sip.aio.closing import Closed
from sip.flow import TRANSPORTS
from sip.syntax.malformed import Fault
from switch.calls.ending import Reason, Result
from switch.decisions.decisions import Asked
from switch.events.types import LASTING, EventType
from switch.history.entries import OUTCOMES
from switch.history.retention import Kind
from switch.identities.stir import Outcome
from switch.metrics import families, parts
from switch.metrics.exposition import PREFIX, Declared, DeclaredHistogram
from switch.metrics.metrics import HandlePhase, RepairKind
from switch.provisioning.door import Answer
from switch.records import AgentState, Direction, OfferResult
from switch.reports.outcomes import MailOutcome
from switch.toll.guard import TollLimit
from switch.trace.exporter import HepResult
from switch.webhooks.post import Attempt

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "metrics.md"

_HEAD = """# Metrics

Written from the families by `python -m tests.metric_page`; a test fails when this page is older than they
are. `/metrics` of a running switch has them all ([how to scrape it](../how-to/monitoring.md)). Units are
seconds, octets and ratios from 0 to 1. A histogram has `_bucket{le}`, `_sum` and `_count`. Labels come from
closed lists or from the configuration, never from a call: what can be counted is there from the start, at 0,
the codes of `sip_messages_total` aside.

"""

VALUES: Final[Mapping[str, Mapping[str, type[StrEnum] | tuple[str, ...]]]] = {
    "alarm": {"alarms_active": LASTING},
    "answer": {"provisioning_requests": Answer},
    "code": {"sip_messages": ("empty for a request", "the status of a response")},
    "direction": {"calls": Direction, "sip_messages": parts.SIP_DIRECTIONS},
    "kernels": {"build_info": ("compiled", "pure")},
    "kind": {"history_deleted": Kind, "state_repairs": RepairKind},
    "limit": {"toll_refusals": TollLimit},
    "method": {"sip_messages": parts.SIP_METHODS},
    "outcome": {
        "decisions": Asked,
        "history_entries": OUTCOMES,
        "report_mails": MailOutcome,
        "webhook_attempts": Attempt,
    },
    "phase": {"handle_seconds": HandlePhase},
    "queue": {"all": ("names of the configuration",)},
    "reason": {
        "calls": Reason,
        "queue_closed": ClosedReason,
        "sip_connections_closed": Closed,
        "sip_parse_errors": Fault,
        "srtp_refused": ("failed", "replayed"),
    },
    "result": {
        "calls": Result,
        "hep_packets": HepResult,
        "offers": OfferResult,
        "stir_verifications": Outcome,
    },
    "state": {"agents": AgentState, "rtp_ports": parts.PORT_STATES},
    "transport": {"sip_messages": TRANSPORTS, "sip_connections": parts.STREAMS},
    "trunk": {"all": ("names of the configuration",)},
    "type": {"events": EventType},
    "version": {"build_info": ("of the switch",)},
    "webhook": {"all": ("names of the configuration",)},
    "why": {"event_snapshots": ("came", "overtaken")},
}
"""Each label's values, by the first family that has them."""


def declared() -> list[Declared | DeclaredHistogram]:
    """Every family, in the order of the module."""
    return [one for one in vars(families).values() if isinstance(one, Declared | DeclaredHistogram)]


def page() -> str:
    """The whole page."""
    return _HEAD + "\n".join([*_families(), "", "## Labels", "", *_labels(), ""])


def _families() -> Iterator[str]:
    yield "| metric | type | labels | what |"
    yield "|---|---|---|---|"
    for one in declared():
        counter = isinstance(one, Declared) and one.kind == "counter"
        name = f"{PREFIX}{one.name}{'_total' if counter else ''}"
        labels = ", ".join(f"`{label}`" for label in one.labels)
        yield f"| `{name}` | {_kind(one)} | {labels} | {one.help} |"


def _kind(one: Declared | DeclaredHistogram) -> str:
    if isinstance(one, DeclaredHistogram):
        return "histogram"
    return one.kind


def _labels() -> Iterator[str]:
    yield "| label | of | values |"
    yield "|---|---|---|"
    for label, values in VALUES.items():
        for family, those in values.items():
            yield f"| `{label}` | {'all' if family == 'all' else f'`{family}`'} | {', '.join(those)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
