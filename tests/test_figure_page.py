"""The page of the figures is as the registry is."""

from switch.figures.definitions import WORDS
from switch.figures.formulas import FORMULAS
from tests.figure_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m tests.figure_page"


def test_every_formula_is_defined_in_both_languages_and_nothing_else_is() -> None:
    for language, words in WORDS.items():
        assert set(words) == set(FORMULAS), language
