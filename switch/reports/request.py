"""What the child is asked, and what it tells."""

from datetime import datetime
from typing import TypeAlias

import msgspec

from switch.reports.question import Format, Question


class Output(msgspec.Struct, frozen=True):
    """A file to be written, and its form."""

    format: Format
    path: str


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server, as `mail` in the configuration has it."""

    host: str
    port: int
    tls: str
    ca: str | None
    user: str | None
    secret: str
    sender: str
    timeout_s: float


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the files are mailed to, through whom, and for which time it was due. `marks` is the file that
    tells until when this report's mails have been delivered."""

    server: Server
    to: tuple[str, ...]
    due: datetime
    marks: str
    domain: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One report. `database` and `data_dir` are those of the configuration."""

    question: Question
    outputs: tuple[Output, ...]
    database: str
    data_dir: str
    letter: Letter | None = None


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """So many rows are written; `share` of the work is done, where that is known."""

    rows: int
    share: float | None = None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """All is written, and mailed where that was asked for: to all but those who were `refused`."""

    rows: int
    refused: tuple[str, ...] = ()
    already: bool = False
    """Another process had mailed it."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It came to nothing, and why, in words for who asked."""

    why: str
    final: bool = False
    """Whether it would come to nothing again."""


Told: TypeAlias = Progress | Done | Failed
