"""What a shell completes, asked by the shell itself: bash, zsh and fish source our script and answer."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switch.cli.app import app
from tests.e2e.centre import centre
from tests.peers.switch import ROOT, Switch

BASH = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_centralita_completion centralita "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = "source {script}; complete -C '{line}'"
ZSH = """
autoload -Uz compinit; compinit -u -d {folder}/dump
source {script}
words=({words}) _CENTRALITA_COMPLETE=complete_zsh _TYPER_COMPLETE_ARGS='{line}' centralita
"""


@pytest.fixture
def path(tmp_path: Path) -> dict[str, str]:
    """An environment in which `centralita` is that of this tree."""
    command = tmp_path / "bin" / "centralita"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom switch.cli import main\nmain()\n")
    command.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with Switch.running(capture=False, **centre()) as up:
        yield up


def completed(shell: str, line: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """What the shell offers at the end of a line; a word and, behind a tab or colon, what it says of it."""
    script = folder / f"script.{shell}"
    script.write_text(CliRunner().invoke(app, ["completion", shell]).stdout)
    template = {"bash": BASH, "zsh": ZSH, "fish": FISH}[shell]
    text = template.format(
        script=script, folder=folder, line=line, words=" ".join(f"'{w}'" for w in line.split(" "))
    )
    done = subprocess.run(
        [shell, "-c", text], env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stderr == ""
    return [one.split("\t")[0].strip() for one in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "shell", ["bash", *(pytest.param(shell, marks=pytest.mark.long) for shell in ("zsh", "fish"))]
)
@pytest.mark.timeout(90)
async def test_a_shell_completes_commands_and_names(
    shell: str, switch: Switch, tmp_path: Path, path: dict[str, str]
) -> None:
    assert shutil.which(shell), f"scripts/test installs {shell}"
    commands = completed(shell, "centralita que", tmp_path, path)
    assert any("queue" in one for one in commands), commands
    names = completed(shell, f"centralita queue show --config {switch.config_file} su", tmp_path, path)
    assert any("support" in one for one in names), names


@pytest.mark.timeout(60)
async def test_without_a_switch_no_name_is_offered(tmp_path: Path, path: dict[str, str]) -> None:
    nowhere = tmp_path / "no.yaml"
    nowhere.write_text(f"server: {{data_dir: {tmp_path}}}\n")
    assert completed("bash", f"centralita queue show --config {nowhere} su", tmp_path, path) in ([], [""])
