"""One SIPp scenario for each behaviour of transactions, dialogs and trunks, its caller and its callee.

All of them call through one switch, from one carrier to another; at the end nothing of any is left in it.
SIPp 3.6 of Debian and Ubuntu is built without TLS: what is said by TLS is in `test_tls`, with other peers.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.centre import Tell, left_over
from tests.e2e.scenarios import FAR, MOVED, SIGNING, TO, alone, between, different, sections, told
from tests.e2e.test_stir_shaken import Signing
from tests.peers.sipp import Sipp
from tests.peers.switch import IN_TREE, Switch

pytestmark = pytest.mark.asyncio(loop_scope="module")

INTERVAL_S = 2
"""Of sessions at the impatient switch. RFC 4028 has none under 90 s, nor has our code: in that process alone
its constant is another, and all else as it is. A long test waits for the 90 s."""
IMPATIENT = IN_TREE[2].replace(
    "main()", f"from sip.dialogs import session_interval; session_interval.MIN_SE_S = {INTERVAL_S}; main()"
)


@pytest.fixture(scope="module")
def signatures(tmp_path_factory: pytest.TempPathFactory) -> Signing:
    return Signing(tmp_path_factory.mktemp("signatures"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def switch(signatures: Signing) -> AsyncIterator[Switch]:
    async with Switch.running(**sections(signatures)) as switch:
        yield switch
        await switch.until(lambda: left_over(switch), lambda left: not any(left.values()), 15.0)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def impatient(signatures: Signing) -> AsyncIterator[Switch]:
    """The same, with sessions of INTERVAL_S."""
    async with Switch.running(command=[*IN_TREE[:2], IMPATIENT], **sections(signatures)) as switch:
        yield switch
        await switch.until(lambda: left_over(switch), lambda left: not any(left.values()), 15.0)


async def test_a_call_by_tcp_from_both_sides(switch: Switch, tell_on_failure: Tell) -> None:
    _, far = await between(
        switch, tell_on_failure, "caller_hangs_up", "agent_answers", trunk="streaming", transport="t1"
    )
    assert {invite.top_via.transport for invite in far.heard("INVITE")} == {"TCP"}


# UPDATE and offers that cross


async def test_update_early_and_confirmed_with_and_without_sdp(switch: Switch, tell_on_failure: Tell) -> None:
    """RFC 3311, from both sides of one call."""
    await between(switch, tell_on_failure, "caller_updates", "callee_updates", ring_ms=300)


async def test_offers_of_the_caller_that_cross_ours(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_offers_in_glare", "agent_answers")


async def test_update_of_the_caller_before_his_offer_is_answered(
    switch: Switch, tell_on_failure: Tell
) -> None:
    await between(switch, tell_on_failure, "caller_updates_too_soon", "agent_answers", ring_ms=300)


async def test_update_of_the_callee_before_our_offer_is_answered(
    switch: Switch, tell_on_failure: Tell
) -> None:
    await between(switch, tell_on_failure, "caller_hangs_up", "callee_updates_too_soon")


async def test_reinvite_of_the_callee_that_crosses_ours(impatient: Switch, tell_on_failure: Tell) -> None:
    _, far = await between(
        impatient, tell_on_failure, "callee_hangs_up", "callee_reinvites_in_glare", interval_s=INTERVAL_S
    )
    _, ours, again = different(far, "INVITE")
    assert (again.cseq.number, again.body) == (ours.cseq.number + 1, ours.body)


async def test_reinvite_of_the_caller_that_crosses_ours(impatient: Switch, tell_on_failure: Tell) -> None:
    await alone(impatient, tell_on_failure, "caller_reinvites_in_glare", "600", interval_s=INTERVAL_S)


# Session timers (RFC 4028)


async def test_a_caller_whose_session_would_be_too_short(switch: Switch, tell_on_failure: Tell) -> None:
    await alone(switch, tell_on_failure, "caller_asks_for_too_short_a_session", "600")


@pytest.mark.parametrize("scenario", ["caller_is_refreshed", "caller_does_not_refresh"])
async def test_a_caller_has_a_session(impatient: Switch, tell_on_failure: Tell, scenario: str) -> None:
    await alone(impatient, tell_on_failure, scenario, "600", interval_s=INTERVAL_S)


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("scenario", ["caller_is_refreshed", "caller_does_not_refresh"])
async def test_a_caller_has_a_session_of_ninety_seconds(
    switch: Switch, tell_on_failure: Tell, scenario: str
) -> None:
    """The least interval that there is."""
    await alone(switch, tell_on_failure, scenario, "600", interval_s=90)


async def test_a_callee_refreshes(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "callee_hangs_up", "callee_refreshes")


async def test_a_callee_is_refreshed_by_update(impatient: Switch, tell_on_failure: Tell) -> None:
    await between(impatient, tell_on_failure, "callee_hangs_up", "callee_is_refreshed", interval_s=INTERVAL_S)


async def test_a_callee_is_refreshed_by_reinvite(impatient: Switch, tell_on_failure: Tell) -> None:
    scenario = "callee_is_refreshed_by_reinvite"
    _, far = await between(impatient, tell_on_failure, "callee_hangs_up", scenario, interval_s=INTERVAL_S)
    bodies = {invite.body for invite in different(far, "INVITE")}
    assert len(bodies) == 1, "the same offer, o= version included"


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [("callee_does_not_refresh", "session_expired"), ("callee_has_lost_the_dialog", "dialog_lost")],
)
async def test_a_callee_is_gone(impatient: Switch, tell_on_failure: Tell, scenario: str, reason: str) -> None:
    """He promised to refresh, and does not; or UPDATE is refused, and the re-INVITE is of no dialog."""
    await between(impatient, tell_on_failure, "callee_hangs_up", scenario, interval_s=INTERVAL_S)
    assert (await impatient.ended_calls(1))[0]["reason"] == reason


# Forks, reliable responses


async def test_of_two_phones_that_answer_the_loser_is_ended(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_hangs_up", "callee_forks", talk_ms=500)


async def test_an_invite_that_was_forked_before_us(switch: Switch, tell_on_failure: Tell) -> None:
    _, far = await between(switch, tell_on_failure, "caller_is_merged", "callee_takes_its_time", ring_ms=300)
    assert len(different(far, "INVITE")) == 1


async def test_a_caller_insists_on_prack(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_insists_on_prack", "agent_answers", ring_ms=300)


async def test_a_caller_acknowledges_nothing(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_acknowledges_nothing", "agent_answers", ring_ms=300)


async def test_a_caller_sends_no_prack(switch: Switch, tell_on_failure: Tell) -> None:
    """Whom he called hears CANCEL."""
    await between(switch, tell_on_failure, "caller_sends_no_prack", "agent_answers_cancel")
    assert (await switch.ended_calls(1))[0]["reason"] == "prack_timeout"


async def test_we_insist_on_prack(switch: Switch, tell_on_failure: Tell) -> None:
    await between(
        switch, tell_on_failure, "caller_hangs_up", "callee_insists_on_prack", trunk="insisting", talk_ms=300
    )


# Routes and loops


async def test_a_caller_behind_a_strict_router(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_behind_a_strict_router", "called_hangs_up")


async def test_a_callee_behind_a_strict_router(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_hangs_up", "callee_behind_a_strict_router")


async def test_our_invite_comes_back(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "refused", "callee_sends_it_back", status=482)


async def test_a_caller_has_come_too_far(switch: Switch, tell_on_failure: Tell) -> None:
    await alone(switch, tell_on_failure, "caller_has_come_too_far", "600")


async def test_a_callee_redirects_to_another_trunk(switch: Switch, tell_on_failure: Tell) -> None:
    async with Sipp.running("agent_answers", address=MOVED, number="97600", ring_ms=50) as there:
        await between(switch, tell_on_failure, "caller_hangs_up", "callee_redirects")
        assert (await there.finished()).failed == 0


# Trunks


async def test_a_carrier_proves_who_it_is(switch: Switch, tell_on_failure: Tell) -> None:
    options = ["-auth_uri", f"600@{switch.sip}"]
    await alone(switch, tell_on_failure, "caller_is_challenged", "600", user="known", options=options)


async def test_we_prove_who_we_are(switch: Switch, tell_on_failure: Tell) -> None:
    await between(switch, tell_on_failure, "caller_hangs_up", "callee_challenges", trunk="proving")


async def test_a_caller_is_one_too_many(switch: Switch, tell_on_failure: Tell) -> None:
    await alone(switch, tell_on_failure, "caller_is_one_too_many", TO["full"])


async def test_a_callee_has_no_room_and_the_next_takes_the_call(
    switch: Switch, tell_on_failure: Tell
) -> None:
    async with Sipp.running("agent_answers", address=MOVED, number=TO["failing"], ring_ms=50) as there:
        await between(switch, tell_on_failure, "caller_hangs_up", "callee_has_no_room", trunk="failing")
        assert (await there.finished()).failed == 0


async def test_a_carrier_asks_whether_we_are_there(switch: Switch, tell_on_failure: Tell) -> None:
    await alone(switch, tell_on_failure, "carrier_asks_options", "600")


# Digits


@pytest.mark.parametrize(
    ("trunk", "kind", "before"),
    [("relaying", "application/dtmf-relay", "Signal="), ("informed", "application/dtmf *$", "")],
)
async def test_a_caller_informs_of_digits_and_a_callee_is_informed(
    switch: Switch, tell_on_failure: Tell, trunk: str, kind: str, before: str
) -> None:
    scenarios = "caller_informs_of_digits", "callee_is_informed_of_digits"
    await between(switch, tell_on_failure, *scenarios, trunk=trunk, kind=kind, before=before)


async def test_a_callee_informs_of_digits_and_a_caller_is_informed(
    switch: Switch, tell_on_failure: Tell
) -> None:
    await between(switch, tell_on_failure, "caller_is_informed_of_digits", "callee_informs_of_digits")


# Who calls whom: the callee's SIPp itself compares what it is told


NATIONAL = [told("", "^INVITE sip:922000000@"), told("From", "sip:600111222@")]
E164 = [told("", r"^INVITE sip:[+]34922000000@"), told("From", r"sip:[+]34600111222@")]
HIDDEN = ["P-Asserted-Identity: <sip:+34699999999@carrier.example>", "Privacy: id"]
DIVERTED = ["Diversion: <sip:+34911000000@carrier.example>;reason=user-busy;counter=1"]
IDENTITIES = {
    "numbers as the callee's carrier writes them": ("national", [], NATIONAL),
    "a caller who is asserted": (
        "asserting",
        [],
        [told("P-Asserted-Identity", "<sip:[+]34600111222@centralita.example>")],
    ),
    "a caller who is withheld": (
        "asserting",
        HIDDEN,
        [told("From", "anonymous.invalid"), told("Privacy", "id"), told("P-Asserted-Identity", "")],
    ),
    "a caller who is withheld from all but those we trust": (
        "trusted",
        HIDDEN,
        [told("From", "anonymous.invalid"), told("P-Asserted-Identity", "sip:[+]34699999999@")],
    ),
    "Diversion as History-Info": ("told", DIVERTED, [told("History-Info", "34911000000.*cause=486")]),
    "a signature of ours": ("signed", [], [told("Identity", "[.].*[.].*;info=<https://.*>;alg=ES256")]),
}


@pytest.mark.parametrize(("trunk", "headers", "checks"), IDENTITIES.values(), ids=IDENTITIES)
async def test_a_callee_is_told(
    switch: Switch, tell_on_failure: Tell, trunk: str, headers: list[str], checks: list[str]
) -> None:
    lines = "".join(f"\n{header}" for header in headers)
    scenarios = "caller_hangs_up", "agent_answers"
    await between(switch, tell_on_failure, *scenarios, trunk=trunk, headers=lines, checks="".join(checks))


async def test_a_caller_dials_as_his_carrier_writes_numbers(switch: Switch, tell_on_failure: Tell) -> None:
    """FAR calls, and whoever is at MOVED is dialled in E.164."""
    given: dict[str, Any] = {"talk_ms": 100, "ring_ms": 50}
    async with Sipp.running("agent_answers", address=MOVED, checks="".join(E164), **given) as there:
        tell_on_failure("callee", there.story)
        national: dict[str, Any] = {"caller": "600111222", "address": FAR, **given}
        await alone(switch, tell_on_failure, "caller_hangs_up", "922000000", **national)
        assert (await there.finished()).failed == 0


@pytest.mark.parametrize("status", [0, 428, 438])
async def test_a_caller_is_signed(
    switch: Switch, signatures: Signing, tell_on_failure: Tell, status: int
) -> None:
    """A signature that holds, none, and one of another caller (RFC 8224 section 6.2.2)."""
    said = {0: "+34600111222", 438: "+34600111223"}
    headers = f"\n{signatures.identity(orig=said[status])}" if status in said else ""
    scenario = "refused" if status else "caller_hangs_up"
    given: dict[str, Any] = {"headers": headers, "status": status, "address": SIGNING}
    await alone(switch, tell_on_failure, scenario, "+34922000000", **given)
