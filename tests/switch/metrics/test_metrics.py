"""The metrics page: the contract's names and labels, zeros from the start, sums that agree."""

import asyncio
import math
import re

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from sip.syntax.malformed import Fault
from switch.calls.ending import Reason, Result
from switch.events.types import Alarm
from switch.metrics.exposition import Declared, render
from switch.metrics.metrics import HandlePhase, Metrics, RepairKind
from switch.metrics.queue_counts import QueueTarget
from switch.metrics.readings import MediaReading, SipReading, Sources
from switch.records import AgentState, Direction, LegRecord, LegRole, OfferResult
from tests.switch.samples import at, leg

NOW_US = 1_700_000_000_000_000

CONTRACT = """
build_info{version,kernels} config_last_reload_successful calls_active{direction}
calls_total{direction,result,reason} call_setup_seconds sip_messages_total{direction,method,code,transport}
sip_retransmissions_total{method} sip_parse_errors_total{transport,reason} sip_strangers_total{transport}
sip_transactions_active sip_dialogs_active sip_auth_failures_total registrations{transport} trunk_up{trunk}
trunk_calls_active{trunk} queue_offered_total{queue} queue_answered_total{queue}
queue_answered_within_target_total{queue} queue_abandoned_total{queue} queue_abandoned_short_total{queue}
queue_overflowed_total{queue} queue_ended_otherwise_total{queue,reason} queue_waiting{queue}
queue_longest_wait_seconds{queue} queue_wait_seconds{queue,result} queue_service_level_ratio{queue}
agents{queue,state} agents_by_state{state} offers_total{queue,result} offer_latency_seconds decision_seconds
handle_seconds{queue,phase} state_repairs_total{kind} rtp_packets_total{direction} rtp_bytes_total{direction}
rtp_packets_lost_total rtp_strangers_total rtp_jitter_seconds rtp_mos rtp_ports{state}
media_worker_lag_seconds engine_events_merged_total recordings_active recorder_dropped_frames_total
event_loop_lag_seconds gc_pause_seconds tasks_active
"""
HISTOGRAMS = {"call_setup_seconds", "queue_wait_seconds", "offer_latency_seconds"}


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics(version="0.1.0", kernels="compiled", now_us=lambda: NOW_US)
    made.configure({"support": QueueTarget(within_s=17.0, short_abandon_s=4.0)}, ["carrier"])
    made.watch(
        Sources(
            sip=lambda: SipReading(parse_errors={("udp", Fault.MALFORMED_URI): 0}, transactions=3, dialogs=2),
            media=lambda: MediaReading(ports={"free": 10, "open": 2}),
            agents=lambda: {"support": {AgentState.READY: 2}},
            agents_by_state=lambda: {AgentState.READY: 2, AgentState.OFFLINE: 1},
            trunks_up=lambda: {"carrier": True},
            alarms=lambda: {Alarm.DISK_FULL: 1},
            tasks=lambda: 7,
        )
    )
    return made


async def page(metrics: Metrics) -> dict[str, Metric]:
    text = (await render(metrics.collect())).decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families), "a family's header comes once"
    return {family.name: family for family in families}


def value(families: dict[str, Metric], family: str, sample: str = "", /, **labels: str) -> float:
    found = [
        one.value
        for one in families[f"centralita_{family}"].samples
        if one.name == f"centralita_{family}{sample}" and one.labels == labels
    ]
    assert len(found) == 1, (family, labels)
    return found[0]


async def test_every_name_and_label_of_the_contract(metrics: Metrics) -> None:
    families = await page(metrics)
    for name, labels in re.findall(r"(\w+)(?:\{([\w,]+)\})?", CONTRACT):
        family = families[f"centralita_{name.removesuffix('_total')}"]
        assert (family.type == "counter") == name.endswith("_total"), name
        if name in HISTOGRAMS:
            assert family.type == "histogram"
        assert family.samples, name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(filter(None, labels.split(","))), name


