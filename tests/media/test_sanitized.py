"""The engine under AddressSanitizer, built in a folder of its own, where all tests of the media run again.

Only what the sanitizer says is judged: it slows everything down, so a test that counts on time may fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".*", "*.so", "*.c", "*.egg-info", "__pycache__", "build", "var")
NOT_THE_ENGINE = ("--ignore=tests/media/test_prompts.py", "--ignore=tests/media/spoken")
MINUTE_S = 60


def library() -> str:
    """Its own comes before all others, since Python itself is built without it."""
    return subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.long
@pytest.mark.timeout(30 * MINUTE_S)
def test_no_octet_is_touched_that_is_not_ours(tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(ROOT, house, ignore=shutil.ignore_patterns(*LEFT_OUT))
    built = {**os.environ, "CENTRALITA_SANITIZE": "1", "PYTHONPATH": str(house)}
    for build in (
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        [sys.executable, "-c", "from tests.compiling import ensure_compiled; ensure_compiled('tests.media')"],
    ):
        subprocess.run(build, cwd=house, env=built, capture_output=True, check=True, timeout=10 * MINUTE_S)
    watched = {
        **built,
        "LD_PRELOAD": library(),
        "PYTHONMALLOC": "malloc",  # or Python's own heap would hide what overflows into it
        "ASAN_OPTIONS": f"detect_leaks=0:halt_on_error=1:log_path={tmp_path / 'found'}",
    }
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/media", *NOT_THE_ENGINE]
    done = subprocess.run(
        run, cwd=house, env=watched, capture_output=True, text=True, timeout=20 * MINUTE_S, check=False
    )
    print(done.stdout[-4000:])
    assert [report.read_text()[:4000] for report in tmp_path.glob("found.*")] == []
    assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]
    assert " passed" in done.stdout
