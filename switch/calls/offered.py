"""What a caller's offer can become, judged before anything is opened for him."""

from media.codecs import heard_first, partners
from sip.dialogs.offer_answer import NotAcceptable, Offer, usable_offer
from sip.events import IncomingInvite
from switch.calls.leg_media import Terms
from switch.calls.leg_secrecy import secrecy
from switch.config.targets import DialledPhone, EchoTarget, Go, PhoneTarget, TrunkTarget
from switch.exchange import Exchange
from switch.peers import Peer


def usable(exchange: Exchange, invite: IncomingInvite, peer: Peer, go: Go) -> tuple[Terms, Offer | None]:
    """What his leg may agree on, on its way to `go`, and his offer, None where the offer will be ours.

    A codec that is passed through only may be his alone where somebody who has it too may answer, and then
    only where he has no other. NotAcceptable or SdpError: an offer that we cannot answer. OSError: there is
    no way to him.
    """
    address = exchange.media_address(invite.flow.remote[0])
    every = exchange.config.media.codecs
    keys = secrecy(exchange.config, peer, invite.flow, exchange.fingerprint)
    if not keys.possible:
        raise NotAcceptable("Encryption Required")
    heard = Terms(partners(None, every), keys)
    if invite.sdp is None:
        return heard, None
    if isinstance(go, DialledPhone | EchoTarget | PhoneTarget | TrunkTarget):
        terms = Terms(heard_first(every), keys)
        return terms, usable_offer(invite.sdp, address, terms.codecs, keys)
    try:
        return heard, usable_offer(invite.sdp, address, heard.codecs, keys)
    except NotAcceptable:
        # With them it could be answered, but not heard.
        offer = usable_offer(invite.sdp, address, every, keys)
        names = " ".join(sorted(offer.line.codecs.keys() & set(every)))
        raise NotAcceptable(f"No Prompts Or Music In {names}") from None
