"""YAML as a tree of texts: positions, duplicates, aliases, variables, and what is no document at all."""

import pytest

from switch.config import document
from switch.config.document import Document, Node, NotADocument, Position, dotted

ENVIRONMENT = {"PHONE": "s3cret", "EMPTY": ""}


def read(text: str) -> Document:
    return document.read(text, ENVIRONMENT)


def plain(node: Node | None) -> object:
    match node.content if node is not None else None:
        case dict(entries):
            return {key: plain(child) for key, child in entries.items()}
        case list(items):
            return [plain(child) for child in items]
        case text:
            return text


def problems(text: str) -> list[str]:
    return [
        f"{p.position.line}:{p.position.column} {dotted(p.path)}: {p.message}" for p in read(text).problems
    ]


@pytest.mark.parametrize(
    "written", ["no", "0123", "1e3", "12:30:00", "2026-01-01", "null", "~", "0x1f", "1_000", ".5", "="]
)
def test_every_scalar_stays_text(written: str) -> None:
    assert plain(read(f"a: {written}").root) == {"a": written}


def test_keys_and_values_know_their_places() -> None:
    read_document = read('a:\n  - b: [c, "d"]\n')
    content = read_document.root.content
    assert isinstance(content, dict)
    items = content["a"].content
    assert isinstance(items, list)
    entries = items[0].content
    assert isinstance(entries, dict)
    assert (entries["b"].path, entries["b"].key, entries["b"].value) == (
        ("a", 0, "b"),
        Position(2, 5),
        Position(2, 8),
    )
    assert (items[0].key, items[0].value) == (Position(2, 5), Position(2, 5))


def test_names_and_presence() -> None:
    found = read("phones:\n  1001: {secret: x}\n  1002:\nagents: [a]\n")
    assert found.names("phones") == ["1001", "1002"]
    assert found.names("agents") == []
    assert found.names("queues") == []
    assert found.has("phones", "1001", "secret")
    assert not found.has("phones", "1002", "secret")
    assert not found.has("agents", "a")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1 a: duplicate key; the first is in line 1"]),
        ("x: {a: 1, 'a': 2}\n", ["1:11 x.a: duplicate key; the first is in line 1"]),
        ("? [a]\n: 1\n", ["1:3 : a key must be text"]),
        ("x: {'': 1}\n", ["1:5 x: a key must be text"]),
        ("a: !!int 5\n", ["1:4 a: tags are not known here; put a text that begins with '!' in quotes"]),
        ("a: !secret 5\n", ["1:4 a: tags are not known here; put a text that begins with '!' in quotes"]),
        ("x: {<<: 5}\n", ["1:9 <<: expected the alias of a mapping"]),
        (
            "a: ${NOBODY}\n",
            ["1:4 a: environment variable NOBODY is not set; set it, or write the value here"],
        ),
        (
            "a: x${PHONE}y${NOBODY}${NOONE}\n",
            [
                "1:4 a: environment variable NOBODY is not set; set it, or write the value here",
                "1:4 a: environment variable NOONE is not set; set it, or write the value here",
            ],
        ),
        (
            "a: ${not a name}\n",
            ["1:4 a: '${' begins a variable such as ${NAME}; the two characters alone are '$${'"],
        ),
    ],
)
def test_mistakes_leave_the_rest_standing(text: str, found: list[str]) -> None:
    assert problems(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: ${PHONE}", "s3cret"),
        ("a: '${PHONE}'", "s3cret"),
        ("a: sip:${PHONE}@x", "sip:s3cret@x"),
        ("a: $${PHONE}", "${PHONE}"),
        ("a: $PHONE", "$PHONE"),
        ("a: '${EMPTY}'", ""),
        ("a: pa$$word", "pa$$word"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert plain(read(text).root) == {"a": value}


def test_aliases_and_merge_keys() -> None:
    text = """
a: &base {wrap_up: 5s, music: x}
b: *base
c: {<<: *base, music: y}
d: &more {<<: *base, record: no}
e: {<<: [{music: z}, *more]}
"""
    assert plain(read(text).root) == {
        "a": {"wrap_up": "5s", "music": "x"},
        "b": {"wrap_up": "5s", "music": "x"},
        "c": {"music": "y", "wrap_up": "5s"},
        "d": {"record": "no", "wrap_up": "5s", "music": "x"},
        "e": {"music": "z", "record": "no", "wrap_up": "5s"},
    }
    assert not read(text).problems


NO_ANCHOR = "no anchor of this name; put a text that begins with '*' in quotes"
TOO_LARGE = "aliases make the file larger than it may be"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "1:1 the file is empty"),
        ("# nothing\n", "1:1 the file is empty"),
        ("a:\n\tb: 1\n", "2:1 a tab; indent with spaces"),
        ("a: *hunter2\n", f"1:4 {NO_ANCHOR}"),
        ("a: *\n", f"1:5 {NO_ANCHOR}"),
        ("a: &x 1\nb: &x 2\n", "2:4 not an anchor of its own; put a text that begins with '&' in quotes"),
        ("a: &\n", "1:5 not an anchor of its own; put a text that begins with '&' in quotes"),
        ("a: !h!unter2 5\n", "1:4 tags are not known here; put a text that begins with '!' in quotes"),
        ("a: @hunter2\n", "1:4 put a text that begins with '@' in quotes"),
        ("a: %hunter2\n", "1:4 put a text that begins with '%' in quotes"),
        ("a: `hunter2`\n", "1:4 put a text that begins with '`' in quotes"),
        ("a: b: c\n", "1:5 a second ': ' in one value, or wrong indentation; put a text with ': ' in quotes"),
        ("a: 1\x85b: 1\u2028c: 1\rd: @\r\n", "4:4 put a text that begins with '@' in quotes"),
        ("a: 1\n---\nb: 2\n", "2:1 a second document; the file holds one"),
        ("a: \x07\n", "1:4 the character U+0007 may not stand in a YAML file"),
        ("a: 1\nb: \x00\n", "2:4 the character U+0000 may not stand in a YAML file"),
        ("a: " + "[" * 40, "1:35 nested deeper than 32 levels"),
        ("&a [*a]", f"1:1 {TOO_LARGE}"),
        ("x: &a {<<: *a}", f"1:4 {TOO_LARGE}"),
    ],
)
def test_what_is_no_document(text: str, found: str) -> None:
    with pytest.raises(NotADocument) as caught:
        read(text)
    problem = caught.value.problem
    assert f"{problem.position.line}:{problem.position.column} {problem.message}" == found


def test_a_billion_laughs_are_refused_in_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(NotADocument, match=TOO_LARGE):
        read("\n".join(lines))


def test_merge_laughs_are_refused_in_time() -> None:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 12)]
    with pytest.raises(NotADocument, match=TOO_LARGE):
        read("\n".join(lines))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("queues", "support", "music"), "queues.support.music"),
        (("routes", 0, "to", 1), "routes[0].to[1]"),
        ((), ""),
    ],
)
def test_paths_are_shown_with_dots(path: document.Path, shown: str) -> None:
    assert dotted(path) == shown
