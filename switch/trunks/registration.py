"""Our registration with one carrier (`sip.accounts.registration`): its registrar found, asked and heard."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from sip.accounts.authentication import Authorizer
from sip.accounts.registration import Action, Ask, Registering, State
from sip.events import OutgoingRequest, RequestId
from sip.flow import Flow
from sip.location import Place
from sip.syntax.message import Response
from sip.syntax.uri import Uri
from switch.trunks.health import is_alive
from switch.trunks.sip_client import SipClient

_ONCE_MORE: Final = (401, 407, 423)
"""Answers after which the same server is asked once more in the same try."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the registrar: `user` at `domain`, for `expires_s` at a time."""

    user: str
    domain: str
    expires_s: int

    @property
    def registrar(self) -> str:
        """The Request-URI of REGISTER (RFC 3261 section 10.2)."""
        return str(Uri("sip", host=self.domain.strip("[]")))

    @property
    def record(self) -> str:
        """The address of record."""
        return str(Uri("sip", self.user, host=self.domain.strip("[]")))


class Registration:
    """Keeps one account registered from `start` to `stop`."""

    def __init__(
        self,
        trunk: str,
        account: Account,
        authorizer: Authorizer | None,
        places: Callable[[], list[Place]],
        client: SipClient,
        t1: float,
    ) -> None:
        """`places` are those of the registrar, in the order in which to try them."""
        self.account = account
        self._places = places
        self._client = client
        self._registering = Registering(account.registrar, account.expires_s, authorizer, client.random, t1)
        self._call_id = client.token()
        self._place: Place | None = None
        self._failed: set[Place] = set()
        self._asked: RequestId | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger("trunk").bind(trunk=trunk, user=account.user)

    # Facts

    @property
    def registered(self) -> bool:
        """Whether the carrier reaches us by it now."""
        return self._registering.registered

    @property
    def state(self) -> State:
        """Where it is."""
        return self._registering.state

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come: the binding was removed, or could not be."""
        return self.state is State.ENDED

    @property
    def status(self) -> int | None:
        """The status of the registrar's last answer; None where there was none."""
        return self._registering.status

    @property
    def expires_at(self) -> float | None:
        """When the binding ends unless it is renewed, in the seconds of `now`."""
        return self._registering.expires_at()

    # What to do

    def start(self) -> None:
        """Register, and stay registered. A second time changes nothing."""
        self._registering.start(self._client.now())
        self._carry_on()

    def renew(self, account: Account, authorizer: Authorizer | None) -> None:
        """The same user with another password or interval: tell the registrar at once."""
        self.account = account
        self._registering.renew(account.expires_s, authorizer, self._client.now())
        self._carry_on()

    def stop(self) -> None:
        """Remove the binding, where it was made: the configuration may know that registrar no more."""
        self._places = lambda: [] if self._place is None else [self._place]
        self._registering.stop(self._client.now())
        self._carry_on()

    def close(self) -> None:
        """No more timers and questions."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._forget()

    # Inside

    def _carry_on(self) -> None:
        """Send what the table wants sent, log what it tells, set the timer."""
        for ask in self._registering.asks():
            self._send(ask)
        for notice in self._registering.notices():
            said = self._log.info if notice.what is not Action.REPORT_FAILED else self._log.warning
            said(notice.what.removeprefix("report "), sip_status=notice.status, state=self.state.value)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._registering.deadline()
        if deadline is not None:
            delay_s = max(0.0, deadline - self._client.now()) + 0.001
            self._timer = self._client.loop.call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self._registering.on_deadline(self._client.now())
        self._carry_on()

    def _send(self, ask: Ask) -> None:
        self._forget()
        place = self._choose()
        try:
            if place is None:
                raise OSError("the registrar's name leads nowhere")
            flow = self._client.flow_to(place)
        except (OSError, ValueError) as error:
            self._log.warning("cannot reach the registrar", error=str(error))
            self._client.loop.call_soon(self._heard, ask, "", place, None)
            return
        contact = self._contact(flow)
        record = f"<{self.account.record}>"
        request = OutgoingRequest(
            method="REGISTER",
            uri=self.account.registrar,
            flow=flow,
            from_=record,
            to=record,
            headers=(("Expires", str(ask.expires_s)), *ask.headers),
            contact=f"<{contact}>",
            call_id=self._call_id,
            cseq=ask.cseq,
        )
        self._asked = self._client.ask(request, lambda response: self._heard(ask, contact, place, response))

    def _heard(self, ask: Ask, contact: str, place: Place | None, response: Response | None) -> None:
        self._asked = None
        others_left = False
        if place is not None and not is_alive(None if response is None else response.status):
            self._failed.add(place)
            others_left = self._choose() is not None
        elif place is not None:
            self._place = place
        if not others_left and (response is None or response.status not in _ONCE_MORE):
            self._failed.clear()  # the next try begins anew
        self._registering.answered(ask.cseq, response, contact, self._client.now(), others_left)
        self._carry_on()

    def _choose(self) -> Place | None:
        """Where it worked last, else the next that has not failed (RFC 3263 section 4.3)."""
        left = [place for place in self._places() if place not in self._failed]
        if self._place in left:
            return self._place
        return left[0] if left else None

    def _contact(self, flow: Flow) -> str:
        host, port = self._client.advertise(flow)
        params = {} if flow.transport == "udp" else {"transport": flow.transport}
        return str(Uri("sip", self.account.user, host=host, port=port, params=params))

    def _forget(self) -> None:
        if self._asked is not None:
            self._client.forget(self._asked)
            self._asked = None
