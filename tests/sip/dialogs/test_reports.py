"""Extended reports in offers and answers: RFC 3611 section 5."""

import pytest

from sip.dialogs.offer_answer import Agreed, MediaSession
from sip.dialogs.reports import Reports
from tests.sip.dialogs.test_offer_answer import AUDIO, HEAD, answer, crlf, offer

METRICS = "a=rtcp-xr:voip-metrics\n"
BOTH = "a=rtcp-xr:rcvr-rtt=all voip-metrics\n"
SAID = [
    ("", "", Reports(metrics=True, reference_time=True)),
    ("", METRICS, Reports(metrics=True, reference_time=False)),
    (METRICS, "", Reports(metrics=True, reference_time=False)),
    ("a=rtcp-xr:\n", METRICS, Reports(metrics=True, reference_time=False)),
    (
        "",
        "a=rtcp-xr:stat-summary=loss,jitt rcvr-rtt=sender:10\n",
        Reports(metrics=False, reference_time=True),
    ),
    ("", "a=rtcp-xr:\n", Reports(metrics=False, reference_time=False)),
    ("", "a=rtcp-xr\n", Reports(metrics=False, reference_time=False)),
    ("a=rtcp-xr:pkt-loss-rle\n", "", Reports(metrics=False, reference_time=False)),
]
"""What the session says, what its line says, and what we may send."""


@pytest.mark.parametrize(("general", "own", "wanted"), SAID)
def test_whoever_says_what_he_takes_is_sent_no_more(general: str, own: str, wanted: Reports) -> None:
    assert answer(MediaSession(42), HEAD + general + AUDIO + own)[1].extended == wanted
    assert answered(HEAD + general + AUDIO + own).extended == wanted


def answered(theirs: str) -> Agreed:
    session = MediaSession(42)
    assert BOTH in offer(session)
    return session.accept(crlf(theirs))


@pytest.mark.parametrize(
    ("own", "ours"), [("", METRICS), (METRICS, METRICS), ("a=rtcp-xr:rcvr-rtt=all\n", BOTH), (BOTH, BOTH)]
)
def test_round_trips_are_for_both_or_neither(own: str, ours: str) -> None:
    assert ours in answer(MediaSession(42), HEAD + AUDIO + own)[0]
