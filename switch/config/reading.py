"""From the tree of texts to the typed configuration: every wrong value named at its place.

A wrong value is taken out and the rest read again, until what is left is right. So one mistake hides no
other, and the checks across sections (`switch.config.checks`) see everything that could be read.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from switch.config.document import Document, Node, Path, Problem
from switch.config.schema import Config
from switch.config.values import Text, shown

_LATER: dict[Path, tuple[str, ...]] = {
    (): ("tenants", "sites", "users", "numbers", "flows"),
    ("agents", "*"): ("capacity",),  # of the router (ADR 9), which no chat reaches yet
}
"""Keys that are kept for later, by the section they will stand in."""

_EXPECTED = {
    "model_type": "expected keys with values under it",
    "dict_type": "expected names with values under them",
    "tuple_type": "expected a list, such as [a, b]",
    "string_type": "expected text",
    "missing": "is missing",
}


class Tree:
    """The document as Python values, without the nodes that turned out wrong."""

    def __init__(self, document: Document) -> None:
        self._root = document.root
        self._wrong: set[Path] = set()
        self._nodes: dict[Path, Node] = {}

    def plain(self) -> Any:
        """Dictionaries, lists and texts."""
        self._nodes = {}
        return self._plain(self._root, ())

    def node(self, path: Path) -> Node:
        """The node at `path` of what `plain` returned last, or the nearest one above it."""
        while path and path not in self._nodes:
            path = path[:-1]
        return self._nodes.get(path, self._root)

    def remove(self, path: Path) -> None:
        """Leave the node out of the next `plain`."""
        self._wrong.add(path)

    def is_removed(self, path: Path) -> bool:
        """Whether the document has a node there that turned out wrong."""
        return path in self._wrong

    def _plain(self, node: Node, path: Path) -> Any:
        self._nodes[path] = node
        match node.content:
            case dict(entries):
                right = ((key, child) for key, child in entries.items() if self._is_right(child))
                return {key: self._plain(child, (*path, key)) for key, child in right}
            case list(items):
                children = enumerate(filter(self._is_right, items))
                return [self._plain(child, (*path, i)) for i, child in children]
            case text:
                return text

    def _is_right(self, node: Node) -> bool:
        items = node.content if isinstance(node.content, list) else []
        if node.content is None or (items and not any(map(self._is_right, items))):
            self._wrong.add(node.path)  # a list that lost every item is not an empty one
        return node.path not in self._wrong


def typed(tree: Tree) -> tuple[Config | None, list[Problem]]:
    """What can be read as declared, and what is wrong with the rest; None where the whole is wrong."""
    problems: list[Problem] = []
    while True:
        plain = tree.plain()
        try:
            return Config.model_validate(plain), problems
        except ValidationError as error:
            found = [_Mistake(details, tree) for details in error.errors(include_url=False)]
        problems += [mistake.problem for mistake in found if not mistake.follows]
        for mistake in found:
            tree.remove(mistake.culprit.path)
        if any(not mistake.culprit.path for mistake in found):
            return None, problems


class _Mistake:
    """One error of pydantic, at the node it concerns."""

    def __init__(self, details: ErrorDetails, tree: Tree) -> None:
        path = tuple(details["loc"])
        kind = details["type"]
        self.culprit = tree.node(path[:-1] if kind == "missing" else path)
        where = (*self.culprit.path, path[-1]) if kind == "missing" else self.culprit.path
        self.follows = kind == "missing" and tree.is_removed(where)
        """Whether the value is missing only because it was wrong."""
        at_key = kind in ("missing", "extra_forbidden")
        position = self.culprit.key if at_key else self.culprit.value
        self.problem = Problem(position, where, _message(details, path))


def _message(details: ErrorDetails, path: Path) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(path)
        case "value_error":
            return str(context["error"])
        case "enum":
            return _no_choice(details["input"], str(context["expected"]))
        case "greater_than":
            return f"must be more than {context['gt']:g}"
        case "greater_than_equal":
            return f"must not be less than {context['ge']:g}"
        case kind:
            return _EXPECTED.get(kind, details["msg"])


def _unknown_key(path: Path) -> str:
    section: Path = tuple("*" if i % 2 else step for i, step in enumerate(path[:-1]))
    key = str(path[-1])
    if key in _LATER.get(section, ()):
        return f"not yet: '{key}' is not built"
    return "unknown key" + meant(key, _known(path[:-1]))


def _no_choice(given: object, choices: str) -> str:
    names = [name.strip("'") for name in choices.replace(" or ", ", ").split(", ")]
    one_of = ", ".join(names)
    if not isinstance(given, str):
        return f"expected one of {one_of}"
    if not given:
        return f"needs a value: one of {one_of}"
    written = given.written if isinstance(given, Text) else given
    return f"{shown(written)} is not one of {one_of}{meant(written, names)}"


def meant(written: str, known: Iterable[str]) -> str:
    """`; did you mean '...'?` where one of the known names is close to what was written, else nothing."""
    close = get_close_matches(written, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _known(section: Path) -> list[str]:
    """The keys that a section may have."""
    declared: Any = Config
    for step in section:
        if isinstance(declared, type) and issubclass(declared, BaseModel):
            declared = _bare(declared.model_fields[str(step)].annotation)
        else:
            declared = _bare(get_args(declared)[1 if get_origin(declared) is dict else 0])
    return [field.alias or name for name, field in declared.model_fields.items()]


def _bare(annotation: Any) -> Any:
    """A type without `| None`."""
    if get_origin(annotation) in (Union, UnionType):
        return next(choice for choice in get_args(annotation) if choice is not type(None))
    return annotation
