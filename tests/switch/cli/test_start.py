"""A command that asks the switch is there at once: it imports nothing that only the switch needs."""

import subprocess
import sys

SLOW = {"alembic", "cryptography", "fastapi", "pydantic", "sqlalchemy", "switch.config.schema", "uvloop"}


def test_what_asks_the_switch_imports_nothing_slow() -> None:
    command = [sys.executable, "-c", "import sys, switch.cli.app; print(*sys.modules)"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "switch.cli.show" in said
    assert not SLOW & set(said)
