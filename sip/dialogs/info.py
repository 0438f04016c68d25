"""INFO in a dialog as it was before packages (RFC 6086 section 4.2.2): ours in order, theirs by type."""

from collections import deque
from collections.abc import Callable
from typing import Final

from sip.dialogs.dialog_request import DialogRequest
from sip.syntax.message import Request

_MAX_WAITING: Final = 64
"""Digits may come faster than a peer answers: with Timer F for each, they would pile up without end."""


def refuses(request: Request, types: tuple[str, ...]) -> tuple[int, str]:
    """The status for an INFO of theirs, and the header line that goes with it.

    An empty one only asks whether the dialog is there (RFC 2976 section 2.2).
    """
    if "Info-Package" in request.headers:
        return 469, "Recv-Info: \r\n"  # section 4.2.2: we have said that we take none
    if request.body and request.content_type not in types:
        return 415, f"Accept: {', '.join(types)}\r\n"
    return 200, ""


class Infos:
    """Our INFOs of one session: each waits for the one before, so that no digit overtakes another."""

    __slots__ = ("_line", "_under_way")

    def __init__(self) -> None:
        self._line: deque[DialogRequest] = deque()
        self._under_way = False

    def send(self, request: DialogRequest, now: float) -> bool:
        """Send one in its turn; False if too many wait already."""
        if len(self._line) >= _MAX_WAITING:
            return False
        self._line.append(request)
        self._next(now)
        return True

    def done(self, now: float, report: Callable[[], None]) -> None:
        """The one under way has its answer."""
        self._under_way = False
        report()
        self._next(now)

    def _next(self, now: float) -> None:
        if self._line and not self._under_way:
            self._under_way = True
            self._line.popleft().send(now)
