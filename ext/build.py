"""Which build of the twinned kernels this process uses, read once from the environment.

Cores may not read the environment, so the one place that does is here, beside what is chosen.
"""

import os
from typing import Final, Literal

KERNELS: Final[Literal["compiled", "pure"]] = (
    "pure" if os.environ.get("CENTRALITA_KERNELS") == "pure" else "compiled"
)
