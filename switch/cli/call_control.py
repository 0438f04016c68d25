"""What a supervisor, or a program in a shell, does with calls that go on."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from switch.cli.arguments import AgentArgument, CallArgument, ConfigOption, PhoneArgument
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking


def originate(
    agent: AgentArgument,
    to: Annotated[str, typer.Argument(help="The number, as his phone would dial it.")],
    answers: Annotated[bool, typer.Option("--answer", help="Ask his phone to answer by itself.")] = False,
    variable: Annotated[
        list[str] | None, typer.Option("--variable", help="NAME=VALUE, that goes with the call; repeatable.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Ring an agent's phone, and call a number once he answers."""
    pairs = [each.partition("=") for each in variable or ()]
    if not all(sign for _, sign, _ in pairs):
        raise typer.BadParameter("--variable is written NAME=VALUE")
    variables = {name: value for name, _, value in pairs}
    body = {"agent": agent, "to": to, "answers": answers, "variables": variables}
    with asking(config) as client:
        print(client.ask("POST", "/calls", json=body).json()["id"])


def transfer(
    call: CallArgument,
    to: Annotated[str, typer.Argument(help="A number that the phone in the call could dial.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send the caller on; whoever talks to him leaves."""
    with asking(config) as client:
        answer = client.ask("POST", f"/calls/{quote(call, safe='')}/transfer", json={"to": to})
    print(f"{call} goes to {answer.json()['target']}")


def hold(call: CallArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Part the phone in a call from the other side, who hears music."""
    _post(config, call, "hold")
    print(f"{call} is held")


def resume(call: CallArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Join them again."""
    _post(config, call, "resume")
    print(f"{call} goes on")


def listen(call: CallArgument, phone: PhoneArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Ring a phone that hears both sides of a call, and whom nobody hears."""
    _supervise(config, call, phone, "listen")


def whisper(call: CallArgument, phone: PhoneArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """As `listen`, and the agent hears it, too; the same phone again changes at once."""
    _supervise(config, call, phone, "whisper")


def barge(call: CallArgument, phone: PhoneArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """As `listen`, and all three hear each other."""
    _supervise(config, call, phone, "barge")


def take_over(call: CallArgument, phone: PhoneArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a phone have the agent's place in a call."""
    _supervise(config, call, phone, "take_over")


def _supervise(config: Path, call: str, phone: str, mode: str) -> None:
    _post(config, call, "supervise", phone=phone, mode=mode)
    print(f"{phone} is asked to {mode.replace('_', ' ')}")


def _post(config: Path, call: str, what: str, **body: object) -> None:
    with asking(config) as client:
        client.ask("POST", f"/calls/{quote(call, safe='')}/{what}", json=body or None)


COMMANDS = (originate, transfer, hold, resume, listen, whisper, barge, take_over)
