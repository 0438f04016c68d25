"""Every text is there in every language, and names only what it is given."""

import string
from collections.abc import Mapping

import pytest

from acd.counterfactual import Change
from acd.explaining import Bar
from acd.strategies import Ranking
from acd.why import Rule
from switch.config.schema import Language
from switch.why import texts


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    "table", [texts.RANKS, texts.SENTENCES, texts.BARS, texts.COUNTS, texts.RIVALS, texts.IFS, texts.THENS]
)
def test_the_languages_say_the_same(table: Mapping[Language, Mapping[object, str]]) -> None:
    english = table[Language.EN]
    for language in Language:
        assert table[language].keys() == english.keys()
        for key, text in table[language].items():
            assert fields(text) == fields(english[key]), (language, key)


def test_everything_that_can_be_said_has_a_text() -> None:
    english = Language.EN
    assert set(texts.RANKS[english]) == set(Ranking)
    assert set(texts.BARS[english]) == set(texts.COUNTS[english]) == set(Bar)
    assert set(texts.IFS[english]) == set(Change)
    assert set(Rule) <= set(texts.SENTENCES[english])
