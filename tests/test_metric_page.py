"""The written page is that of the families, and leaves no label unexplained."""

from tests.metric_page import PAGE, VALUES, declared, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.metric_page`"


def test_every_label_is_explained() -> None:
    assert {label for one in declared() for label in one.labels} == set(VALUES)
