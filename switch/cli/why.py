"""`centralita call why`: a sentence for each offer, then who else there was."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from switch.cli.arguments import ConfigOption, JsonOption, PastCallArgument
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking
from switch.cli.show import console
from switch.cli.tables import Column, Row, table
from switch.cli.trace import printable


class Language(StrEnum):
    """In which language to say it."""

    EN = "en"
    ES = "es"


def of_call(
    call: PastCallArgument,
    language: Annotated[Language | None, typer.Option(help="Default: the server's.")] = None,
    json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Why a call went to that agent: what decided, who else there was, what would have changed it."""
    params = {} if language is None else {"language": language.value}
    with asking(config) as client:
        answer = client.ask("GET", f"/calls/{quote(call, safe='')}/why", params=params, patient=True)
    if json:
        print(answer.text)
        return
    said = answer.json()
    out = console()
    if not said["offers"]:
        _say(out, said["text"])
    for number, offer in enumerate(said["offers"]):
        if number:
            _say(out, "")
        _tell(out, said["language"], offer)


def verify(
    json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Follow the ledger of all decisions: whether any of it was altered, or is missing."""
    with asking(config) as client:
        answer = client.ask("GET", "/ledger", patient=True)
    said = answer.json()
    if json:
        print(answer.text)
    else:
        out = console()
        for finding in said["findings"]:
            _say(out, "{fault}: decision {number}, offer {offer}, seal {seal} of {node}".format(**finding))
        _left_out(out, said["findings_left_out"], _WORDS["en"][4])
        whole = "whole" if said["whole"] else "NOT whole"
        _say(out, f"{said['decisions']} decisions, {whole}; the last one's seal is {said['seal'] or '-'}")
    if not said["whole"]:
        raise typer.Exit(1)


def _tell(out: Console, language: str, offer: Row) -> None:
    words = _WORDS[language]
    result = f"  {offer['result']}" if offer["result"] else ""
    _say(out, f"{offer['queue']} -> {offer['agent']}  {offer['offered_at']}{result}")
    _say(out, offer["text"])
    if offer["would_change"] is not None:
        _say(out, offer["would_change"]["text"])
    if offer["agents"]:
        _say(out, "")
        out.print(table(_agents(words, offer["agents"]), offer["agents"]))
        _left_out(out, sum(offer["agents_left_out"].values()), words[4])
    if len(offer["callers"]) > 1:
        _say(out, "")
        out.print(table(_callers(words), offer["callers"]))
        _left_out(out, offer["callers_left_out"], words[4])


def _left_out(out: Console, number: int, text: str) -> None:
    if number:
        _say(out, text.format(number))


def _say(out: Console, text: str) -> None:
    out.print(printable(text), soft_wrap=True)


# The headings: agent, state, why not, chosen; how many more; call, queue, priority, waited, why.
_WORDS = {
    "en": (
        "AGENT",
        "STATE",
        "WHY NOT",
        "chosen",
        "and {} more",
        "CALL",
        "QUEUE",
        "PRIORITY",
        "WAITED",
        "WHY",
    ),
    "es": (
        "AGENTE",
        "ESTADO",
        "POR QUÉ NO",
        "elegido",
        "y {} más",
        "LLAMADA",
        "COLA",
        "PRIORIDAD",
        "ESPERA",
        "",
    ),
}


def _agents(words: Sequence[str], rows: Sequence[Row]) -> list[Column]:
    terms = dict.fromkeys(name for row in rows for name in row["terms"])
    return [
        Column(words[0], lambda row: row["agent"]),
        Column(words[1], lambda row: row["state"]),
        *(Column(name.upper(), _term(name), right=True) for name in terms),
        Column(words[2], lambda row: _why_not(row, words[3])),
    ]


def _term(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row['terms'][name]:.1f}" if name in row["terms"] else "-"


def _why_not(row: Row, chosen: str) -> str:
    return chosen if row["chosen"] else printable("; ".join(each["text"] for each in row["hindrances"]))


def _callers(words: Sequence[str]) -> list[Column]:
    return [
        Column(words[5], lambda row: row["call"]),
        Column(words[6], lambda row: row["queue"]),
        Column(words[7], lambda row: str(row["priority"]), right=True),
        Column(words[8], lambda row: f"{row['waited_s']:.1f}", right=True),
        Column(words[9], lambda row: printable(row["text"])),
    ]
