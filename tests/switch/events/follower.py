"""A listener as docs/reference/events.md tells to write one: rows by kind, replaced by each event's."""

from typing import Any

KEYS = {"call": "id", "queue": "name", "agent": "name", "phone": "name", "trunk": "name"}


class Follower:
    """What somebody knows who has heard a snapshot and all that came after it."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {kind: {} for kind in KEYS}
        self.seq = -1
        self.types: list[str] = []

    def hear(self, event: dict[str, Any]) -> None:
        """A message of the WebSocket."""
        type, data = event["type"], event["data"]
        self.types.append(type)
        if type == "snapshot":
            self.rows = {kind: {row[key]: row for row in data[f"{kind}s"]} for kind, key in KEYS.items()}
        else:
            assert event["seq"] == self.seq + 1 or self.seq < 0, "numbers have no gaps"
            self._take(type, data)
        self.seq = event["seq"]

    def _take(self, type: str, data: dict[str, Any]) -> None:
        for kind, key in KEYS.items():
            row = data.get(kind)
            if row is None:
                continue
            if type == "call.ended" or type.endswith(".removed"):
                self.rows[kind].pop(row[key], None)
            else:
                self.rows[kind][row[key]] = row
