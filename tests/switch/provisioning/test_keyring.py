"""The key in data_dir."""

from pathlib import Path

import pytest

from switch.provisioning.keyring import read_key


def test_it_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    key = read_key(tmp_path)
    assert len(key) == 32
    file = tmp_path / "provisioning.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert read_key(tmp_path) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    assert read_key(tmp_path) != key


def test_a_key_that_was_cut_short_is_none(tmp_path: Path) -> None:
    (tmp_path / "provisioning.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="delete it"):
        read_key(tmp_path)
