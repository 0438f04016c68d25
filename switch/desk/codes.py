"""Feature codes: what a phone dials, read as a code and what stands behind it.

Arguments follow the code at once or after a star, one star between each two, and # ends the last:
`*63`, `*632`, `*63*2`, `*60*501*4711#`.
"""

import re
from dataclasses import dataclass
from typing import Final

from switch.config.desk import ARGUMENTS, Code, Codes
from switch.config.targets import CodeTarget

_ARGUMENT: Final = re.compile(r"[A-Za-z0-9_.+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Dialled:
    """A code that was dialled. `shown` is as the books have it: without PINs."""

    target: CodeTarget
    shown: str


class FeatureCodes:
    """Those of a configuration."""

    def __init__(self, codes: Codes) -> None:
        self._written = codes.written()

    def dialled(self, number: str) -> Dialled | None:
        """The code that begins the number; None where it is none, or more stands behind it than it takes."""
        number = number.removesuffix("#")
        for code, written in self._written.items():
            if number.startswith(written):
                rest = number[len(written) :].removeprefix("*")
                arguments = tuple(rest.split("*")) if rest else ()
                if len(arguments) <= ARGUMENTS.get(code, 0) and all(map(_ARGUMENT.fullmatch, arguments)):
                    shown = written if code is Code.LOGIN else number
                    return Dialled(CodeTarget(code, arguments), shown)
        return None

    def pressed(self, digits: str) -> Code | None:
        """The code without arguments that these digits end in."""
        for code, written in self._written.items():
            if digits.endswith(written):
                return code
        return None
