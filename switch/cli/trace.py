"""`centralita call trace` and `centralita trace`: messages as a ladder, line by line, or as a capture."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import quote

import msgspec
import typer
from rich.console import Console

from switch.cli.arguments import ConfigOption, JsonOption, PastCallArgument, WatchOption
from switch.cli.client import DEFAULT_CONFIG, Client
from switch.cli.outcome import asking, leave
from switch.cli.show import Form, Manner, each, form
from switch.trace.ladder import Line, ladder
from switch.trace.row import MessageRow
from switch.trace.summary import Tone, summary

_STYLES: Final = {
    Tone.REQUEST: "bold",
    Tone.PROVISIONAL: "yellow",
    Tone.SUCCESS: "green",
    Tone.REDIRECTION: "magenta",
    Tone.FAILURE: "red",
    Tone.OTHER: "",
}
_PAGE: Final = "200"

PcapOption = Annotated[
    str | None,
    typer.Option("--pcap", metavar="FILE", help="Write a capture for Wireshark or sngrep; - is the output."),
]
FullOption = Annotated[bool, typer.Option("--full", help="The whole text of each message.")]


def of_call(
    call: PastCallArgument,
    pcap: PcapOption = None,
    full: FullOption = False,
    json: JsonOption = False,
    watch: WatchOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The SIP messages of a call: a ladder of all its legs, with times in ms. Secrets are masked."""
    path = f"/calls/{quote(call, safe='')}/trace"
    with asking(config) as client, _while_read():
        if pcap is not None:
            _capture(client, f"{path}.pcap", {}, pcap)
            return
        how = Manner(form(json, False), watch)
        each(how, lambda: _tell(list(_pages(client, path)), how, full))


def live(
    number: Annotated[
        str | None, typer.Option(help="A part of a number or user, or a pattern such as +34911*.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="Such as INVITE,BYE; with their responses.")] = None,
    address: Annotated[
        str | None, typer.Option(help="Of either end: an address, a network, or address:port.")
    ] = None,
    call: Annotated[str | None, typer.Option(help="A call's id, or a Call-ID.")] = None,
    text: Annotated[str | None, typer.Option(help="Anything that the message holds.")] = None,
    last: Annotated[int, typer.Option(min=0, help="Begin with so many of those that are kept.")] = 0,
    follow: Annotated[bool, typer.Option(help="Go on until interrupted.")] = True,
    pcap: PcapOption = None,
    full: FullOption = False,
    json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """SIP messages as they pass, those that meet every criterion. Secrets are masked."""
    asked = {"number": number, "method": method, "address": address, "call": call, "text": text}
    params = {key: value for key, value in asked.items() if value is not None}
    params |= {"last": str(last), "follow": "true" if follow else "false"}
    with asking(config) as client, _while_read():
        if pcap is not None:
            _capture(client, "/trace.pcap", params, pcap)
        else:
            _follow(client, params, full, json)


def _tell(items: list[Any], how: Manner, full: bool) -> None:
    if how.form is Form.JSON:
        print(msgspec.json.encode({"items": items, "next": None}).decode(), flush=True)
        return
    rows = msgspec.convert(items, list[MessageRow])
    console = _console()
    if how.watch and console.is_terminal:
        console.clear()
    _print(console, ladder(rows, _width(console)))
    for row in rows if full else ():
        _print_full(console, row)


def _follow(client: Client, params: dict[str, str], full: bool, json: bool) -> None:
    console = _console()
    with client.stream("/trace", params) as response:
        for line in response.iter_lines():
            if not line:
                continue
            if json:
                print(line, flush=True)
                continue
            told = msgspec.json.decode(line)
            if "missed" in told:
                print(f"{told['missed']} messages passed too quickly", file=sys.stderr)
                continue
            row = msgspec.convert(told, MessageRow)
            if full:
                _print_full(console, row)
            else:
                _print(console, [_one_line(row)])


def _one_line(row: MessageRow) -> Line:
    said = summary(row)
    when = row.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
    words = (when, row.transport, f"{row.source} -> {row.destination}", said.title, said.media)
    whose = f"call {row.call}" if row.call is not None else ""
    return Line("  ".join(filter(None, (*words, whose))), said.tone)


def _print_full(console: Console, row: MessageRow) -> None:
    _print(console, [Line(""), _one_line(row), *map(Line, row.text.replace("\r\n", "\n").split("\n"))])


def _print(console: Console, lines: list[Line]) -> None:
    for line in lines:
        text = printable(line.text)
        console.print(text, style=_STYLES[line.tone], soft_wrap=True)


def printable(text: str) -> str:
    """Without what would move the cursor or colour the rest: a stranger may have written it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False)


def _width(console: Console) -> int:
    """Of the terminal; what is no terminal has COLUMNS, or a hundred."""
    return console.width if console.is_terminal else shutil.get_terminal_size((100, 24)).columns


def _pages(client: Client, path: str) -> Iterator[Any]:
    for page in client.pages(path, {"limit": _PAGE}):
        yield from page["items"]


def _capture(client: Client, path: str, params: dict[str, str], file: str) -> None:
    with client.stream(path, params) as response, _opened(file) as out:
        for chunk in response.iter_bytes():
            out.write(chunk)
            out.flush()


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdout.buffer
        return
    try:
        out = open(file, "wb")  # noqa: SIM115 - the block below ends it; what fails in it is not its opening
    except OSError as error:
        leave(1, f"{file}: {error.strerror}")
    with out:
        yield out


@contextmanager
def _while_read() -> Iterator[None]:
    """Until Ctrl-C, or until whoever reads the output goes away (`... | head`): both are a good end."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
