"""One target of a trunk: a socket of the carrier, asked by OPTIONS how it is."""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from sip.events import OutgoingRequest, RequestId
from sip.location import Place
from sip.syntax.message import Response
from sip.syntax.uri import Uri, host_port
from switch.config.addresses import Proxy
from switch.trunks.health import Health, HealthEvent, after, is_alive
from switch.trunks.sip_client import SipClient

_FIRST: Final = 0.5
"""The least share of an interval before the first question, so that not all targets are asked at once. Until
then it counts as up: what a call finds out is believed at once.
"""
_JITTER: Final = 0.1
"""Questions come up to this share early or late, so that no carrier is asked by everybody at once."""
_LONGEST_REST_S: Final = 300.0
"""What a Retry-After may ask for: an error of the carrier's should not cost us more."""
_REST_S: Final = 30.0
"""A target that nobody asks (`options: 0`) is left alone for so long after it was found dead."""


@dataclass(frozen=True, slots=True)
class OptionsProbe:
    """How a trunk's targets are asked: `every_s` 0 never; without an answer in `within_s` it is a miss."""

    every_s: float
    within_s: float


class Target:
    """Health and questions of one place of one trunk."""

    def __init__(
        self, trunk: str, proxy: Proxy, place: Place, probe: OptionsProbe, client: SipClient
    ) -> None:
        self.trunk = trunk
        self.proxy = proxy
        self.place = place
        self.health = Health.UP
        self.status: int | None = None
        """Of the last answer; None where the last question had none, or none was asked."""
        self._probe = probe
        self._client = client
        self._asked: RequestId | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._rests_until = 0.0
        if probe.every_s > 0:
            first_s = probe.every_s * (_FIRST + (1 - _FIRST) * client.random())
            self._timer = client.loop.call_later(first_s, self._ask)

    @property
    def rests(self) -> bool:
        """Whether it is to be left alone for now."""
        return self._client.now() < self._rests_until

    @property
    def takes_calls(self) -> bool:
        """Whether calls go there while others could take them."""
        return self.health.takes_calls and not self.rests

    def rest(self, seconds: float) -> None:
        """It is there, but wants no calls for a while."""
        self._rests_until = self._client.now() + min(seconds, _LONGEST_REST_S)

    def see(self, event: HealthEvent) -> None:
        """Note what was seen of it, by a question or by a call."""
        before, self.health = self.health, after(self.health, event)
        if before.takes_calls != self.health.takes_calls:
            word = "up" if self.health.takes_calls else "down"
            log = structlog.get_logger("trunk").bind(trunk=self.trunk, target=self.proxy.uri)
            log.warning(f"target {word}", place=shown(self.place), seen=event.value)
            if not self.health.takes_calls and self._probe.every_s == 0:
                if self._rest is not None:
                    self._rest.cancel()  # of the time before: it would forgive too soon
                self._rest = self._client.loop.call_later(_REST_S, self.see, HealthEvent.FORGIVEN)

    def close(self) -> None:
        """No more questions."""
        for timer in (self._timer, self._patience, self._rest):
            if timer is not None:
                timer.cancel()
        self._timer = self._patience = self._rest = None
        self._forget()

    def _ask(self) -> None:
        every_s = self._probe.every_s
        self._timer = self._client.loop.call_later(
            every_s * (1 - _JITTER + 2 * _JITTER * self._client.random()), self._ask
        )
        self._forget()
        try:
            flow = self._client.flow_to(self.place)
        except (OSError, ValueError):
            self._heard(None)
            return
        uri = Uri("sip", None, host=self.proxy.host, port=self.proxy.port)
        request = OutgoingRequest("OPTIONS", str(uri), flow, f"<sip:{self._client.domain()}>", f"<{uri}>")
        self._asked = self._client.ask(request, self._heard)
        patience_s = min(self._probe.within_s, every_s * (1 - _JITTER))
        self._patience = self._client.loop.call_later(patience_s, self._heard, None)

    def _heard(self, response: Response | None) -> None:
        self._forget()
        self.status = None if response is None else response.status
        self.see(HealthEvent.ANSWER if is_alive(self.status) else HealthEvent.MISS)

    def _forget(self) -> None:
        """The question is answered, or its answer would come too late."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._asked is not None:
            self._client.forget(self._asked)
            self._asked = None


def shown(place: Place) -> str:
    """As `udp:192.0.2.1:5060`."""
    return f"{place.transport}:{host_port(place.address, place.port)}"
