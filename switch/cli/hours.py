"""Queues closed out of turn, and opened again."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from switch.cli.arguments import ByOption, ConfigOption, QueueOrAll, wanted_by
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking, leave

AllOption = Annotated[bool, typer.Option("--all", help="Every queue.")]
WhyOption = Annotated[str, typer.Option("--reason", help="Why, for the log and for who asks.")]


def close(
    name: QueueOrAll = None,
    every: AllOption = False,
    reason: WhyOption = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Close a queue out of turn: who calls goes where `closed` leads, until it is opened again."""
    _ask(config, "close", name, every, reason, by)


def reopen(
    name: QueueOrAll = None,
    every: AllOption = False,
    reason: WhyOption = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take `close` back; a queue whose hours are over stays closed."""
    _ask(config, "open", name, every, reason, by)


def _ask(config: Path, what: str, name: str | None, every: bool, why: str, by: str | None) -> None:
    if every == (name is not None):
        leave(2, "name a queue, or say --all")
    path = f"/queues/{what}" if name is None else f"/queues/{quote(name, safe='')}/{what}"
    with asking(config) as client:
        rows = client.ask("POST", path, json={"why": why, "by": wanted_by(by)}).json()
    for row in rows.get("items", [rows]):
        print(f"{row['name']} is {'open' if row['closed'] is None else 'closed: ' + row['closed']}")
