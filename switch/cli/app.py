"""The commands. Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 no switch answers."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from switch.cli import (
    acts,
    audit,
    call_control,
    completion,
    convert,
    doctor,
    history,
    holds,
    hours,
    logs,
    report,
    tables,
    tokens,
    trace,
    webhooks,
    why,
)
from switch.cli.arguments import (
    CONFIG_VARIABLE,
    AddressArgument,
    AgentArgument,
    AgentOption,
    AgentOrAll,
    CallArgument,
    CallOrAll,
    ConfigOption,
    CsvOption,
    JsonOption,
    LastOption,
    PhoneArgument,
    QueueOption,
    QueueOrAll,
    SinceOption,
    WatchOption,
)
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.completion import names
from switch.cli.outcome import asking
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import Column


class CallState(StrEnum):
    """Which calls to show."""

    ACTIVE = "active"
    ENDED = "ended"


def _group(text: str) -> typer.Typer:
    return typer.Typer(help=text, no_args_is_help=True)


app = typer.Typer(
    name="centralita",
    help="A contact-centre telephone switch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
queue_commands = _group("Queues.")
agent_commands = _group("Agents.")
call_commands = _group("Calls.")
phone_commands = _group("Phones.")
trunk_commands = _group("Trunks.")
ban_commands = _group("Banned addresses.")
alarm_commands = _group("What is wrong with the switch.")
webhook_commands = _group("Webhooks.")
token_commands = _group("Tokens of programs.")
audit_commands = _group("Who did what.")
for _name, _commands in (
    ("queue", queue_commands),
    ("agent", agent_commands),
    ("call", call_commands),
    ("phone", phone_commands),
    ("trunk", trunk_commands),
    ("ban", ban_commands),
    ("alarm", alarm_commands),
    ("webhook", webhook_commands),
    ("history", history.commands),
    ("hold", holds.commands),
    ("token", token_commands),
    ("audit", audit_commands),
):
    app.add_typer(_commands, name=_name)
history.commands.command()(holds.sweep)
call_commands.command("trace")(trace.of_call)
call_commands.command("why")(why.of_call)
call_commands.command("verify")(why.verify)
for _act in (acts.prioritise, acts.assign, acts.pull, acts.move, acts.withdraw):
    call_commands.command(_act.__name__)(_act)
for _control in call_control.COMMANDS:
    call_commands.command(_control.__name__.replace("_", "-"))(_control)
audit_commands.command("show")(audit.show_audit)
token_commands.command("add")(tokens.add)
token_commands.command("show")(tokens.show_tokens)
token_commands.command("revoke")(tokens.revoke)
queue_commands.command("close")(hours.close)
queue_commands.command("open")(hours.reopen)
webhook_commands.command("show")(webhooks.show_webhooks)
webhook_commands.command("test")(webhooks.probe)
webhook_commands.command("retry")(webhooks.retry)
app.command("trace")(trace.live)
app.add_typer(logs.commands, name="log")
app.command()(doctor.doctor)
app.command()(convert.convert)
app.command()(completion.completion)
app.command()(report.report)
completion.understand_shells()


@app.command()
def serve(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar=CONFIG_VARIABLE,
            help=f"Default: {DEFAULT_CONFIG}, which the first start writes.",
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Add simulated callers and phones: something to see.")
    ] = False,
) -> None:
    """Run the switch in the foreground."""
    from switch.server import run  # what it imports is of no use to the other commands, and slow

    raise typer.Exit(run(config, demo=demo))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(envvar=CONFIG_VARIABLE, help="A configuration.")] = DEFAULT_CONFIG,
) -> None:
    """Read a configuration; name every mistake in it, and on standard error what will not do as it is."""
    from switch.config.errors import ConfigErrors  # slow, as above
    from switch.config.load import load

    try:
        load(file, warn=lambda doubt: typer.echo(doubt, err=True), thorough=True)
    except ConfigErrors as errors:
        for error in errors.errors:
            print(error)
        raise typer.Exit(1) from None


@queue_commands.command("show")
def show_queues(
    name: QueueOrAll = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Queues: who waits, who could answer, what became of the calls since the start, and how today goes.

    LEVEL is of the last half hour; ASA, P90 (seconds until an agent answered: the mean, and what nine in ten
    did not exceed), AHT and ABANDON are today's figures, as `GET /api/v1/figures` has them.
    """
    _show(config, _one_or_all(tables.QUEUES, "queues", name), json, csv, watch)


