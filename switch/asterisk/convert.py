"""`queues.conf` as our sections `phones`, `agents` and `queues`, and what of it is in none of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from switch.asterisk.conf import Section, Setting, read
from switch.asterisk.members import Members, NoMember
from switch.asterisk.options import GENERAL, OPTIONS, YES, Always, Carried, Fate, Lost, fate

_NO_SKILL: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_RESERVED: Final = frozenset({"and", "or", "not"})
_DEFAULTS: Final = {
    "strategy": "ring-all",
    "on_no_answer": "retry",
    "wrap_up": "0s",
    "max_wait": "24h",
    "max_waiting": 10_000,
    "record": False,
}
"""What Asterisk does where nothing is said, and we would do otherwise."""
_HEAD: Final = """\
# From {source}: phones, agents and queues. Add trunks and routes, then: centralita check FILE
# Each phone's secret comes from the environment; write it there, or here.
"""


@dataclass(slots=True)
class Converted:
    """Our sections, and what to read before using them: a line for each thing that was not carried over."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def text(self, source: str) -> str:
        """As a file."""
        return _HEAD.format(source=source) + yaml.safe_dump(
            self.sections, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
        )


def convert(path: Path) -> Converted:
    """Read Asterisk's file. Raises ConfError and OSError; nothing else that is odd in it ends it."""
    made, members = Converted(), Members()
    queues: dict[str, dict[str, Any]] = {}
    for section in read(path):
        if section.name == "general":
            _apply(section.settings, GENERAL, {}, made.warnings)
        elif not section.is_template:
            queues[section.name.replace("/", "-")] = _queue(section, members, made.warnings)
    for name, queue in queues.items():
        levels = members.levels(name)
        if levels:
            queue["requires"] = f"{_skill(name)} >= 1"
        else:
            made.warnings.append(f"queue {name} has no members here: write its `requires` yourself")
        if len(set(levels.values())) > 1 and queue.get("strategy") != "ring-all":
            said = queue.get("strategy", "ring-all")
            queue["strategy"] = "best-skill"
            made.warnings.append(
                f"queue {name}: penalties became levels, and `best-skill` takes the highest first; among "
                f"equals the longest idle gets the call, not `{said}`"
            )
    made.warnings = list(dict.fromkeys(made.warnings))  # what stands in a template is lost once
    made.sections = {
        "phones": {phone: {"secret": f"${{PHONE_{_environment(phone)}}}"} for phone in members.by_phone},
        "agents": _agents(members, queues),
        "queues": queues,
    }
    return made


def _queue(section: Section, members: Members, warnings: list[str]) -> dict[str, Any]:
    queue = dict(_DEFAULTS)
    options = {one.name: one for one in section.settings if one.name != "member"}  # the last one counts
    _apply(options.values(), OPTIONS, queue, warnings)
    for setting in section.settings:
        if setting.name == "member":
            try:
                lost = members.add(section.name.replace("/", "-"), setting)
            except NoMember as error:
                lost = [str(error)]
            warnings += [f"{setting.where}: member => {setting.value}: {one}" for one in lost]
    return queue


def _apply(
    settings: Iterable[Setting], options: Mapping[str, Fate], queue: dict[str, Any], warnings: list[str]
) -> None:
    """Set what can be carried over; say the rest."""
    for setting in settings:
        said = ""
        match fate(setting.name, options):
            case Carried(set=made, doubt=doubt):
                try:
                    _merge(queue, made(setting.value))
                    said = doubt(setting.value)
                except ValueError as error:
                    said = f"left out: {error}"
            case Always(value=value, doubt=doubt):
                kept = value is None or (setting.value.lower() in YES) == (value == "yes")
                said = doubt if value is None else "" if kept else f"not so here: {doubt}"
            case Lost(why=why):
                said = f"not carried over: {why}"
        if said:
            warnings.append(f"{setting.where}: {setting.name} = {setting.value}: {said}")


def _merge(queue: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Lists grow; everything else is replaced, as Asterisk does."""
    for key, value in values.items():
        queue[key] = [*queue.get(key, []), *value] if isinstance(value, list) else value


def _agents(members: Members, queues: Iterable[str]) -> dict[str, dict[str, Any]]:
    levels = {queue: members.levels(queue) for queue in queues}
    agents: dict[str, dict[str, Any]] = {}
    for phone, member in members.by_phone.items():
        key = (member.name or phone).replace("/", "-")
        key = key if key not in agents else f"{key} {phone}"
        agents[key] = {
            "phone": phone,
            "skills": {_skill(queue): of[phone] for queue, of in levels.items() if phone in of},
        }
    return agents


def _skill(queue: str) -> str:
    """A queue's own skill: its name, as far as skills can be called so."""
    name = _NO_SKILL.sub("-", queue)
    return name if name[0].isalpha() and name.lower() not in _RESERVED else f"queue-{name}"


def _environment(phone: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", phone).upper()
