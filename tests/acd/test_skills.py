"""Skill expressions: what they accept, what they are called, and what their errors say."""

import pytest

from acd.skills import MAX_DEPTH, SkillError, both, parse

SAMPLE = "support >= 1 and (english >= 5 or spanish >= 5) and not trainee >= 1"


@pytest.mark.parametrize(
    ("skills", "accepted"),
    [
        ({"support": 1, "english": 5}, True),
        ({"support": 1, "spanish": 9}, True),
        ({"support": 1, "english": 4, "spanish": 4}, False),
        ({"support": 0, "english": 5}, False),
        ({"english": 5}, False),
        ({"support": 3, "english": 7, "trainee": 1}, False),
        ({"support": 3, "english": 7, "trainee": 0}, True),
        ({}, False),
    ],
)
def test_and_or_not(skills: dict[str, int], accepted: bool) -> None:
    assert parse(SAMPLE).accepts(skills) is accepted


@pytest.mark.parametrize(
    ("sign", "accepted"),
    [
        (">=", (False, True, True)),
        (">", (False, False, True)),
        ("==", (False, True, False)),
        ("!=", (True, False, True)),
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
    ],
)
def test_comparisons(sign: str, accepted: tuple[bool, ...]) -> None:
    requirement = parse(f"level {sign} 5")
    assert tuple(requirement.accepts({"level": level}) for level in (4, 5, 6)) == accepted


def test_a_lacking_skill_is_level_0() -> None:
    assert parse("trainee == 0").accepts({})
    assert parse("support < 1").accepts({})


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_the_empty_expression_takes_everyone(text: str) -> None:
    assert parse(text).accepts({})
    assert str(parse(text)) == ""


def test_and_binds_tighter_than_or_and_not_tightest() -> None:
    requirement = parse("a >= 1 or b >= 1 and not c >= 1")
    assert requirement.accepts({"a": 1, "c": 1})
    assert requirement.accepts({"b": 1})
    assert not requirement.accepts({"b": 1, "c": 1})


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a>=1", "a >= 1"),
        ("( a >= 01 )", "a >= 1"),
        ("a >= 1 and (b >= 1 or c >= 1)", "a >= 1 and (b >= 1 or c >= 1)"),
        ("(a >= 1 and b >= 1) or c >= 1", "a >= 1 and b >= 1 or c >= 1"),
        ("not (a >= 1 or b >= 1)", "not (a >= 1 or b >= 1)"),
        ("not not a >= 1", "not not a >= 1"),
        ("inglés_b2.x-1 >= 5", "inglés_b2.x-1 >= 5"),
        (SAMPLE, SAMPLE),
    ],
)
def test_the_normal_form_reads_back_to_itself(text: str, form: str) -> None:
    assert str(parse(text)) == form
    assert str(parse(form)) == form


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("support", 8, "expected a comparison; write 'support >= 1'"),
        ("support = 1", 9, "'=' is no comparison; write 'support == LEVEL'"),
        ("support >=", 11, "expected a level, as in 'support >= 1'"),
        ("support >= high", 12, "expected a level, as in 'support >= 1'"),
        ("support >= 1 english >= 1", 14, "expected 'and' or 'or' before 'english'"),
        ("support >= 1 and", 17, "expected a skill, as in 'support >= 1'; the expression ends here"),
        ("support >= 1 AND b >= 1", 14, "write 'and' instead of 'AND'"),
        ("support and b >= 1", 9, "expected a comparison; write 'support >= 1'"),
        ("(support >= 1", 1, "'(' is never closed; add ')'"),
        ("support >= 1)", 13, "')' without '('; remove it"),
        ("1 >= support", 1, "expected a skill, as in 'support >= 1'; found '1'"),
        ("a >= 1 & b >= 1", 8, "'&' has no place here; only >= > == != < <= and ( )"),
        ("a >= -1", 6, "'-' has no place here; only >= > == != < <= and ( )"),
        ("a >= " + "9" * 5000, 6, "a level has 9 digits at most"),
        ("not", 4, "expected a skill, as in 'support >= 1'; the expression ends here"),
    ],
)
def test_errors_name_the_column_and_the_remedy(text: str, column: int, message: str) -> None:
    with pytest.raises(SkillError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.message) == (column, message)


@pytest.mark.parametrize("nest", ["(", "not "])
def test_nesting_has_a_limit(nest: str) -> None:
    with pytest.raises(SkillError, match="nested deeper"):
        parse(nest * (MAX_DEPTH + 2) + "a >= 1")


@pytest.mark.parametrize(
    ("text", "skills", "gap"),
    [
        ("", {"support": 9}, 0),
        ("support >= 3", {"support": 9}, 6),
        ("support > 3", {"support": 9}, 5),
        ("support >= 3 and english >= 5", {"support": 4, "english": 9}, 5),
        ("english >= 5 or spanish >= 5", {"english": 9, "spanish": 6}, 1),
        ("english >= 5 or spanish >= 5", {"english": 9, "spanish": 4}, 4),
        ("support >= 1 and not trainee >= 1", {"support": 1}, 0),
        ("support <= 3", {"support": 1}, 0),
    ],
)
def test_the_gap_is_what_is_more_than_asked(text: str, skills: dict[str, int], gap: int) -> None:
    assert parse(text).gap(skills) == gap


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        (SAMPLE, ("support", "english", "spanish")),
        ("a >= 1 and a < 5 and b != 2", ("a",)),
        ("a == 3 or a > 7 or not (b >= 2)", ("a",)),
    ],
)
def test_what_is_asked_for(text: str, wanted: tuple[str, ...]) -> None:
    assert parse(text).wanted() == wanted


@pytest.mark.parametrize(
    ("first", "second", "form"),
    [
        ("", "", ""),
        ("a >= 1", "", "a >= 1"),
        ("", "a >= 1", "a >= 1"),
        ("a >= 1", "a >= 1", "a >= 1"),
        ("a >= 1 or b >= 1", "c >= 1 and d >= 1", "(a >= 1 or b >= 1) and c >= 1 and d >= 1"),
    ],
)
def test_both(first: str, second: str, form: str) -> None:
    assert str(both(parse(first), parse(second))) == form
