"""Conferences by name: whoever calls one talks to all who are there, as long as somebody is."""

from functools import partial
from typing import Final

from media.port import Port
from switch.calls.bridge import Bridge
from switch.calls.legs.leg import Leg
from switch.exchange import Exchange

_MUSIC: Final = "default"
"""For who is alone."""


class Conferences:
    """Those in which somebody is."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._open: dict[str, Bridge] = {}
        self._newest: dict[str, Port] = {}
        """The last port of each whose leg is there or still to come: all are on one worker."""

    def open_port(self, name: str) -> Port:
        """For somebody who is to join, where he can be mixed with all who are there or to come. Raises
        NoPorts.
        """
        port = self._newest[name] = self._exchange.plane.open(near=self._newest.get(name))
        return port

    def join(self, name: str, leg: Leg) -> Bridge:
        """From now on the leg hears all who are there, and they hear it."""
        if name not in self._open:
            self._open[name] = Bridge(self._exchange.plane, partial(self._exchange.music, _MUSIC))
        bridge = self._open[name]
        bridge.add(leg)
        bridge.update()
        return bridge

    def leave(self, name: str, leg: Leg) -> None:
        """The others go on; after the last there is no conference."""
        bridge = self._open[name]
        bridge.remove(leg)
        if self._newest.get(name) is leg.port:
            del self._newest[name]
            if bridge.legs:
                self._newest[name] = bridge.legs[-1].port
        if bridge.legs:
            bridge.update()
        else:
            bridge.close()
            del self._open[name]
