"""Requirements are interned into classes, skills into signatures."""

import pytest

from acd.eligibility import Eligibility
from acd.settings import AgentSettings
from acd.skills import SkillError


def test_expressions_of_one_normal_form_share_a_class() -> None:
    eligibility = Eligibility()
    eligibility.intern(["a>=1", "( a >= 1 )", "b >= 1"])
    assert eligibility.of_requirement("a>=1") is eligibility.of_requirement("( a >= 1 )")
    assert eligibility.of_requirement("a>=1") is not eligibility.of_requirement("b >= 1")


def test_agents_of_the_same_levels_share_a_signature() -> None:
    eligibility = Eligibility()
    eligibility.intern(["a >= 1", "b >= 1", ""])
    first = eligibility.of_agent(AgentSettings("ana", {"a": 1, "c": 2}))
    assert first is eligibility.of_agent(AgentSettings("luis", {"c": 2, "a": 1}))
    assert [str(one.requirement) for one in first] == ["a >= 1", ""]


def test_an_expression_that_cannot_be_read_changes_nothing() -> None:
    eligibility = Eligibility()
    eligibility.intern(["a >= 1"])
    kept = eligibility.of_requirement("a >= 1")
    with pytest.raises(SkillError):
        eligibility.intern(["b >= 1", "b >="])
    assert eligibility.of_requirement("a >= 1") is kept


def test_interning_anew_forgets_who_had_which_skills() -> None:
    eligibility = Eligibility()
    eligibility.intern(["a >= 1"])
    assert eligibility.of_agent(AgentSettings("ana")) == ()
    eligibility.intern(["a >= 1"])
    assert len(eligibility.of_agent(AgentSettings("ana", {"a": 1}))) == 1
