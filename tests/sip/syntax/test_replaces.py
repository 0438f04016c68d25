"""Names of dialogs, as other dialogs speak of them."""

import pytest

from sip.syntax.malformed import Malformed
from sip.syntax.replaces import DialogName


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("9@sip.example.com;from-tag=r33;to-tag=ff8", DialogName("9@sip.example.com", "ff8", "r33")),
        ("12adf ; To-Tag=12345 ; from-tag=54321;early-only", DialogName("12adf", "12345", "54321", True)),
        ("a;to-tag=1;from-tag=0;other=x;other=x", DialogName("a", "1", "0")),
    ],
)  # fmt: skip
def test_replaces(text: str, name: DialogName) -> None:
    assert DialogName.of_replaces(text) == name


def test_who_names_the_dialog_of_another_call_sees_it_from_his_side() -> None:
    name = DialogName.of_target_dialog("a@b;local-tag=mine;remote-tag=yours")
    assert name == DialogName("a@b", local_tag="yours", remote_tag="mine")


@pytest.mark.parametrize(
    "text",
    ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2",
     "a;to-tag=1;to-tag=2;from-tag=3", "a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2"],
)  # fmt: skip
def test_what_names_no_dialog(text: str) -> None:
    with pytest.raises(Malformed):
        DialogName.of_replaces(text)
