"""Lines of level debug about what passes: SIP messages, events of legs, commands of the router.

They are made only while somebody has asked for them (`switch.log_levels`), and hold no header, body or
secret: what a message says, `centralita call trace` shows.
"""

import structlog

from acd.commands import Command
from media.events import PortEvent
from sip.events import Event
from switch.log_levels import Levels
from switch.trace.message import Message
from switch.trace.tracing import Tracing


class Debugging:
    """Writes them."""

    def __init__(self, levels: Levels, tracing: Tracing) -> None:
        self.levels = levels
        self._tracing = tracing
        self._sip = structlog.get_logger("sip")
        self._leg = structlog.get_logger("leg")
        self._router = structlog.get_logger("router")
        levels.on_change = self._follow

    def command(self, command: Command) -> None:
        """The router has decided something."""
        if self.levels.tells_debug:
            facts = {name: getattr(command, name, None) for name in ("call", "agent", "queue", "offer")}
            told = {name: fact for name, fact in facts.items() if fact is not None}
            self._router.debug("command", what=type(command).__name__, **told)

    def leg_event(self, call: str | None, leg: str, event: Event | PortEvent) -> None:
        """A leg's dialog or port told something."""
        self._leg.debug("event", call=call, leg=leg, what=type(event).__name__)

    def _follow(self) -> None:
        self._tracing.tell(self._message if self.levels.tells_debug else None)

    def _message(self, message: Message) -> None:
        first = message.data.split(b"\r\n", 1)[0].split(b" ", 2)
        is_response = first[0].upper().startswith(b"SIP/")
        ours, theirs = message.source, message.destination
        self._sip.debug(
            "message",
            call=message.call,
            way=message.way,
            method=message.method,
            status=first[1].decode("ascii", "replace") if is_response and len(first) > 1 else None,
            transport=message.transport,
            source=f"{ours[0]}:{ours[1]}",
            destination=f"{theirs[0]}:{theirs[1]}",
            sip_call_id=message.sip_call_id,
        )
