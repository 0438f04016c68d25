"""Patterns of numbers."""

import re

import pytest

from switch.config.patterns import beginning, expression, is_plain


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("600", ["600"], ["60", "6000", "x600"]),
        ("+34911*", ["+34911", "+34911000000"], ["34911", "+3491"]),
        ("*", ["", "1", "abc"], []),
        ("10??", ["1001", "10ab"], ["100", "10012"]),
        ("0[6-9]????????", ["0600111222", "0911222333"], ["0500111222", "060011122", "0[6-9]????????"]),
        ("[135]", ["1", "3", "5"], ["2", "135", ""]),
        ("[0-25-79]*", ["0", "2x", "6", "9"], ["3", "4", "8", ""]),
        ("[-+]1", ["-1", "+1"], ["1", ",1"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[^1]", ["^", "1"], ["2"]),
        ("[\\d]", ["\\", "d"], ["1"]),
        ("1.2", ["1.2"], ["1x2"]),
        ("(a|b)+", ["(a|b)+"], ["a", "b"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = re.compile(expression(pattern))
    assert [text for text in (*matching, *others) if compiled.fullmatch(text)] == matching


@pytest.mark.parametrize(
    "pattern", ["", "1*2", "**", "*1", "[", "]", "[]", "[1", "1]", "[[1]]", "[9-0]", "a b", "a\tb"]
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError):
        expression(pattern)


@pytest.mark.parametrize(
    ("pattern", "plain"), [("1001", True), ("+34", True), ("1?", False), ("1*", False), ("[1]", False)]
)
def test_plain_patterns_stand_for_themselves(pattern: str, plain: bool) -> None:
    assert is_plain(pattern) is plain


@pytest.mark.parametrize(
    ("pattern", "length", "begins"),
    [("0[6-9]*", 0, ""), ("0[6-9]*", 1, "0"), ("0[6-9]*", 2, "06"), ("0?*", 4, "0000"), ("12", 1, "1")],
)
def test_how_a_number_of_a_pattern_may_begin(pattern: str, length: int, begins: str) -> None:
    assert beginning(pattern, length) == begins
