"""A phone that watches, and that nobody calls."""

import pytest

from tests.switch.stage import OURS, PHONES, Stage
from tests.switch.watcher import Watcher

BOSS = ("192.0.2.40", 5060)


@pytest.fixture
def sections() -> dict[str, object]:
    return {"phones": {name: {"secret": f"secret of {name}"} for name in (*PHONES, "1009")}}


@pytest.fixture
def boss(stage: Stage) -> Watcher:
    return stage.add(Watcher(stage, "1009", BOSS, OURS, "secret of 1009"))
