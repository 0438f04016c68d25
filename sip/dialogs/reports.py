"""Extended reports of RTCP in descriptions (RFC 3611 section 5). Whoever names some in his is sent no others;
who says nothing of them may be sent all.
"""

from dataclasses import dataclass
from typing import Final

from sip.syntax.sdp import Attribute, MediaDescription, SessionDescription

_NAME: Final = "rtcp-xr"
_METRICS: Final = "voip-metrics"
_ROUND_TRIP: Final = "rcvr-rtt"

OFFERED: Final[Attribute] = (_NAME, f"{_ROUND_TRIP}=all {_METRICS}")
"""We read VoIP metrics, and answer reference times of receivers."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Which blocks the other side takes: VoIP metrics, and a reference time from who does not send."""

    metrics: bool = True
    reference_time: bool = True


ALL: Final = Reports()


def wanted(theirs: SessionDescription, line: MediaDescription) -> Reports:
    """By the line, else by the session; an empty list wants none."""
    said = _said(theirs, line)
    if said is None:
        return ALL
    names = {word.partition("=")[0].lower() for word in said.split()}
    return Reports(_METRICS in names, _ROUND_TRIP in names)


def answered(theirs: SessionDescription, line: MediaDescription) -> Attribute:
    """For our answer: metrics are each side's own wish, round trips both do or neither."""
    offered = _said(theirs, line) is not None and wanted(theirs, line).reference_time
    return OFFERED if offered else (_NAME, _METRICS)


def _said(theirs: SessionDescription, line: MediaDescription) -> str | None:
    for attributes in (line.attributes, theirs.attributes):
        for name, value in attributes:
            if name == _NAME:
                return value or ""
    return None
