"""The declared configuration against the sample, which is the contract's."""

import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel

from switch.config.load import load
from switch.config.queue import Queue
from switch.config.schema import Advertise, Agent, Config, Phone, Route
from switch.config.targets import DialledPhone, EchoTarget, QueueTarget, ToneTarget, TrunkTarget
from switch.config.trunk import Trunk

SAMPLE = Path(__file__).parents[3] / "config" / "centralita.yaml"


@pytest.fixture(scope="module")
def sample() -> Config:
    return load(SAMPLE, {"PHONE_1001": "s3cret-one"})


@pytest.mark.parametrize(
    "section", ["server", "database", "sip", "media", "http", "journal", "trace", "desk", "codes"]
)
def test_the_sample_shows_the_defaults(sample: Config, section: str) -> None:
    shown: BaseModel = getattr(sample, section)
    assert shown == getattr(Config(), section)
    assert shown.model_fields_set == type(shown).model_fields.keys() - {"tls", "hep", "hep_secret"}


def test_the_sample_shows_the_defaults_of_a_queue(sample: Config) -> None:
    queue = sample.queues["support"]
    assert queue == Queue(requires="support >= 1")
    assert queue.model_fields_set == Queue.model_fields.keys() - {
        "recording_notice",
        "prefer_agent",
        "hours",
        "decision",
        "fork",
        "ring",
        "announce_to_agent",
    }


def test_the_sample_shows_the_defaults_of_a_trunk(sample: Config) -> None:
    trunk = sample.trunks["carrier"]
    names = {"accept_from", "proxy"}
    assert trunk.model_dump(exclude=names) == Trunk().model_dump(exclude=names)
    without_default = {"accept_digest", "targets", "credentials", "registration"}
    assert trunk.model_fields_set == Trunk.model_fields.keys() - without_default


def test_the_sample_has_people_phones_and_routes(sample: Config) -> None:
    assert {name: phone.secret.get_secret_value() for name, phone in sample.phones.items()} == {
        "1001": "s3cret-one",
        "1002": "s3cret-two",
    }
    assert sample.agents["ana"] == Agent(name="Ana Ruiz", phone="1001", skills={"support": 8, "english": 9})
    assert sample.agents["luis"] == Agent(name="Luis Gil", phone="1002", skills={"support": 5})
    assert sample.routes == (
        Route(trunk="carrier", to=("600",), go=EchoTarget()),
        Route(trunk="carrier", to=("602",), go=ToneTarget()),
        Route(trunk="carrier", to=("+34911*",), go=QueueTarget("support"), priority=0),
        Route(phone="*", to=("112", "911"), go=TrunkTarget("carrier"), emergency=True),
        Route(phone="*", to=("10??",), go=DialledPhone()),
        Route(phone="*", to=("0[6-9]????????",), strip=1, go=TrunkTarget("carrier")),
    )


def test_a_configuration_crosses_to_another_process(sample: Config) -> None:
    assert pickle.loads(pickle.dumps(sample)) == sample


def test_paths_are_relative_to_data_dir() -> None:
    config = Config.model_validate({"server": {"data_dir": "/srv/c"}})
    assert config.path("centralita.db") == Path("/srv/c/centralita.db")
    assert config.path("/etc/secret") == Path("/etc/secret")


def test_values_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Phone().secret_file = "x"


@pytest.mark.parametrize(
    ("written", "peer", "shown"),
    [
        ("auto", "192.0.2.7", "10.0.0.1"),
        ("203.0.113.5", "10.0.0.7", "203.0.113.5"),
        ({"public": "203.0.113.5", "local": ["10.0.0.0/8"]}, "10.0.0.7", "10.0.0.1"),
        ({"public": "203.0.113.5", "local": ["10.0.0.0/8"]}, "192.0.2.7", "203.0.113.5"),
        ({"public": "203.0.113.5", "local": ["10.0.0.0/8"]}, "2001:db8::7", "203.0.113.5"),
    ],
)
def test_the_address_that_a_peer_is_shown_on_ipv4(written: object, peer: str, shown: str) -> None:
    assert Advertise.model_validate(written).towards(peer, "10.0.0.1") == shown


@pytest.mark.parametrize(
    ("public", "kernel", "shown"),
    [
        ("203.0.113.5", "2001:db8::1", "2001:db8::1"),
        ("2001:db8::5", "10.0.0.1", "10.0.0.1"),
        ("2001:db8::5", "2001:db8::1", "2001:db8::5"),
    ],
)
def test_a_peer_is_shown_no_address_of_the_other_family(public: str, kernel: str, shown: str) -> None:
    assert Advertise(public=public).towards(kernel, kernel) == shown
