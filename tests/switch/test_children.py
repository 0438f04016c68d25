"""Children of a switch that was killed: gone with it, whenever that was."""

import os
import subprocess
import sys

import pytest

from switch.children import command, environment

CHILD = """
import sys
from switch.children import end_with_parent
print("begun", flush=True)
sys.stdin.readline()
end_with_parent()
print("here", flush=True)
sys.stdin.read()
"""
PARENT = f"""
import subprocess, sys
from switch.children import environment
subprocess.run([sys.executable, "-c", {CHILD!r}], stdin=int(sys.argv[1]), env=environment())
"""
"""A switch as far as its child goes; both speak on the same pipe."""


@pytest.mark.parametrize("looks_after_it", [True, False], ids=["after", "before"])
def test_a_child_ends_with_its_parent(looks_after_it: bool) -> None:
    """Killed after the child has begun to look after it, or before."""
    reader, writer = os.pipe()
    with (
        os.fdopen(writer, "wb", buffering=0) as line,
        subprocess.Popen(
            [sys.executable, "-c", PARENT, str(reader)],
            stdout=subprocess.PIPE,
            env=environment(),
            pass_fds=[reader],
        ) as parent,
    ):
        os.close(reader)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"begun\n"
        if looks_after_it:
            line.write(b"look\n")
            assert parent.stdout.readline() == b"here\n"
        parent.kill()
        parent.wait()
        if not looks_after_it:
            line.write(b"look\n")
        assert parent.stdout.read() == b"", "the child lives"


def test_a_child_begun_by_hand_has_any_parent() -> None:
    """Nobody has said whose child it is."""
    alone = {name: value for name, value in environment().items() if name != "CENTRALITA_PARENT"}
    said = subprocess.run(
        [sys.executable, "-c", CHILD], input=b"look\n", stdout=subprocess.PIPE, env=alone, check=True
    )
    assert said.stdout == b"begun\nhere\n"


def test_what_runs_a_module() -> None:
    assert command("switch.demo", "a.yaml") == (sys.executable, "-m", "switch.demo", "a.yaml")