async def test_every_known_label_set_starts_at_0(metrics: Metrics) -> None:
    families = await page(metrics)
    for family in families.values():
        if family.type == "counter" and not family.name.startswith("centralita_webhook_"):  # there is none
            assert {sample.value for sample in family.samples} == {0.0}, family.name
    for direction in Direction:
        assert value(families, "calls_active", direction=direction) == 0
        for result in Result:
            for reason in Reason:
                assert (
                    value(families, "calls", "_total", direction=direction, result=result, reason=reason) == 0
                )
    for reason in Reason:
        assert value(families, "queue_ended_otherwise", "_total", queue="support", reason=reason) == 0
    for offered in OfferResult:
        assert value(families, "offers", "_total", queue="support", result=offered) == 0
    for kind in RepairKind:
        assert value(families, "state_repairs", "_total", kind=kind) == 0
    for state in AgentState:
        assert value(families, "agents", queue="support", state=state) == (
            2 if state is AgentState.READY else 0
        )
    for result in set(Result) - {Result.COMPLETED}:
        assert value(families, "queue_wait_seconds", "_count", queue="support", result=result) == 0
    for phase in HandlePhase:
        assert value(families, "handle_seconds", "_count", queue="support", phase=phase) == 0
    assert value(families, "trunk_calls_active", trunk="carrier") == 0
    assert math.isnan(value(families, "queue_service_level_ratio", queue="support"))


