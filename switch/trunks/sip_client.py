"""What trunks need of the running switch: flows, requests and their responses, time and chance."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sip.endpoint import Endpoint
from sip.events import OutgoingRequest, RequestId, ResponseReceived
from sip.flow import Address, Flow
from sip.location import Place
from sip.syntax.message import Response

Hear = Callable[[Response | None], None]
"""Told the final response, or None where there was none or nothing could be sent."""


@dataclass(slots=True)
class SipClient:
    """The SIP side of the switch as trunks use it."""

    sip: Callable[[], Endpoint]
    flow_to: Callable[[Place], Flow]
    """The way to a place. Raises OSError or ValueError where there is none."""
    advertise: Callable[[Flow], Address]
    """Our address on a flow."""
    domain: Callable[[], str]
    now: Callable[[], float]
    loop: asyncio.AbstractEventLoop
    random: Callable[[], float]
    """From 0 to 1."""
    token: Callable[[], str]
    """Fresh and unguessable."""
    _waiting: dict[RequestId, Hear] = field(default_factory=dict)

    def ask(self, request: OutgoingRequest, hear: Hear) -> RequestId:
        """Send a request; `hear` is told what comes of it, unless it is forgotten before."""
        asked = self.sip().request(request, self.now())
        self._waiting[asked] = hear
        return asked

    def forget(self, asked: RequestId) -> None:
        """Whatever comes of it is of no interest any more."""
        self._waiting.pop(asked, None)

    def answered(self, event: ResponseReceived) -> bool:
        """Whether this is the answer to a question of ours; if so whoever asked has been told."""
        hear = self._waiting.pop(event.request, None)
        if hear is not None:
            hear(event.response)
        return hear is not None
