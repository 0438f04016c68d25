"""A queue: its settings and who is in it."""

import msgspec

from acd.settings import QueueSettings


class Queue(msgspec.Struct):
    """One queue. `visits` holds the calls that wait or are offered, in the order in which they entered;
    `engaged` counts its offers and conversations that are not over."""

    settings: QueueSettings
    leaving: bool = False
    visits: dict[str, int] = {}  # call -> when its visit started, UTC microseconds
    engaged: int = 0

    @property
    def unused(self) -> bool:
        """No call waits, is offered or talks: a queue that is leaving may go."""
        return not self.visits and not self.engaged
