"""The log's lines."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from switch.logs import configure_logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log goes; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_json_with_name_level_and_time(out: io.StringIO) -> None:
    configure_logs(out)
    structlog.get_logger("calls").info("call ended", call="01J", result="answered", wait_s=3.2)
    line = json.loads(out.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "call ended",
        "level": "info",
        "logger": "calls",
        "call": "01J",
        "result": "answered",
        "wait_s": 3.2,
    }


def test_columns_for_people(out: io.StringIO) -> None:
    configure_logs(out, as_json=False)
    structlog.get_logger("calls").warning("call ended", call="01J")
    assert "call ended" in out.getvalue()
    assert "call=01J" in out.getvalue()


@pytest.mark.parametrize(
    "key", ["secret", "password", "token", "Authorization", "Proxy-Authorization", "ha1"]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_is_never_written(out: io.StringIO, key: str, as_json: bool) -> None:
    configure_logs(out, as_json=as_json)
    structlog.get_logger("x").bind(**{key: "hunter2"}).error("refused", call="1")
    assert "hunter2" not in out.getvalue()
    assert "[hidden]" in out.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exception_is_told_with_its_trace_but_not_with_variables(out: io.StringIO, as_json: bool) -> None:
    configure_logs(out, as_json=as_json)
    variable = "".join(("hun", "ter2"))
    try:
        raise RuntimeError(f"why {len(variable)}")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    assert "RuntimeError: why 7" in out.getvalue()
    assert variable not in out.getvalue()


def test_libraries_speak_in_the_same_lines(out: io.StringIO) -> None:
    configure_logs(out)
    logging.getLogger("uvicorn.error").info("chatter")
    logging.getLogger("asyncio").warning("slow %s", "callback", extra={"token": "hunter2"})
    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("slow callback", "warning", "asyncio")


def test_debug_is_left_out(out: io.StringIO) -> None:
    configure_logs(out)
    structlog.get_logger("x").debug("detail")
    assert out.getvalue() == ""
