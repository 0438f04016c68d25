"""What supervisors do with callers in queues."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from switch.cli.arguments import AgentArgument, ByOption, CallArgument, ConfigOption, wanted_by
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking


def prioritise(
    call: CallArgument,
    priority: Annotated[int, typer.Argument(help="Larger goes first; write -- before one below 0.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a caller in a queue another priority."""
    _act(config, call, "prioritise", priority=priority, by=wanted_by(by))


def assign(
    call: CallArgument, agent: AgentArgument, by: ByOption = None, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Let a waiting caller wait for this agent alone, before everybody else."""
    _act(config, call, "assign", agent=agent, by=wanted_by(by))


def pull(
    call: CallArgument, agent: AgentArgument, by: ByOption = None, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Offer a waiting caller to an agent now, out of his turn."""
    _act(config, call, "pull", agent=agent, by=wanted_by(by))


def move(
    call: CallArgument,
    queue: Annotated[str | None, typer.Argument(help="Another queue; without it, to the front.")] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Move a caller to the front of his queue, or into another one, where he keeps his time."""
    _act(config, call, "move", queue=queue, front=True if queue is None else None, by=wanted_by(by))


def withdraw(
    call: CallArgument,
    target: Annotated[str, typer.Argument(help="hangup or phone:NAME.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a caller out of his queue, and hang up or ring a phone for him."""
    _act(config, call, "withdraw", target=target, by=wanted_by(by))


def _act(config: Path, call: str, what: str, **wanted: object) -> None:
    body = {key: value for key, value in wanted.items() if value is not None}
    with asking(config) as client:
        answer = client.ask("POST", f"/calls/{quote(call, safe='')}/{what}", json=body)
    if answer.status_code == HTTPStatus.NO_CONTENT:
        print(f"{call} has left its queue")
        return
    row = answer.json()
    whom = f", {row['agent'] or row['assigned']}" if row["agent"] or row["assigned"] else ""
    print(f"{call} is {row['state']} in {row['queue']}, priority {row['priority']}{whom}")
