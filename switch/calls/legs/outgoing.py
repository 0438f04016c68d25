"""A leg that we call: a phone's or a trunk's, ringing for an agent or for whoever was dialled."""

from sip import events as sip
from sip.flow import Flow
from switch.calls.causes import Farewell, q850_of
from switch.calls.legs.events import Answered, Cut, Refused, Ringing, Trying
from switch.calls.legs.leg import Leg


class OutgoingLeg(Leg):
    """The called side of a call."""

    spoke = False
    """Whether the peer has said anything to our INVITE."""

    def move(self, flow: Flow) -> None:
        """The peer has got another address. Where it has said nothing, nobody hears us at the former one."""
        if self.answered or self.spoke or self.over:
            super().move(flow)
        else:
            self.owner.leg_event(self, Cut())

    def call(self, outgoing: sip.Outgoing) -> None:
        """Send the INVITE, with our offer."""
        self._open(self._exchange.sip().invite(outgoing, self._exchange.now()), outgoing.call_id)

    def cancel(self, farewell: Farewell) -> None:
        """Stop the ringing. It goes on until its final response."""
        if not self.over:
            self._exchange.sip().cancel(self._session, self._exchange.now(), headers=farewell.headers)

    def give_up(self, status: int) -> None:
        """End a leg where nobody is there: its record says `status`, as if that had been the answer."""
        if not self.over and not self.answered:
            self._history.sip_status = status
        self.end(Farewell(status=status, q850=q850_of(status)))

    # What happened

    def sip_event(self, event: sip.Event) -> None:
        """An event of its session."""
        match event:
            case sip.Trying():
                self.spoke = True
                self._book.leg_rings(self)
                self.owner.leg_event(self, Trying())
            case sip.Progress():
                self._progress(event)
            case sip.Answered():
                self._answered(event)
            case sip.Refused():
                self._refused(event)
            case _:
                super().sip_event(event)

    # Inside

    def _progress(self, event: sip.Progress) -> None:
        self.spoke = True
        if event.status == 199:  # one of several early dialogs is over; the others ring on (RFC 6228)
            self._media.early_over(event.dialog_tag)
            return
        self._history.rings(self._exchange.now_us())
        self._book.leg_rings(self)
        self._book.leg_changed(self)
        heard = event.sdp is not None and self._media.accept_early(event.dialog_tag, event.sdp)
        self._described()
        self.early = self.early or heard
        self.owner.leg_event(self, Ringing(event.status, heard))

    def _answered(self, event: sip.Answered) -> None:
        self.answered = True
        self._history.answered(self._exchange.now_us(), event.response.status)
        self._book.leg_changed(self)
        if not self._media.accept_final(event.dialog_tag, event.sdp):
            self._log.warning("answered without usable SDP")
            self.end(Farewell(q850=88))
            self.owner.leg_event(self, Refused(488, "Not Acceptable Here", 88, timed_out=False))
            return
        self._watch()
        self._described()
        self.owner.leg_event(self, Answered(event.crossed_cancel))

    def _refused(self, event: sip.Refused) -> None:
        status, q850 = event.status, event.q850 or q850_of(event.status)
        self._history.sip_status, self._history.q850 = status, q850
        self._close()
        timed_out = event.response is None
        self.owner.leg_event(
            self, Refused(status, event.reason, q850, timed_out, event.contacts, event.retry_after_s)
        )

    def _disconnected(self) -> None:
        if self.answered:
            super()._disconnected()
        else:
            self.owner.leg_event(self, Cut())

    def _say_farewell(self, farewell: Farewell) -> None:
        if not self.answered and self._history.sip_status is None:
            self._history.sip_status = 487
        super()._say_farewell(farewell)