async def test_a_bucket_at_every_configured_threshold(metrics: Metrics) -> None:
    bounds = {
        sample.labels["le"]
        for sample in (await page(metrics))["centralita_queue_wait_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    assert {"17.0", "4.0", "+Inf"} <= bounds


async def test_a_reload_starts_new_queues_and_keeps_old_figures(metrics: Metrics) -> None:
    metrics.visit_started("support", 1, NOW_US)
    metrics.configure({"sales": QueueTarget(within_s=33.0)}, ["other"])
    families = await page(metrics)
    assert value(families, "queue_offered", "_total", queue="support") == 1
    assert value(families, "queue_offered", "_total", queue="sales") == 0
    assert value(families, "trunk_calls_active", trunk="other") == 0
    labels = {"queue": "support", "result": "answered", "le": "33.0"}
    assert value(families, "queue_wait_seconds", "_bucket", **labels) == 0


async def test_a_call_from_its_start_to_its_end(metrics: Metrics) -> None:
    metrics.call_started(Direction.INBOUND)
    metrics.trunk_call_started("carrier")
    metrics.call_setup(0.02)
    metrics.visit_started("support", "visit", NOW_US)
    families = await page(metrics)
    assert value(families, "calls_active", direction="inbound") == 1
    assert value(families, "trunk_calls_active", trunk="carrier") == 1
    assert value(families, "queue_waiting", queue="support") == 1
    metrics.offer_sent(0.004)
    metrics.decision(0.00002)
    metrics.offer_ended("support", OfferResult.ANSWERED)
    metrics.visit_ended("support", "visit", Result.ANSWERED, Reason.AGENT_ANSWERED, 3.0)
    metrics.recording_started()
    metrics.recording_ended()
    metrics.handled("support", HandlePhase.TALK, 61.0)
    metrics.leg_ended(leg("caller", LegRole.CALLER, "carrier"))
    metrics.leg_ended(
        LegRecord(id="unheard", role=LegRole.AGENT, peer="1001", sip_call_id="", invited_at=at(0))
    )
    metrics.trunk_call_ended("carrier")
    metrics.call_ended(Direction.INBOUND, Result.ANSWERED, Reason.CALLER_HUNG_UP)
    families = await page(metrics)
    assert value(families, "calls_active", direction="inbound") == 0
    labels = {"direction": "inbound", "result": "answered", "reason": "caller_hung_up"}
    assert value(families, "calls", "_total", **labels) == 1
    assert value(families, "queue_waiting", queue="support") == 0
    assert value(families, "queue_answered_within_target", "_total", queue="support") == 1
    assert value(families, "queue_service_level_ratio", queue="support") == 1
    assert value(families, "offers", "_total", queue="support", result="answered") == 1
    assert value(families, "handle_seconds", "_sum", queue="support", phase="talk") == 61
    assert value(families, "rtp_mos", "_count") == 1
    assert value(families, "rtp_jitter_seconds", "_sum") == 0.001
    assert value(families, "rtp_sent_mos", "_sum") == 4.3
    assert value(families, "rtp_sent_jitter_seconds", "_sum") == 0.002
    assert value(families, "rtp_round_trip_seconds", "_sum") == 0.02
    assert value(families, "recordings_active") == 0


async def test_moved_from_one_queue_to_another(metrics: Metrics) -> None:
    metrics.visit_started("support", 1, NOW_US)
    metrics.visit_ended("support", 1, Result.OVERFLOWED, Reason.MAX_WAIT, 600.0)
    metrics.visit_started("sales", 2, NOW_US)
    families = await page(metrics)
    assert value(families, "queue_overflowed", "_total", queue="support") == 1
    assert value(families, "queue_offered", "_total", queue="sales") == 1
    assert value(families, "queue_waiting", queue="sales") == 1


async def test_one_scrape_is_one_moment(metrics: Metrics) -> None:
    """What happens while the page is written is on the next page, whole: the law holds on every page."""
    ended = 0

    async def traffic() -> None:
        nonlocal ended
        for visit in range(10_000):
            metrics.visit_started("support", visit, NOW_US)
            await asyncio.sleep(0)
            metrics.visit_ended("support", visit, Result.ANSWERED, Reason.AGENT_ANSWERED, 1.0)
            ended += 1

    task = asyncio.create_task(traffic())
    for _ in range(20):
        before = ended
        families = await page(metrics)
        assert ended > before, "the loop was free while the page was written"
        offered = value(families, "queue_offered", "_total", queue="support")
        answered = value(families, "queue_answered", "_total", queue="support")
        waiting = value(families, "queue_waiting", queue="support")
        observed = value(families, "queue_wait_seconds", "_count", queue="support", result="answered")
        assert offered == answered + waiting
        assert observed == answered
    task.cancel()


async def test_no_part_of_a_large_page_holds_the_loop(metrics: Metrics) -> None:
    metrics.configure({f"queue-{n}": QueueTarget() for n in range(100)}, [])
    assert max(part.lines.count("\n") for part in metrics.collect()) <= 200
    families = await page(metrics)
    assert len(families["centralita_queue_ended_otherwise"].samples) == 101 * len(Reason)


async def test_label_values_and_help_are_escaped() -> None:
    odd = Declared("gauge", "odd", 'a "help" \\ of\ntwo lines', ("queue",))
    text = (await render(odd.numbers({('a"b\\c\nd',): math.inf}))).decode()
    (family,) = text_string_to_metric_families(text)
    assert family.documentation == 'a "help" \\ of\ntwo lines'
    assert (family.samples[0].labels, family.samples[0].value) == ({"queue": 'a"b\\c\nd'}, math.inf)


async def test_what_others_count_is_asked_for_once_a_scrape(metrics: Metrics) -> None:
    families = await page(metrics)
    assert value(families, "sip_transactions_active") == 3
    assert value(families, "rtp_ports", state="open") == 2
    assert value(families, "rtp_ports", state="resting") == 0
    assert value(families, "agents_by_state", state="offline") == 1
    assert value(families, "registrations", transport="udp") == 0
    assert value(families, "trunk_up", trunk="carrier") == 1
    assert value(families, "alarms_active", alarm="disk_full") == 1
    assert value(families, "alarms_active", alarm="database_away") == 0
    assert value(families, "tasks_active") == 7
    assert value(families, "config_last_reload_successful") == 1
    metrics.config_reloaded(applied=False)
    assert value(await page(metrics), "config_last_reload_successful") == 0
