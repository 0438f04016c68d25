"""Identifiers: a ULID's form, sorted by time, never twice."""

from switch.ids import new_id


def test_form_order_and_uniqueness() -> None:
    early, late = new_id(1_700_000_000_000_000), new_id(1_700_000_000_001_000)
    assert len(early) == 26
    assert set(early) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert early < late
    assert len({new_id(1_700_000_000_000_000) for _ in range(1000)}) == 1000


def test_the_first_ten_characters_are_milliseconds() -> None:
    assert new_id(0)[:10] == "0000000000"
    assert new_id(32_000)[:10] == "0000000010"
