"""The administrator's token."""

import os
from pathlib import Path

import pytest

from switch.access.admin_token import AdminToken


def test_the_first_start_makes_it_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "admin.token"
    mask = os.umask(0)
    try:
        token = AdminToken(path)
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().strip()) >= 40
    assert token.matches(path.read_text().strip())


def test_the_stored_file_is_the_token(tmp_path: Path) -> None:
    path = tmp_path / "admin.token"
    path.write_text("mine\n")
    path.chmod(0o644)
    token = AdminToken(path)
    assert token.matches("mine")
    assert not any(map(token.matches, ("Mine", "min", "mine2", "", "mine\n", "ñ", "\udcff")))
    assert path.read_text() == "mine\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_file_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "admin.token").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        AdminToken(tmp_path / "admin.token")
