"""A YAML file as a tree of texts with positions: nothing is guessed, the declared types decide later.

YAML's own guesses (`no` is false, `0123` is 83, `12:30:00` is 45000) never happen, because every scalar
stays text. Aliases and merge keys work; tags do not. `${NAME}` in a value is the environment variable NAME,
`$${` is `${`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from switch.config.values import Text

Path = tuple[str | int, ...]

MAX_DEPTH = 32
MAX_NODES = 250_000
"""After aliases: a file of a few lines can name billions of nodes."""

_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML counts as one
_NO_TAGS = "tags are not known here; put a text that begins with '!' in quotes"
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")
_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")


class Position(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """What is wrong at a place of the document."""

    position: Position
    path: Path
    message: str


class NotADocument(Exception):
    """The text is not YAML that we read; there is no tree, only this one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True, eq=False)
class Node:
    """One value of the document, with its place.

    `key` is where its key stands, `value` where itself does; the same for items of lists. `content` is a
    text, the entries of a mapping by key, or the items of a list; None where the value could not be made
    out.
    """

    path: Path
    key: Position
    value: Position
    content: "Text | dict[str, Node] | list[Node] | None" = None


@dataclass(slots=True)
class Document:
    """The tree, and what was wrong with it."""

    root: Node
    problems: list[Problem] = field(default_factory=list)

    def names(self, section: str) -> list[str]:
        """The keys of a section at the top, whether their values are right or not."""
        top = self.root.content
        node = top.get(section) if isinstance(top, dict) else None
        return list(node.content) if node is not None and isinstance(node.content, dict) else []

    def has(self, *path: str) -> bool:
        """Whether the document has a value there."""
        node: Node | None = self.root
        for key in path:
            node = node.content.get(key) if node is not None and isinstance(node.content, dict) else None
        return node is not None


def read(text: str, environment: Mapping[str, str]) -> Document:
    """The document in `text`; raises `NotADocument` where it is not YAML at all."""
    root = _compose(text)
    if root is None:
        raise NotADocument(Problem(Position(1, 1), (), "the file is empty"))
    builder = _Builder(environment)
    node = builder.build(root, (), None)
    return Document(node, builder.problems)


def dotted(path: Path) -> str:
    """A path as messages show it: `queues.support.music`, `routes[0].go`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML up to its node tree, without the resolver that guesses types."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark: yaml.Mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise NotADocument(Problem(_place(mark), (), f"nested deeper than {MAX_DEPTH} levels"))
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _compose(text: str) -> yaml.Node | None:
    try:
        root: yaml.Node | None = _Composer(text).get_single_node()
    except ReaderError as error:
        raise NotADocument(_unreadable(text, error.position)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(1, 1) if mark is None else _place(mark)
        raise NotADocument(Problem(position, (), _in_words(error, text, position))) from None
    return root


def _unreadable(text: str, index: int) -> Problem:
    before = text[:index]
    position = Position(before.count("\n") + 1, index - before.rfind("\n"))
    return Problem(position, (), f"the character U+{ord(text[index]):04X} may not stand in a YAML file")


def _in_words(error: yaml.MarkedYAMLError, text: str, position: Position) -> str:
    """The parser's complaint without the text of the file, which may be a secret."""
    problem, context = error.problem or "not YAML", error.context or ""
    line = [*_LINE_END.split(text), ""][position.line - 1]
    if "\\t" in problem or "\t" in line[: position.column]:
        return "a tab; indent with spaces"
    if "alias" in problem or "alias" in context:
        return "no anchor of this name; put a text that begins with '*' in quotes"
    if "anchor" in problem or "anchor" in context:
        return "not an anchor of its own; put a text that begins with '&' in quotes"
    if "tag" in problem or "tag" in context:
        return _NO_TAGS
    if "single document" in context:
        return "a second document; the file holds one"
    if "cannot start any token" in problem:
        return f"put a text that begins with {line[position.column - 1 : position.column]!r} in quotes"
    if problem.startswith("mapping values are not allowed"):
        return "a second ': ' in one value, or wrong indentation; put a text with ': ' in quotes"
    return f"not YAML: {problem} {context}".rstrip()


