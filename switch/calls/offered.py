"""What a caller's offer can become, judged before anything is opened for him."""

from media.codecs import heard_first, partners
from sip.dialogs.offer_answer import NotAcceptable, Offer, usable_offer
from sip.events import IncomingInvite
from switch.config.targets import Go, QueueTarget, ToneTarget
from switch.exchange import Exchange


def usable(exchange: Exchange, invite: IncomingInvite, go: Go) -> tuple[tuple[str, ...], Offer | None]:
    """The codecs that his leg may have on its way to `go`, and his offer, None where the offer will be ours.

    A codec that is passed through only may be his alone where somebody who has it too may answer, and then
    only where he has no other. NotAcceptable or SdpError: an offer that we cannot answer. OSError: there is
    no way to him.
    """
    address = exchange.media_address(invite.flow.remote[0])
    every = tuple(codec.value for codec in exchange.config.media.codecs)
    heard = partners(None, every)
    if invite.sdp is None:
        return heard, None
    if not isinstance(go, QueueTarget | ToneTarget):
        codecs = heard_first(every)
        return codecs, usable_offer(invite.sdp, address, codecs)
    try:
        return heard, usable_offer(invite.sdp, address, heard)
    except NotAcceptable:
        offer = usable_offer(invite.sdp, address, every)  # with them it could be answered, but not heard
        names = " ".join(sorted(offer.line.codecs.keys() & set(every)))
        raise NotAcceptable(f"No Prompts Or Music In {names}") from None
