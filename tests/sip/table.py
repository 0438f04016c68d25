"""Questions to a state machine that is a table: where it can go, which timers run, where it gets stuck."""

from collections.abc import Mapping
from typing import Any

AnyTable = Mapping[Any, Any]


class Machine:
    """A table whose actions `start X` and `stop X` are timers, and whose input `X` is such a timer's end."""

    def __init__(
        self,
        table: AnyTable,
        first: str,
        last: str,
        renewed: dict[str, str] | None = None,
    ) -> None:
        self.table = table
        self.first = first
        self.last = last
        self._renewed = renewed or {}
        self._seen: set[tuple[str, frozenset[str]]] = set()
        self._faults: list[str] = []
        self._walk()

    def timer_names(self) -> set[str]:
        """Every timer that the table starts."""
        return {
            action.removeprefix("start ")
            for _, actions in self.table.values()
            for action in actions
            if action.startswith("start ")
        }

    def reachable(self) -> set[str]:
        """The states to which the rows lead."""
        return {state for state, _ in self._seen}

    def ending(self) -> set[str]:
        """The states from which the last one can be reached."""
        ending = {self.last}
        while True:
            more = {state for (state, _), (following, _) in self.table.items() if following in ending}
            if more <= ending:
                return ending
            ending |= more

    def timers_that_can_run(self) -> set[tuple[str, str]]:
        """(state, timer) for every timer that can run in a state."""
        return {(state, timer) for state, running in self._seen for timer in running}

    def timer_faults(self) -> list[str]:
        """Timers that run where no row expects them, start twice, or outlive the end."""
        return self._faults

    def _walk(self) -> None:
        start = (self.first, frozenset[str]())
        self._seen.add(start)
        todo = [start]
        while todo:
            state, running = todo.pop()
            if state == self.last:
                if running:
                    self._faults.append(f"{sorted(running)} outlive the end")
                continue
            self._faults += [
                f"{timer} runs in {state}" for timer in running if (state, timer) not in self.table
            ]
            for (row, name), (following, actions) in self.table.items():
                if row != state or (name in self.timer_names() and name not in running):
                    continue
                after = following, self._after(state, name, running, actions)
                if after not in self._seen:
                    self._seen.add(after)
                    todo.append(after)

    def _after(self, state: str, name: str, running: frozenset[str], actions: Any) -> frozenset[str]:
        timers = set(running) - {name}
        for action in actions:
            verb, _, timer = action.partition(" ")
            if action in self._renewed:
                timers.add(self._renewed[action])
            elif verb == "start" and timer in timers:
                self._faults.append(f"({state}, {name}) starts {timer} again")
            elif verb in ("start", "double"):
                timers.add(timer.removesuffix(" up to T2"))
            elif verb == "repeat":
                timers.add({"E at T2": "E", "2xx": "answer"}[timer])
            elif verb == "stop":
                timers.discard(timer)
        return frozenset(timers)
