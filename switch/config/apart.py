"""Reading a configuration in a process of its own.

For a large file it is a second of pure Python: too long for any thread of the switch.
"""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Final

from switch.children import command, end_with_parent, environment
from switch.config.errors import ConfigErrors
from switch.config.load import load
from switch.config.schema import Config

LONGEST_S: Final = 120.0
"""A child that takes longer is given up."""


def load_apart(path: Path, running: Config) -> Config:
    """As `load`, which see; waits for the child: not for the loop's thread.

    Raises ConfigErrors, and subprocess.SubprocessError where the child fails or takes too long.
    """
    child = subprocess.run(
        command(__name__),
        input=pickle.dumps((path, running)),
        stdout=subprocess.PIPE,
        env=environment(),
        timeout=LONGEST_S,
        check=True,
    )
    loaded: Config | ConfigErrors = pickle.loads(child.stdout)
    if isinstance(loaded, ConfigErrors):
        raise loaded
    return loaded


def _child() -> None:
    end_with_parent()
    path, running = pickle.load(sys.stdin.buffer)
    loaded: Config | ConfigErrors
    try:
        loaded = load(path, running=running)
    except ConfigErrors as errors:
        loaded = errors
    sys.stdout.buffer.write(pickle.dumps(loaded))


if __name__ == "__main__":
    _child()
