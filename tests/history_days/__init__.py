"""Days of a centre that never was, made from a seed: what reports, retention and the databases are proved on.

    from tests.history_days import DAYS, entries, filled

    for entry in entries(calls=2_000): ...            # in the order in which a switch puts them
    async with filled(url, folder, calls=50_000) as engine: ...    # in that database, by the switch's writer

    python -m tests.history_days postgresql://… --calls 50000      # the same from a shell

The same arguments give the same entries, to the microsecond. `calls` is how many calls begin, consultations
on top. `days` are the centre's own (`ZONE`); DAYS holds one of 23 hours and one of 25. Callers wait in line
by turn, lose patience (some at once), overflow, are transferred; agents have shifts, pauses with reasons,
phones that fail, wrap-ups; each is in exactly one state from his first shift on, and rings, talks and wraps
up when the calls say so. `tests/history_days/test_history_days.py` holds all this to be true.
"""

from tests.history_days.centre import QUEUES, ZONE
from tests.history_days.day import DAYS, entries
from tests.history_days.filling import filled, write

__all__ = ["DAYS", "QUEUES", "ZONE", "entries", "filled", "write"]