@agent_commands.command("show")
def show_agents(
    name: AgentOrAll = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Agents: their phones, states and calls, and what they did today."""
    _show(config, _one_or_all(tables.AGENTS, "agents", name), json, csv, watch)


@call_commands.command("show")
def show_calls(
    call: CallOrAll = None,
    state: Annotated[
        CallState, typer.Option(help="Those in progress, or those that ended.")
    ] = CallState.ACTIVE,
    queue: QueueOption = None,
    agent: AgentOption = None,
    since: SinceOption = None,
    last: LastOption = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Calls, newest first."""
    asked = {"state": state.value, "queue": queue, "agent": agent, "since": since}
    params = {key: value for key, value in asked.items() if value is not None}
    ended = last if state is CallState.ENDED else None  # those in progress come at once
    listed = Question(tables.CALLS, "/calls", params, last=ended)
    question = _one_or_all(tables.CALLS, "calls", call) if call else listed
    _show(config, question, json, csv, watch)


@phone_commands.command("show")
def show_phones(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Phones and where they are registered."""
    _show(config, Question(tables.PHONES, "/phones"), json, csv, watch)


@phone_commands.command("url")
def show_url(name: PhoneArgument, config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Where a phone gets its files. Who knows it can read the phone's secret."""
    answer = _tell(config, "GET", f"/phones/{quote(name, safe='')}/provisioning")
    print(answer.text if json else answer.json()["url"])


@trunk_commands.command("show")
def show_trunks(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Trunks and their health."""
    _show(config, Question(tables.TRUNKS, "/trunks"), json, csv, watch)


@call_commands.command("hangup")
def hang_up(call: CallArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """End a call in progress."""
    _tell(config, "DELETE", f"/calls/{quote(call, safe='')}")
    print(f"{call} is over")


def _set_state(name: str, state: str, reason: str | None, config: Path, phone: str | None = None) -> None:
    wanted = {"state": state, "reason": reason, "phone": phone}
    row = _tell(config, "POST", f"/agents/{quote(name, safe='')}/state", wanted).json()
    print(f"{row['name']} is {row['state']}")


ReasonOption = Annotated[str | None, typer.Option(help="Why, for the reports.")]
PhoneOption = Annotated[
    str | None,
    typer.Option(help="Where he sits from now on; no PIN is asked for.", autocompletion=names("phones")),
]


@agent_commands.command("ready")
def make_ready(
    name: AgentArgument,
    reason: ReasonOption = None,
    phone: PhoneOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let an agent take calls."""
    _set_state(name, "ready", reason, config, phone)


@agent_commands.command("pause")
def pause(
    name: AgentArgument,
    reason: ReasonOption = None,
    phone: PhoneOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let an agent take no calls for a while."""
    _set_state(name, "paused", reason, config, phone)


@agent_commands.command("logout")
def log_out(name: AgentArgument, reason: ReasonOption = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Send an agent home."""
    _set_state(name, "offline", reason, config)


@app.command()
def reload(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Have the running switch read its configuration again."""
    for change in _tell(config, "POST", "/reload").json()["changes"]:
        print(change)


@app.command()
def drain(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Have the running switch take no new calls and end with the last one."""
    print(f"draining, {_tell(config, 'POST', '/drain').json()['calls']} calls left")


@ban_commands.command("show")
def show_bans(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Who failed to prove himself too often, and is not listened to for a while."""
    _show(config, Question(tables.BANS, "/bans"), json, csv, watch)


@alarm_commands.command("show")
def show_alarms(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """What is wrong now: journal, database, disk, webhooks."""
    _show(config, Question(tables.ALARMS, "/alarms"), json, csv, watch)


@ban_commands.command("remove")
def remove_ban(address: AddressArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Listen to an address again."""
    _tell(config, "DELETE", f"/bans/{quote(address, safe='')}")
    print(f"{address} is listened to")


_COUNTED: Final = {"queues": "queue", "agents": "agent"}
"""Of which kinds of rows today's figures are shown."""


def _one_or_all(columns: tuple[Column, ...], kind: str, name: str | None) -> Question:
    path = f"/{kind}" if name is None else f"/{kind}/{quote(name, safe='')}"
    return Question(columns, path, figures=_COUNTED.get(kind))


def _show(config: Path, question: Question, json: bool, csv: bool, watch: bool) -> None:
    with asking(config) as client:
        show(client, question, Manner(form(json, csv), watch))


def _tell(config: Path, method: str, path: str, body: object = None) -> Any:
    with asking(config) as client:
        return client.ask(method, path, json=body)
