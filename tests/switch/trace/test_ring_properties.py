"""Whatever passes in whatever order: the sums are right, the bounds hold, and no message stands twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.trace import ring as rings
from switch.trace.ring import OVERHEAD_BYTES, Ring
from tests.switch.trace.wire import Wire, request, response

NAMES = st.integers(0, 5)
PASSES = st.tuples(st.sampled_from(["INVITE", "BYE", "out"]), NAMES, st.sampled_from([0, 0, 0, 3000, 60_000]))
CLAIMS = st.tuples(st.just("claim"), NAMES, NAMES)
RESIZES = st.tuples(st.just("resize"), st.integers(0, 4), st.just(0))
STEPS = st.lists(st.one_of(PASSES, PASSES, CLAIMS, RESIZES), max_size=60)


def assert_sound(ring: Ring, calls: list[str]) -> None:
    strands = ring.strands()
    groups = [ring.call(call) or [] for call in calls]
    everything = {id(strand): strand for strand in [*strands, *(each for group in groups for each in group)]}
    sizes = 0
    numbers: list[int] = []
    for strand in everything.values():
        sizes += len(strand.sip_call_id) + OVERHEAD_BYTES
        sizes += sum(len(entry[3]) + OVERHEAD_BYTES for entry in strand.entries)
        numbers += [entry[0] for entry in strand.entries]
        assert strand in strand.group.strands
    assert len(numbers) == len(set(numbers))
    if calls:
        assert ring.size == sizes


@given(STEPS, st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_any_order(steps: list[tuple[str, int, int]], calls: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, most in (("OTHERS", 3), ("OTHERS_BYTES", 100_000), ("CALLS_BYTES", 150_000)):
            patch.setattr(rings, name, most)
        wire = Wire()
        ring = wire.ring(calls)
        known = [f"call {number}" for number in range(6)]
        for kind, one, other in steps:
            match kind:
                case "claim":
                    ring.claim(f"call {one}", f"leg {other}")
                case "resize":
                    ring.resize(one)
                case "out":
                    wire.show("out", response("200 OK", call_id=f"leg {one}", body="x" * other))
                case _:
                    wire.show("in", request(kind, f"leg {one}", body="x" * other))
            if ring._keeps:
                assert_sound(ring, known)
                assert ring.size < 100_000 + 150_000 + 2 * 62_000 * rings.HEAD
