"""Completion for three shells: commands, options, and the names that the running switch knows."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer import completion as scripts

from switch.cli.client import DEFAULT_CONFIG, Client, NoSwitch, Refusal, WrongUsage, place

_PATIENCE_S: Final = 1.0
"""Somebody waits at his keyboard: longer than that, and there are no names."""


# Typer keeps them where its own --install-completion finds them.
_script: Final = scripts.get_completion_script  # type: ignore[attr-defined]
_init: Final = scripts.completion_init  # type: ignore[attr-defined]


class Shell(StrEnum):
    """What it is for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Whose script to print.")]) -> None:
    """Print a script that completes commands, options and names.

    bash and zsh: eval "$(centralita completion bash)" in ~/.bashrc, or zsh in ~/.zshrc.
    fish: centralita completion fish > ~/.config/fish/completions/centralita.fish
    """
    print(_script(prog_name="centralita", complete_var="_CENTRALITA_COMPLETE", shell=shell.value))


def understand_shells() -> None:
    """Answer the questions that those scripts ask."""
    _init()


def names(kind: str, key: str = "name") -> Callable[[typer.Context, str], list[str]]:
    """Completes an argument by what the switch lists under `/kind`; by nothing where none answers."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        config: Path = context.params.get("config") or DEFAULT_CONFIG
        try:
            client = Client(place(config), timeout_s=_PATIENCE_S)
            rows: list[dict[str, Any]] = client.ask("GET", f"/{kind}").json()["items"]
        except (NoSwitch, Refusal, WrongUsage):
            return []
        return [str(row[key]) for row in rows if str(row[key]).startswith(incomplete)]

    return complete
