"""What a caller's offer can become, judged before anything is opened for him."""

from media.codecs import heard_first, partners
from sip.dialogs.offer_answer import NotAcceptable, Offer, usable_offer
from sip.events import IncomingInvite
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import Terms
from switch.calls.legs.secrecy import secrecy
from switch.config.targets import DialledPhone, EchoTarget, Led, PhoneTarget, TrunkTarget
from switch.exchange import Exchange
from switch.peers import Peer


def usable_with(
    exchange: Exchange, invite: IncomingInvite, peer: Peer, other: Leg
) -> tuple[Terms, Offer | None]:
    """What a leg may agree on that is to talk to another, and its offer; raises as `usable`."""
    address = exchange.media_address(invite.flow.remote[0])
    keys = secrecy(exchange.config, peer, invite.flow, exchange.fingerprint)
    if not keys.possible:
        raise NotAcceptable("Encryption Required")
    terms = Terms(codecs_with(exchange, other), keys)
    return terms, None if invite.sdp is None else usable_offer(invite.sdp, address, terms.codecs, keys)


def codecs_with(exchange: Exchange, other: Leg | None) -> tuple[str, ...]:
    """Those in which somebody can talk to another; the other's first, so that little has to be transcoded.
    Nobody else is there yet where somebody is rung for a call of his own.
    """
    first = other.agreed.codec if other is not None and other.agreed is not None else None
    codecs = partners(first, exchange.config.media.codecs)
    return tuple(sorted(codecs, key=lambda codec: codec != first))


def usable(exchange: Exchange, invite: IncomingInvite, peer: Peer, go: Led) -> tuple[Terms, Offer | None]:
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
