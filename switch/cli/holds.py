"""`centralita hold`: what must not be deleted, whatever its age; and `centralita history sweep`."""

from typing import Annotated
from urllib.parse import quote

import typer

from switch.cli.arguments import ByOption, ConfigOption, CsvOption, HoldArgument, JsonOption, wanted_by
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import HOLDS

commands = typer.Typer(help="Legal holds: what is not deleted, whatever its age.", no_args_is_help=True)


@commands.command()
def add(
    why: Annotated[str, typer.Option("--why", help="The reason, for who asks later.")],
    call: Annotated[str | None, typer.Option(help="This call.")] = None,
    number: Annotated[str | None, typer.Option(help="Calls from or to this number.")] = None,
    queue: Annotated[str | None, typer.Option(help="Calls that visited this queue.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Calls that went on after this time.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Calls that began before this time.")] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Hold calls and their recordings; of several options all must be true. Times as RFC 3339 has them."""
    body = {"call": call, "number": number, "queue": queue, "from": since, "to": until}
    with asking(config) as client:
        hold = client.ask("POST", "/holds", json={**body, "why": why, "by": wanted_by(by)}).json()
    print(hold["id"])


@commands.command()
def remove(hold: HoldArgument, by: ByOption = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take a hold back, by the id that `show` shows."""
    with asking(config) as client:
        client.ask("DELETE", f"/holds/{quote(hold, safe='')}", params={"by": wanted_by(by)})
    print(f"{hold} is lifted")


@commands.command("show")
def show_holds(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Every hold: on what, who wanted it, why and since when."""
    with asking(config) as client:
        show(client, Question(HOLDS, "/holds"), Manner(form(json, csv), False))


def sweep(
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing: say what would go.")] = False,
) -> None:
    """Have the running switch delete now what is older than `retention` says, as it does each hour."""
    with asking(config) as client:
        deleted = client.ask("POST", "/retention", json={"dry_run": dry_run}, patient=True).json()["deleted"]
    for kind, count in deleted.items():
        print(f"{kind}: {count} {'would go' if dry_run else 'deleted'}")
    if not deleted:
        print("nothing has an age in the configuration's `retention`: all is kept")
