"""The configuration of the first start."""

import stat
from pathlib import Path

import pytest

from switch.config.first import write_first
from switch.config.load import load
from switch.config.queue import Queue
from tests.switch.config.test_schema import SAMPLE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "centralita.yaml"


def test_it_is_the_sample_with_secrets_of_its_own(path: Path) -> None:
    first = load(write_first(path), {})
    sample = load(SAMPLE, {"PHONE_1001": "x"})
    assert first.server.data_dir == path.parent
    assert first.trunks == sample.trunks
    assert first.agents == sample.agents
    assert first.routes == sample.routes
    assert first.queues == {"support": Queue(requires="support >= 1")}
    assert first.phones.keys() == sample.phones.keys()


def test_secrets_are_random_and_only_the_owner_reads_them(tmp_path: Path, path: Path) -> None:
    secrets = {
        phone.secret.get_secret_value()
        for written in (write_first(path), write_first(tmp_path / "other.yaml"))
        for phone in load(written).phones.values()
    }
    assert len(secrets) == 4
    assert all(len(secret) == 20 for secret in secrets)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["centralita.yaml"]


def test_a_file_that_is_there_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    assert write_first(path) == path
    assert path.read_text() == "mine"


def test_a_dangling_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    write_first(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("folder", ["with space", "ñandú: x", "a ${HOME} b", 'a"b'])
def test_any_folder_will_do(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "centralita.yaml"
    assert load(write_first(path), {}).server.data_dir == path.parent
