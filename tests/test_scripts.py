"""The entry points of the house, as a shell sees them."""

import subprocess
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


def bash(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a few lines after the shared set-up, which by itself does nothing."""
    source = f"set -euo pipefail; . {SCRIPTS}/setup.sh; {script}"
    return subprocess.run(["bash", "-c", source], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["run", "test", "bench", "fresh-root"])
def test_every_script_says_how_it_is_used(name: str) -> None:
    told = subprocess.run([SCRIPTS / name, "--help"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(f"usage: scripts/{name}")


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--config"], ["centralita.yaml"]])
def test_wrong_usage_is_told_before_anything_is_set_up(arguments: list[str]) -> None:
    told = subprocess.run([SCRIPTS / "run", *arguments], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith("usage: scripts/run")


def test_what_cannot_be_installed_is_one_line_to_type() -> None:
    told = bash("can_install() { false; }; ensure_packages bash no-such-package")
    assert told.returncode == 1
    assert "sudo apt-get install --no-install-recommends no-such-package" in told.stderr


def test_what_is_there_is_not_asked_for() -> None:
    assert bash("can_install() { exit 9; }; ensure_packages bash coreutils").returncode == 0


def test_a_library_that_is_wanted_and_not_to_be_had_stops_nothing() -> None:
    told = bash("can_install() { false; }; has_opus() { false; }; ensure_libraries; echo on")
    assert (told.returncode, told.stdout) == (0, "on\n")
    assert "going on without libopus-dev: no Opus" in told.stderr


def test_a_stamp_holds_until_what_it_depends_on_changes(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("one")
    told = bash(
        f"""
        cd {tmp_path}; STAMPS=stamps
        step() {{
            local hash; hash="$(hash_of "$1" -- lock)"
            stamped it "$hash" && return; echo "$1 done"; stamp it "$hash"
        }}
        step 3.11; step 3.11; echo two >lock; step 3.11; step 3.12
        """
    )
    assert told.stdout.splitlines() == ["3.11 done", "3.11 done", "3.12 done"], told.stderr


def test_the_second_set_up_takes_a_moment_and_says_nothing() -> None:
    started = time.monotonic()
    told = bash('pip_install() { fail "pip $*"; }; ensure_environment test')
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert time.monotonic() - started < 5