class _Builder:
    """Makes our nodes of PyYAML's."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._environment = environment
        self._count = 0

    def build(self, node: yaml.Node, path: Path, key: Position | None) -> Node:
        """The tree below `node`."""
        here = _position(node)
        self._spend(node, len(path))
        built = Node(path, key or here, here)
        if node.tag not in _TAGS:
            self._complain(built, _NO_TAGS)
        elif isinstance(node, yaml.MappingNode):
            built.content = self._entries(node, path)
        elif isinstance(node, yaml.SequenceNode):
            built.content = [self.build(item, (*path, i), None) for i, item in enumerate(node.value)]
        elif isinstance(node, yaml.ScalarNode):
            built.content = self._text(node, built)
        return built

    def _entries(self, mapping: yaml.MappingNode, path: Path) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for key, value in mapping.value:
            if _is_merge(key):
                merged += self._merged(value)
            elif (name := self._key(key, path)) is None:
                continue
            elif name in entries:
                message = f"duplicate key; the first is in line {entries[name].key.line}"
                self.problems.append(Problem(_position(key), (*path, name), message))
            else:
                entries[name] = self.build(value, (*path, name), _position(key))
        for key, value in merged:
            name = self._key(key, path)
            if name is not None and name not in entries:
                entries[name] = self.build(value, (*path, name), _position(key))
        return entries

    def _merged(self, value: yaml.Node, depth: int = 0) -> list[tuple[yaml.Node, yaml.Node]]:
        """The entries that `<<` brings; of two with one key the first counts."""
        entries: list[tuple[yaml.Node, yaml.Node]] = []
        inherited: list[yaml.Node] = []
        for mapping in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            self._spend(mapping, depth)
            if not isinstance(mapping, yaml.MappingNode):
                self.problems.append(Problem(_position(mapping), ("<<",), "expected the alias of a mapping"))
                continue
            for key, given in mapping.value:
                if _is_merge(key):
                    inherited.append(given)
                else:
                    entries.append((key, given))
        for further in inherited:
            entries += self._merged(further, depth + 1)
        return entries

    def _spend(self, node: yaml.Node, depth: int) -> None:
        self._count += 1
        if self._count > MAX_NODES or depth > MAX_DEPTH:
            raise NotADocument(Problem(_position(node), (), "aliases make the file larger than it may be"))

    def _key(self, key: yaml.Node, path: Path) -> str | None:
        if isinstance(key, yaml.ScalarNode) and key.tag == _TAGS[0] and key.value:
            return str(key.value)
        self.problems.append(Problem(_position(key), path, "a key must be text"))
        return None

    def _text(self, node: yaml.ScalarNode, built: Node) -> Text | None:
        written: str = node.value
        if "${" not in written:
            return Text(written, quote=node.style or "")
        missing = [name for name in _VARIABLE.findall(written) if name and name not in self._environment]
        for name in missing:
            self._complain(built, f"environment variable {name} is not set; set it, or write the value here")
        if any(match[0] == "${" for match in _VARIABLE.finditer(written)):
            self._complain(
                built, "'${' begins a variable such as ${NAME}; the two characters alone are '$${'"
            )
            return None
        return None if missing else Text(_VARIABLE.sub(self._value, written), written, node.style or "")

    def _value(self, match: re.Match[str]) -> str:
        return "${" if match[1] is None else self._environment[match[1]]

    def _complain(self, node: Node, message: str) -> None:
        self.problems.append(Problem(node.value, node.path, message))


def _position(node: yaml.Node) -> Position:
    return _place(node.start_mark)


def _place(mark: yaml.Mark) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.style is None and key.value == "<<"
