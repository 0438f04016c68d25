"""What a new configuration changes."""

import pytest

from switch.config.changes import Difference, compare
from switch.config.schema import Config

OLD = {
    "trunks": {"c": {"proxy": "sip:10.0.0.1"}},
    "phones": {"1": {"secret": "a"}, "2": {"secret": "b"}},
    "agents": {"ana": {"phone": "1"}, "luis": {"phone": "2"}},
    "queues": {"support": {}, "sales": {}},
    "routes": [{"phone": "*", "go": "echo"}],
}


def test_nothing() -> None:
    changes = compare(Config.model_validate(OLD), Config.model_validate(OLD))
    assert not changes
    assert str(changes) == "nothing changed"


def test_everything() -> None:
    new = {
        "server": {"drain_timeout": "1s", "data_dir": "x"},
        "sip": {"domain": "x.example"},
        "http": {"listen": "127.0.0.1:8081"},
        "trunks": {"d": {"proxy": "sip:10.0.0.1"}},
        "phones": {"1": {"secret": "other"}, "2": {"secret": "b"}, "3": {"secret": "c"}},
        "agents": {"ana": {"phone": "3"}},
        "queues": {"support": {"record": "no"}, "sales": {}},
        "routes": [{"phone": "*", "go": "tone"}],
    }
    changes = compare(Config.model_validate(OLD), Config.model_validate(new))
    assert changes
    assert changes.trunks == Difference(added=frozenset({"d"}), removed=frozenset({"c"}))
    assert changes.phones == Difference(added=frozenset({"3"}), changed=frozenset({"1"}))
    assert changes.agents == Difference(removed=frozenset({"luis"}), changed=frozenset({"ana"}))
    assert changes.queues == Difference(changed=frozenset({"support"}))
    assert changes.routes
    assert changes.settings == ("server.drain_timeout", "sip.domain")
    assert changes.restart == (("server", "data_dir"), ("http", "listen"))
    assert str(changes) == (
        "trunks added: d; trunks removed: c; phones added: 3; phones changed: 1; agents removed: luis; "
        "agents changed: ana; queues changed: support; routes changed; server.drain_timeout changed; "
        "sip.domain changed"
    )


def test_codes_and_the_desk_take_effect_at_once() -> None:
    new = {**OLD, "codes": {"login": "*91"}, "desk": {"wrap_up_extension": "1m"}}
    changes = compare(Config.model_validate(OLD), Config.model_validate(new))
    assert str(changes) == "desk.wrap_up_extension changed; codes.login changed"
    assert not changes.restart


def test_music_takes_effect_at_once() -> None:
    new = OLD | {"music": {"default": {"start": "live"}}}
    changes = compare(Config.model_validate(OLD), Config.model_validate(new))
    assert (changes.settings, changes.restart) == (("music",), ())
    assert str(changes) == "music changed"


@pytest.mark.parametrize("section", ["trunks", "phones", "agents", "queues", "routes"])
def test_one_section(section: str) -> None:
    changes = compare(
        Config.model_validate(OLD), Config.model_validate(OLD | {section: {} if section != "routes" else []})
    )
    changed = [name for name in ("trunks", "phones", "agents", "queues", "routes") if getattr(changes, name)]
    assert changed == [section]
