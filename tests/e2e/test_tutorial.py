"""The tutorial, executed: its commands in their order in one shell, its phones registered by hand as it says.

Both languages have the same commands, which run at an address of the test's own in place of 127.0.0.1. What
stands in for the checkout has this tree's files; its `scripts/run` begins at once: tests/test_fresh_root.py
proves what it installs. What needs Grafana is printed there and not executed.
"""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.centre import Tell
from tests.peers import ports
from tests.peers.phone import Phones
from tests.peers.switch import ROOT, share_sounds

PAGES = ROOT / "docs" / "tutorial"
MARK = "the end of the block"
COMMAND_S = 40.0
SECRET = re.compile(r"export PHONE_(\d+)=(\w+)")


class Block(NamedTuple):
    """A piece of shell; one that keeps running stays, as in a terminal of its own."""

    text: str
    keeps_running: bool


def blocks(page: str) -> list[Block]:
    found = re.findall(r"^```sh( keeps-running)?\n(.*?)^```$", (PAGES / page).read_text(), re.S | re.M)
    return [Block(text, bool(kind)) for kind, text in found]


class Terminal:
    """A shell in which one block follows another; whatever goes wrong in one fails the test."""

    def __init__(self, shell: asyncio.subprocess.Process) -> None:
        self._shell = shell
        self.told: list[str] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator["Terminal"]:
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-euo",
            "pipefail",
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "200"},
        )
        try:
            yield cls(shell)
        finally:
            if shell.returncode is None:
                shell.kill()
            await shell.wait()

    def write(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(text.encode())

    async def until(self, mark: str) -> str:
        """All that is said before a line that begins with `mark`."""
        assert self._shell.stdout is not None
        said = ""
        while line := (await asyncio.wait_for(self._shell.stdout.readline(), COMMAND_S)).decode():
            self.told.append(line)
            if line.startswith(mark):
                return said
            said += line
        raise AssertionError(f"the shell ended:\n{''.join(self.told[-40:])}")

    async def run(self, block: Block) -> str:
        self.write(f"{block.text}\necho {shlex.quote(MARK)}\n")
        return await self.until(MARK)

    async def start(self, block: Block, mark: str = "") -> None:
        """A block that keeps running, until it says so."""
        self.write(f"exec {block.text}")
        if mark:
            await self.until(mark)

    async def ended(self) -> None:
        """What keeps running has come to its end, as it should."""
        assert await asyncio.wait_for(self._shell.wait(), COMMAND_S) == 0

    def story(self) -> str:
        return "".join(self.told)


def checkout(folder: Path, address: str) -> None:
    """A tree with what the tutorial uses, at an address of its own."""
    for name in ("config", "docs"):
        target = folder / name
        for source in (ROOT / name).rglob("*"):
            if source.suffix in (".yml", ".yaml"):
                copy = target / source.relative_to(ROOT / name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(source.read_text().replace("127.0.0.1", address))
    here = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from switch.cli import main; main()"
    for place, command in (("scripts/run", "serve"), (".venv/bin/centralita", "")):
        script = folder / place
        script.parent.mkdir(parents=True)
        script.write_text(f"#!{sys.executable}\nimport sys\nsys.argv[1:1] = {command.split()}\n{here}\n")
        script.chmod(0o755)
    share_sounds(folder / "var")


def test_both_languages_have_the_same_commands() -> None:
    assert len(blocks("first-queue.md")) == 12
    assert blocks("first-queue.md") == blocks("primera-cola.md")


@pytest.mark.timeout(180)
async def test_the_tutorial_works(tell_on_failure: Tell, tmp_path: Path) -> None:
    address = ports.own_address()
    checkout(tmp_path, address)
    found = [
        Block(one.text.replace("127.0.0.1", address), one.keeps_running) for one in blocks("first-queue.md")
    ]
    secrets, configuration, run, check, registered, call, meanwhile, *rest = found
    left, figures, collect, query, end = rest
    async with AsyncExitStack() as stack:
        first, second, third, fourth = [
            await stack.enter_async_context(Terminal.open(tmp_path)) for _ in range(4)
        ]
        for name, terminal in (("switch", second), ("shell", first), ("sipp", third), ("prometheus", fourth)):
            tell_on_failure(name, terminal.story)
        await first.run(secrets)
        await first.run(configuration)
        second.write(". var/phones.env\n")
        await second.start(run, "ready ")
        examined = await first.run(check)
        assert "bad " not in examined

        phones = await stack.enter_async_context(Phones.running())
        for user, secret in SECRET.findall((tmp_path / "var" / "phones.env").read_text()):
            phone = await phones.phone(user, secret, f"{address}:5060")
            await phone.register()
            await phone.behave("answer")
        said = await first.run(registered)
        states = [line.split()[2] for line in said.splitlines() if line.startswith(("ana", "luis", "marta"))]
        assert states == ["ready"] * 3

        await third.start(call)
        await (await phones.at("1001").next_call(COMMAND_S)).until("established")
        said = await first.run(meanwhile)
        assert "support" in said
        assert "ana" in said
        await third.ended()
        said = await first.run(left)
        assert "answered" in said
        assert "ana" in said, "who had the call, and why"
        assert "INVITE" in said
        assert said.rstrip().endswith(".wav")

        assert 'queue="support"} 1' in await first.run(figures)
        await fourth.start(collect)
        assert "support" in await first.run(query)
        await first.run(end)
        await second.ended()
