"""The log: one line for each event, as JSON for machines or in columns for a terminal, and never a secret."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from switch.log_levels import Levels

_SECRET_KEYS = frozenset({"secret", "password", "token", "authorization", "proxy_authorization", "ha1"})
_HIDDEN = "[hidden]"


def configure_logs(
    stream: TextIO | None = None, *, as_json: bool | None = None, levels: Levels | None = None
) -> None:
    """Send the log, the libraries' included, to `stream` (default: stderr).

    JSON unless the stream is a terminal; `as_json` says otherwise. `levels` chooses the lines. For the whole
    process: called once, by whoever owns it.
    """
    out = sys.stderr if stream is None else stream
    if as_json is None:
        as_json = not out.isatty()
    render: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        # not the fancy one, which takes seconds and prints variables, secrets among them
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared = _shared(as_json)
    structlog.configure(
        processors=[(levels or Levels()).choose, *shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *names: _Lines(out, *names),
        cache_logger_on_first_use=True,
    )
    _take_library_logs(out, shared, render)


def hide_secrets(logger: object, method: str, event: EventDict) -> EventDict:
    """A processor that masks values whose key names a secret."""
    for key in event:
        if key.lower().replace("-", "_") in _SECRET_KEYS:
            event[key] = _HIDDEN
    return event


def _shared(as_json: bool) -> list[Processor]:
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]
    return [*processors, structlog.processors.format_exc_info] if as_json else processors


def _add_name(logger: Any, method: str, event: EventDict) -> EventDict:
    if isinstance(logger, _Lines) and logger.name:
        event.setdefault("logger", logger.name)
    return event


def _take_library_logs(out: TextIO, shared: list[Processor], render: Processor) -> None:
    """What asyncio, uvicorn and SQLAlchemy warn of, in the same lines."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


class _Lines:
    """Writes a line for each event; knows the name it was asked for by."""

    def __init__(self, out: TextIO, name: str = "") -> None:
        self.name = name
        self._write: Callable[[str], int] = out.write
        self._flush = out.flush

    def msg(self, line: str | MutableMapping[str, Any]) -> None:
        """One line."""
        self._write(f"{line}\n")
        self._flush()

    debug = info = warning = error = critical = exception = log = msg
