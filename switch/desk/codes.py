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
        """The code that begins the number; None where it is none, or more stands behind it than it takes. A
        login that cannot be read is one of nobody.
        """
        number = number.removesuffix("#")
        for code, written in self._written.items():
            if not number.startswith(written):
                continue
            rest = number[len(written) :].removeprefix("*")
            arguments = tuple(rest.split("*")) if rest else ()
            fits = len(arguments) <= ARGUMENTS.get(code, 0) and all(map(_ARGUMENT.fullmatch, arguments))
            if code is Code.LOGIN:  # whatever stands there may hold a PIN: it goes nowhere else
                return Dialled(CodeTarget(code, arguments if fits else ("", "")), written)
            return Dialled(CodeTarget(code, arguments), number) if fits else None
        return None

    def pressed(self, digits: str) -> Code | None:
        """The code without arguments that these digits end in."""
        for code, written in self._written.items():
            if digits.endswith(written):
                return code
        return None
