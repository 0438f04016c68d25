"""Feature codes that an agent presses in the middle of a talk: the other side hears their digits like any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import structlog

from switch.calls.ending import EndedBy
from switch.calls.legs.leg import Leg
from switch.calls.supervision import NotNow
from switch.config.desk import Code
from switch.desk.wishes import ExtendWrapUp
from switch.exchange import Exchange
from switch.peers import PhonePeer

if TYPE_CHECKING:
    from switch.calls.flow import Call

NEXT_WITHIN_S: Final = 3.0
"""Digits further apart are of no one code."""
_LONGEST: Final = 8


class Keyed:
    """What the agent of one call presses."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._digits = ""
        self._last = 0.0
        self._leg: Leg | None = None

    def pressed(self, call: Call, leg: Leg, digit: str) -> None:
        """One digit; the last of a code does what the code asks for."""
        if not isinstance(leg.peer, PhonePeer):
            return
        now = self._exchange.now()
        goes_on = leg is self._leg and now - self._last <= NEXT_WITHIN_S
        before = self._digits if goes_on else ""
        self._digits, self._last, self._leg = (before + digit)[-_LONGEST:], now, leg
        code = self._exchange.codes.pressed(self._digits)
        if code is Code.CONFERENCE:
            self._digits = ""
            _confer(self._exchange, call, leg)
        elif call.agent is not None and leg is call.party and code is not None and code in _KEYS:
            self._digits = ""
            log = structlog.get_logger("desk")
            log.info("code in a talk", call=call.id, agent=call.agent, code=code.value)
            _KEYS[code](self._exchange, call, call.agent)


def _confer(exchange: Exchange, call: Call, leg: Leg) -> None:
    from switch.calls.transfers.three_way import confer_held

    try:
        confer_held(exchange, call, leg)
    except NotNow as error:
        log = structlog.get_logger("desk")
        log.info("no three-way call", call=call.id, phone=leg.peer.name, why=str(error))


def _record(exchange: Exchange, call: Call, agent: str) -> None:
    call.keep(True, EndedBy.AGENT)


def _record_no_more(exchange: Exchange, call: Call, agent: str) -> None:
    call.keep(False, EndedBy.AGENT)


def _extend(exchange: Exchange, call: Call, agent: str) -> None:
    exchange.desk.ask(ExtendWrapUp(agent))


_KEYS: Final[Mapping[Code, Callable[[Exchange, Call, str], None]]] = {
    Code.RECORD_ON: _record,
    Code.RECORD_OFF: _record_no_more,
    Code.WRAP_UP_EXTEND: _extend,
}
