"""The written page is that of the types and the sample, and has a key of every section."""

from switch.config.schema import Config
from tests.configuration_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.configuration_page`"


def test_every_section_is_there() -> None:
    sections = {line.split("`")[1].split(".")[0] for line in page().splitlines() if line.startswith("## `")}
    assert sections | {"lamp_lists"} >= {name.removesuffix("[]") for name in Config.model_fields} - {
        "routes",
        "reports",
    }
    assert {"routes[]", "reports[]"} <= sections
