"""What must be right of agents' numbers and PINs, of `desk` and of `codes`."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from switch.config.desk import A_PIN, Code, is_pin
from switch.config.document import Path
from switch.config.patterns import expression
from switch.config.schema import Config
from switch.config.targets import Go, ParkTarget, PickupTarget

_NUMBER: Final = re.compile(r"[0-9]{1,16}")


class Fault(NamedTuple):
    """Where, and what is wrong there, or with its key."""

    path: Path
    message: str
    at_key: bool = False


def faults(config: Config, has: Callable[..., bool]) -> Iterator[Fault]:
    """Every mistake; `has` tells whether the file has a key."""
    yield from _pins(config, has)
    yield from _numbers(config)
    yield from _codes(config)
    for number in config.desk.pauses:
        if not re.fullmatch("[0-9]{1,2}", number):
            message = f"'{number}' cannot be dialled: a reason's number has one or two digits"
            yield Fault(("desk", "pauses", number), message, at_key=True)


def _pins(config: Config, has: Callable[..., bool]) -> Iterator[Fault]:
    for name, agent in config.agents.items():
        path = ("agents", name)
        if not has(*path, "pin"):
            continue
        if agent.pin_file is not None:
            yield Fault((*path, "pin_file"), "stands beside pin; give one of them", at_key=True)
        if not is_pin(agent.pin.get_secret_value()):
            yield Fault((*path, "pin"), f"must be {A_PIN}")


_SAME: Final[Mapping[Code, type[Go]]] = {Code.PICKUP: PickupTarget, Code.PARK: ParkTarget}
"""A route may do what its code does: for calls that are sent on there."""


def _numbers(config: Config) -> Iterator[Fault]:
    owners = {name: name for name in config.agents}
    for name, agent in config.agents.items():
        path = ("agents", name, "number")
        if agent.number is None:
            continue
        if not _NUMBER.fullmatch(agent.number):
            yield Fault(path, f"'{agent.number}' cannot be dialled: 1 to 16 digits")
        owner = owners.setdefault(agent.number, name)
        if owner != name:
            yield Fault(path, f"number '{agent.number}' is already that of agent '{owner}'")


def _codes(config: Config) -> Iterator[Fault]:
    """No code may be another's beginning, or it would never be known which is dialled."""
    written = config.codes.written()
    for code, text in written.items():
        for other, longer in written.items():
            if code is not other and longer.startswith(text) and (longer != text or code < other):
                message = f"'{longer}' cannot be told from codes.{code.value}, which is '{text}'"
                yield Fault(("codes", other.value), message)
    for i, route in enumerate(config.routes):
        for j, pattern in enumerate(route.to):
            taken = _taken(pattern, written) if route.phone is not None and not route.emergency else None
            if taken is not None and not isinstance(route.go, _SAME.get(taken, ())):
                message = f"is never reached: it is codes.{taken.value}; change one of them, or turn that off"
                yield Fault(("routes", i, "to", j), message)


def _taken(pattern: str, written: Mapping[Code, str]) -> Code | None:
    """The code that a pattern names, which begins with a star or hash of its own."""
    if not pattern.startswith(("[*]", "#", "[#]")):
        return None
    try:
        matches = expression(pattern)
    except ValueError:
        return None
    return next((code for code, text in written.items() if re.fullmatch(matches, text)), None)
