"""Values of one line: what is read, and what is refused in which words."""

from collections.abc import Callable

import pytest

from switch.config import values
from switch.config.values import Text

FIELDS = ", ".join(f"{{{field}}}" for field in values.DISPLAY_FIELDS)


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (values.duration, "500ms", 0.5),
        (values.duration, "20s", 20.0),
        (values.duration, "1.5s", 1.5),
        (values.duration, "5m", 300.0),
        (values.duration, "1h", 3600.0),
        (values.duration, "0", 0.0),
        (values.duration, "0s", 0.0),
        (values.duration, "0.1s", 0.1),
        (values.whole, "0123", 123),
        (values.whole, "-5", -5),
        (values.whole, "+5", 5),
        (values.whole, "4294967295", 2**32 - 1),
        (values.flag, "true", True),
        (values.flag, "Yes", True),
        (values.flag, "no", False),
        (values.flag, "FALSE", False),
        (values.percent, "80%", 0.8),
        (values.percent, "99.5%", 0.995),
        (values.percent, "100%", 1.0),
        (values.text, "no", "no"),
        (values.text, "0123", "0123"),
        (values.text, "1e3", "1e3"),
        (values.text, "12:30:00", "12:30:00"),
        (values.text, "null", "null"),
        (values.text, "~", "~"),
        (values.display, "{queue} {number}", "{queue} {number}"),
        (values.display, "{{{queue}}}", "{{{queue}}}"),
        (values.display, "Soporte", "Soporte"),
        (values.domain, "Centralita.Example", "centralita.example"),
        (values.domain, "192.0.2.1", "192.0.2.1"),
        (values.domain, "[2001:db8::1]", "[2001:db8::1]"),
        (values.timezone, "America/Bogota", "America/Bogota"),
        (values.database_url, "sqlite:////srv/c.db", "sqlite:////srv/c.db"),
        (values.digits, "+34", "+34"),
        (values.secret, "x", "x"),
        (values.slots, "701-703", ("701", "702", "703")),
        (values.slots, "08-10", ("08", "09", "10")),
        (values.slots, "7001", ("7001",)),
    ],
)
def test_is_read(read: Callable[[object], object], written: str, value: object) -> None:
    assert read(Text(written)) == value
    assert type(read(Text(written))) is type(value)


@pytest.mark.parametrize(
    ("read", "written", "message"),
    [
        (values.duration, "20", "'20' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        (values.duration, "1h30m", "'1h30m' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        (values.duration, "-5s", "'-5s' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        (values.duration, "5 s", "'5 s' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        (values.duration, "٣s", "'٣s' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        (values.duration, "", "needs a value: a duration such as 500ms, 20s, 5m or 1h"),
        (values.duration, "9000h", "is longer than a year"),
        (values.whole, "1e3", "'1e3' is not a whole number; write it as 20"),
        (values.whole, "1_000", "'1_000' is not a whole number; write it as 20"),
        (values.whole, "0x1f", "'0x1f' is not a whole number; write it as 20"),
        (values.whole, "5.0", "'5.0' is not a whole number; write it as 20"),
        (values.whole, "4294967296", "'4294967296' is too large; at most 4294967295, or as much below 0"),
        (values.whole, "-4294967296", "'-4294967296' is too large; at most 4294967295, or as much below 0"),
        (values.whole, "9" * 101, f"'{'9' * 101}' is not a whole number; write it as 20"),
        (values.flag, "on", "'on' is not a yes or no; write it as true or false"),
        (values.flag, "1", "'1' is not a yes or no; write it as true or false"),
        (values.percent, "80", "'80' is not a share; write it as 80%"),
        (values.percent, "101%", "'101%' is not a share; write it as 80%"),
        (values.text, "", "needs a value; an empty text is written ''"),
        (values.display, "{caller}", "'{caller}' is not known; known are " + FIELDS),
        (values.display, "{queue.name}", "'{queue.name}' is not known; known are " + FIELDS),
        (values.display, "{number!r}", "'{number}' is not known; known are " + FIELDS),
        (
            values.display,
            "{queue",
            "'{queue' is not a caller display; write it as {queue} {number}; a brace itself is {{ or }}",
        ),
        (values.domain, "a b", "'a b' is not a domain; write it as centralita.example"),
        (values.domain, "sip:a", "'sip:a' is not a domain; write it as centralita.example"),
        (
            values.timezone,
            "../etc/passwd",
            "'../etc/passwd' is not a timezone of this machine (package tzdata); "
            "write it as Europe/Madrid or UTC",
        ),
        (
            values.database_url,
            "mysql://u:secret@h/d",
            "expected a database: sqlite:///centralita.db or postgresql://user@host/name",
        ),
        (
            values.database_url,
            "sqlite://centralita.db",
            "expected a database: sqlite:///centralita.db or postgresql://user@host/name",
        ),
        (
            values.database_url,
            "postgresql://",
            "expected a database: sqlite:///centralita.db or postgresql://user@host/name",
        ),
        (values.digits, "a b", "'a b' is not the beginning of a number; write it as +34"),
        (values.secret, "", "is empty"),
        (values.slots, "709-701", "'709-701' is not a range of at most 100 numbers; write it as 701-709"),
        (values.slots, "1-2000", "'1-2000' is not a range of at most 100 numbers; write it as 701-709"),
    ],
)
def test_is_refused(read: Callable[[object], object], written: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(Text(written))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (values.duration, "expected a duration such as 500ms, 20s, 5m or 1h"),
        (values.whole, "expected a whole number such as 20"),
        (values.flag, "expected a yes or no such as true or false"),
        (values.percent, "expected a share such as 80%"),
        (values.text, "expected text"),
        (values.secret, "expected text"),
    ],
)
def test_a_list_is_refused(read: Callable[[object], object], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(["a"])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (values.duration, 0.5),
        (values.duration, 3),
        (values.whole, 3),
        (values.flag, True),
        (values.percent, 0.8),
    ],
)
def test_a_finished_value_passes(read: Callable[[object], object], value: object) -> None:
    assert read(value) == value


def test_a_finished_number_has_bounds_too() -> None:
    with pytest.raises(ValueError, match=r"^9223372036854775808 is too large; at most 4294967295"):
        values.whole(2**63)


@pytest.mark.parametrize("read", [values.duration, values.whole])
def test_a_flag_is_no_number(read: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        read(True)


def test_a_message_shows_the_variable_and_not_its_value() -> None:
    with pytest.raises(ValueError) as caught:
        values.duration(Text("hunter2", "${WRAP_UP}", '"'))
    assert str(caught.value) == "'${WRAP_UP}' is not a duration; write it as 500ms, 20s, 5m or 1h"


@pytest.mark.parametrize(
    ("text", "is_null"),
    [
        (Text("null"), True),
        (Text("~"), True),
        (Text(""), True),
        (Text("null", quote='"'), False),
        (Text("", "${EMPTY}"), False),
        (Text("none"), False),
    ],
)
def test_null_is_plain(text: Text, is_null: bool) -> None:
    assert text.is_null is is_null
