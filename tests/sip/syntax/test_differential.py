"""Ours against two other parsers: where all agree, where they are known not to, and on damaged messages."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.syntax.malformed import Malformed
from tests.sip import generated as make
from tests.sip.differences import DIFFERENCES, LENIENT, OTHERWISE, REFUSES, SAME, Difference
from tests.sip.oracles import ORACLES, Reading, ours
from tests.sip.syntax.test_mutations import damaged

# The common ground: what nobody reads otherwise. What is left out is in `differences`.
plain = "abcdefXYZ0123456789"
tokens = st.text(f"{plain}-.!*_+~", min_size=1, max_size=12)
users = st.text(f"{plain}-_.!~*()&=+$,?/", min_size=1, max_size=10)
displays = st.text(f"{plain} ,;:@éñ", max_size=12).map(lambda text: " ".join(text.split()))
names = st.builds(lambda start, top: f"{start}.{top}", make.labels, st.text("abcXYZ", min_size=1, max_size=5))
hosts = names.filter(lambda name: "_" not in name) | make.addresses


@st.composite
def addresses(draw: st.DrawFn, tag: bool = False) -> str:
    host = draw(hosts)
    where = f"[{host}]" if ":" in host else host
    port = draw(make.ports)
    uri = f"sip:{draw(users)}@{where}{'' if port is None else f':{port}'}"
    display = draw(displays)
    quoted = f'"{display}" ' if display else ""
    return f"{quoted}<{uri}>{f';tag={draw(tokens)}' if tag else ''}"


@st.composite
def hops(draw: st.DrawFn) -> str:
    host = draw(hosts)
    where = f"[{host}]" if ":" in host else host
    port = draw(make.ports)
    rport = draw(st.sampled_from(["", ";rport", ";received=192.0.2.1;rport=5060"]))
    sent_by = f"{where}{'' if port is None else f':{port}'}"
    transport = draw(st.sampled_from(["UDP", "TCP", "TLS"]))
    return f"SIP/2.0/{transport} {sent_by};branch=z9hG4bK{draw(tokens)}{rport}"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message in which no two of the three could find a difference."""
    method = draw(st.sampled_from(["INVITE", "OPTIONS", "BYE", "REGISTER", "FOO"]))
    start = f"{method} sip:{draw(users)}@{draw(hosts.filter(lambda host: ':' not in host))} SIP/2.0"
    if draw(st.booleans()):
        start = f"SIP/2.0 {draw(st.integers(100, 699))} Any reason"
    lines = [
        f"{draw(st.sampled_from(['Via', 'v', 'via']))}: {hop}"
        for hop in draw(st.lists(hops(), min_size=1, max_size=3))
    ]
    lines += [
        f"{draw(st.sampled_from(['From', 'f', 'FROM']))}: {draw(addresses(tag=True))}",
        f"{draw(st.sampled_from(['To', 't']))}: {draw(addresses(tag=draw(st.booleans())))}",
        f"{draw(st.sampled_from(['Call-ID', 'i']))}: {draw(tokens)}@{draw(tokens)}",
        f"CSeq: {draw(st.integers(0, 2**31 - 1))} {method}",
        "Max-Forwards: 70",
    ]
    lines += [
        f"{draw(st.sampled_from(['Contact', 'm']))}: {each}"
        for each in draw(st.lists(addresses(), max_size=2))
    ]
    body = draw(st.text(plain, max_size=20))
    lines = [*draw(st.permutations(lines)), f"Content-Length: {len(body)}"]
    return "\r\n".join([start, *lines, "", body]).encode()


@given(messages())
def test_all_agree_on_the_common_ground(data: bytes) -> None:
    reading = ours(data)
    assert isinstance(reading, Reading), reading
    for name, read in ORACLES.items():
        assert read(data) == reading, name


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.name)
def test_known_difference(difference: Difference) -> None:
    reading = ours(difference.data)
    assert (reading.fault if isinstance(reading, Malformed) else None) is difference.fault
    assert difference.section
    for name in ORACLES:
        assert verdict(name, difference.data, reading) == getattr(difference, name), name


def verdict(name: str, data: bytes, reading: Reading | Malformed) -> str:
    theirs = ORACLES[name](data)
    if isinstance(theirs, Exception):
        return REFUSES
    return SAME if isinstance(reading, Malformed) or theirs == reading else OTHERWISE


@given(messages(), st.integers(0, 2**32))
def test_what_only_we_refuse_of_damaged_messages_is_a_known_fault(data: bytes, seed: int) -> None:
    for _ in range(3):
        data = damaged(random.Random(seed), data)
        reading = ours(data)
        theirs = [read(data) for read in ORACLES.values()]
        if isinstance(reading, Malformed) and all(isinstance(each, Reading) for each in theirs):
            assert reading.fault in LENIENT, (reading, data)


@given(messages(), st.integers(0, 2**32))
def test_what_we_take_of_damaged_messages_both_others_never_read_alike_and_unlike_us(
    data: bytes, seed: int
) -> None:
    """Where both others agree and we do not, it is we who are wrong."""
    data = damaged(random.Random(seed), data)
    reading = ours(data)
    first, second = (read(data) for read in ORACLES.values())
    if isinstance(reading, Reading) and isinstance(first, Reading) and first == second:
        assert reading == first, data
