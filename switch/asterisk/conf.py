"""Reads Asterisk's configuration files: sections, templates, `#include`, comments of both kinds.

The form is that of https://docs.asterisk.org/Fundamentals/Asterisk-Configuration/Asterisk-Configuration-Files/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SECTION: Final = re.compile(r"\[(?P<name>[^]]+)\]\s*(?:\((?P<kind>[^)]*)\))?\s*")
_SETTING: Final = re.compile(r"(?P<name>[^=]+?)\s*=>?\s*(?P<value>.*)")
_INCLUDE: Final = re.compile(r"#(?P<try>try)?include\s+[\"<]?(?P<path>[^\">]+)[\">]?\s*")
_DEEPEST: Final = 10


class ConfError(ValueError):
    """A file that Asterisk would not read either; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`name = value` or `name => value`, and where it is written."""

    name: str
    value: str
    where: str
    """FILE:LINE"""


@dataclass(slots=True)
class Section:
    """`[name]`, with the settings of its templates before its own."""

    name: str
    where: str
    is_template: bool = False
    settings: list[Setting] = field(default_factory=list)


def read(path: Path) -> list[Section]:
    """Every section in the order of the file, templates included. Raises ConfError and OSError."""
    sections: dict[str, Section] = {}
    current: Section | None = None
    for where, line in _lines(path, _text(path), 0):
        if line.startswith("["):
            current = _section(sections, where, line)
        elif (setting := _SETTING.fullmatch(line)) is None:
            raise ConfError(f"{where}: neither [section] nor name = value: {line}")
        elif current is None:
            raise ConfError(f"{where}: {setting['name']} stands before the first [section]")
        else:
            current.settings.append(Setting(setting["name"].strip().lower(), setting["value"].strip(), where))
    return list(sections.values())


def _section(sections: dict[str, Section], where: str, line: str) -> Section:
    """A new section, or `[name](+)`, which goes on with one."""
    heading = _SECTION.fullmatch(line)
    if heading is None:
        raise ConfError(f"{where}: no [section]: {line}")
    name, kinds = (
        heading["name"],
        [kind.strip() for kind in (heading["kind"] or "").split(",") if kind.strip()],
    )
    if "+" in kinds:
        if name not in sections:
            raise ConfError(f"{where}: [{name}](+) adds to a section that does not stand above it")
        return sections[name]
    made = sections.setdefault(name, Section(name, where))
    made.is_template = "!" in kinds
    for template in kinds:
        if template == "!":
            continue
        if template not in sections:
            raise ConfError(f"{where}: the template {template} does not stand above [{name}]")
        made.settings.extend(sections[template].settings)
    return made


def _lines(path: Path, text: str, depth: int) -> Iterator[tuple[str, str]]:
    """Lines that say something, without comments, those of included files in their place."""
    for number, line in enumerate(_without_comments(text), start=1):
        where, line = f"{path}:{number}", line.strip()
        if not line:
            continue
        if (include := _INCLUDE.fullmatch(line)) is None:
            yield where, line
            continue
        if depth == _DEEPEST:
            raise ConfError(f"{where}: files include each other more than {_DEEPEST} deep")
        named = path.parent / include["path"].strip()
        found = sorted(named.parent.glob(named.name))
        if not found and include["try"] is None:
            raise ConfError(
                f"{where}: {named} is not there; copy it beside {path.name}, or take the line out"
            )
        for one in found:
            yield from _lines(one, _text(one), depth + 1)


def _text(path: Path) -> str:
    """UTF-8, or what older editors wrote: Asterisk itself does not mind."""
    octets = path.read_bytes()
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _without_comments(text: str) -> Iterator[str]:
    """`;` to the end of the line, unless `\\;`; and what stands between `;--` and `--;`."""
    inside = False
    for line in text.splitlines():
        kept = ""
        while line:
            if inside:
                _, ended, line = line.partition("--;")
                inside = not ended
                continue
            before, mark, line = line.partition(";")
            if mark and before.endswith("\\"):
                kept += before[:-1] + ";"
            elif mark and line.startswith("--") and not line.startswith("---"):
                kept, inside = kept + before, True
            else:
                kept += before
                if mark:
                    line = ""
        yield kept
