"""Tokens of programs: added, shown, revoked."""

import re
from typing import Annotated, Final
from urllib.parse import quote

import typer

from switch.access.rights import Role
from switch.cli.arguments import ConfigOption, CsvOption, JsonOption, TokenArgument
from switch.cli.client import DEFAULT_CONFIG, WrongUsage
from switch.cli.outcome import asking
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import TOKENS

_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400}


def add(
    name: Annotated[str, typer.Argument(help="Of whoever is to hold it: for the audit log.")],
    role: Annotated[Role, typer.Option(help="What it is for.")],
    queue: Annotated[list[str] | None, typer.Option(help="Only this queue; may be repeated.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="Only this agent; may be repeated.")] = None,
    expires: Annotated[str, typer.Option(help="After 30m, 8h, 90d; or never.")] = "90d",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a token, and print its secret: this once."""
    with asking(config) as client:
        wanted = {"name": name, "role": role.value, "queues": queue or [], "agents": agent or []}
        made = client.ask("POST", "/tokens", json=wanted | {"expires_in_s": _seconds(expires)}).json()
    print(made["secret"])


def show_tokens(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Every token that there ever was, its secret aside."""
    with asking(config) as client:
        show(client, Question(TOKENS, "/tokens"), Manner(form(json, csv), watch=False))


def revoke(name: TokenArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take a token back, at once."""
    with asking(config) as client:
        client.ask("DELETE", f"/tokens/{quote(name, safe='')}")
    print(f"{name} is revoked")


def _seconds(text: str) -> int | None:
    """Raises WrongUsage."""
    if text == "never":
        return None
    found = re.fullmatch(r"(\d{1,9})([mhd])", text)
    if found is None:
        raise WrongUsage(f"--expires {text}: write 30m, 8h, 90d, or never")
    return int(found[1]) * _UNITS_S[found[2]]
