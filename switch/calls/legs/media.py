"""The media of a leg: what its descriptions say, and what its port is told of it (RFC 3264)."""

import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import structlog

from media.codecs import partners
from media.port import PeerMedia, Port
from media.tuning import tuning
from sip.dialogs.offer_answer import Agreed, Direction, MediaSession, NotAcceptable, Offer
from sip.dialogs.secrecy import Secrecy, Secret
from sip.flow import Flow
from sip.syntax.sdp import SdpError
from switch.calls.digits import DigitsIn, DigitsOut, Means
from switch.calls.legs.secrecy import dtls, srtp
from switch.exchange import Exchange
from switch.peers import Peer, PhonePeer, TrunkPeer


@dataclass(frozen=True, slots=True)
class Terms:
    """What a leg may agree on: codecs in our order, and keys."""

    codecs: tuple[str, ...]
    secrecy: Secrecy


class LegMedia:
    """One port and the session that describes it."""

    def __init__(
        self,
        exchange: Exchange,
        peer: Peer,
        flow: Flow,
        port: Port,
        terms: Terms,
        digits_in: DigitsIn,
        digits_out: DigitsOut,
    ) -> None:
        """Raises OSError where the kernel knows no way to the peer, so there is no address to describe."""
        self.agreed: Agreed | None = None
        self.held = False
        """Whether the peer has put us on hold."""
        self.local: bytes | None = None
        """The last description of ours."""
        self._exchange = exchange
        self._peer = peer
        self._flow = flow
        self._port = port
        self._codecs = terms.codecs
        self._session = MediaSession(secrets.randbits(62), terms.secrecy)
        self._address = exchange.media_address(flow.remote[0])
        self._early: dict[str, tuple[bytes, Secret | None]] = {}
        """What each early dialog answered, with its keys, the last one last; the one that is taken up in the
        end may have no more to say.
        """
        self._listens = False
        self._digits_in = digits_in
        self._digits_out = digits_out

    def resume(self, last: bytes) -> None:
        """Go on where an earlier process stopped, in the clear, whose last description was this. SdpError."""
        self.local = last
        self._session = MediaSession.resumed(last)
        known = self._session.described
        self._codecs = tuple(codec for codec in known if codec in self._codecs) or self._codecs

    @property
    def flows(self) -> bool:
        """Whether anything can come from the peer."""
        return self.agreed is not None and self.agreed.direction.receives

    @property
    def early_dialog(self) -> str:
        """The tag of the early dialog that is followed; empty where there is none, or none any more."""
        return next(reversed(self._early), "")

    def offer(self) -> bytes:
        """Our offer: the first, or what the session is, once more."""
        self.local = self._session.offer(self._address, self._port.number, self._codecs)
        return self.local

    def answer(self, offer: bytes | Offer) -> bytes:
        """Take an offer of theirs; our answer. Raises NotAcceptable or SdpError, and nothing has changed."""
        self.local, agreed = self._session.answer(offer, self._address, self._port.number, self._codecs)
        self._connect(agreed)
        return self.local

    def accept(self, answer: bytes | None, dialog_tag: str = "") -> bool:
        """Take the answer to our offer; False where there is none, or none that we can use. What an early
        dialog encrypts stays so.
        """
        if answer is None:
            return False
        _, before = self._early.get(dialog_tag, (b"", None))
        try:
            agreed = self._session.accept(answer, before)
            self._connect(agreed)
        except (SdpError, NotAcceptable, ValueError) as error:
            structlog.get_logger("leg").warning("unusable SDP answer", peer=self._peer.name, error=str(error))
            return False
        return True

    def accept_early(self, dialog_tag: str, answer: bytes) -> bool:
        """Follow the early dialog that last said where its media is; whether anything comes from there."""
        if not self.accept(answer, dialog_tag):
            return False
        self._early.pop(dialog_tag, None)
        self._early[dialog_tag] = answer, self.agreed.keys if self.agreed is not None else None
        return self.flows

    def early_over(self, dialog_tag: str) -> None:
        """An early dialog ended (199, RFC 6228): if it spoke last, go back to the one before it."""
        spoke_last = self.early_dialog
        self._early.pop(dialog_tag, None)
        if spoke_last == dialog_tag and self._early:
            self.accept(next(reversed(self._early.values()))[0])

    def accept_final(self, dialog_tag: str, answer: bytes | None) -> bool:
        """Move to the dialog that answered: by its 200, else by what it said before. False: no media, or only
        somebody else's.
        """
        before, _ = self._early.get(dialog_tag, (None, None))
        taken = self.accept(answer, dialog_tag) or self.accept(before)
        self._early.clear()
        return taken or (answer is None and self.agreed is not None)

    def move(self, flow: Flow) -> None:
        """The peer has got another address: its packets come from there, whatever it said before. Where ours
        go until they do is a guess. Raises OSError where the kernel knows no way there.
        """
        before, self._flow = self._flow.remote[0], flow
        if before == flow.remote[0]:
            return  # another port of the same NAT: the media plane finds the packets by itself
        self._address = self._exchange.media_address(flow.remote[0])
        if self.agreed is not None and not ip_address(self.agreed.remote_address).is_unspecified:
            host = str(_host(flow.remote[0]).network_address)
            self._connect(replace(self.agreed, remote_address=host, rtcp_address=host))

    def refresh(self, answer: bytes | None) -> None:
        """What they said when our description went out once more: news only if it was an offer before."""
        if answer is not None and self._session.offered:
            self.accept(answer)

    def note_means(self) -> None:
        """The first digit said how the peer tells them: no other means are heard or relayed."""
        if self.agreed is not None and self._digits_in.means is not Means.EVENT:
            self._connect(self.agreed)

    def _connect(self, agreed: Agreed) -> None:
        before, self.agreed = self.agreed, agreed
        self._codecs = partners(agreed.codec, self._codecs)  # whoever talks to this leg has one of those
        if before is not None and before.remote_address != agreed.remote_address:
            self._digits_in.forget()
        self._digits_out.agreed(events=agreed.send_event_type is not None)
        self._port.connect(
            PeerMedia(
                address=agreed.remote_address,
                port=agreed.remote_port,
                rtcp_address=agreed.rtcp_address,
                rtcp_port=agreed.rtcp_port,
                allowed=self._allowed(),
                codec=agreed.codec,
                payload_type=agreed.payload_type,
                receive_payload_type=agreed.receive_payload_type,
                send_event_type=agreed.send_event_type if self._digits_out.takes_events else None,
                receive_event_type=agreed.receive_event_type if self._digits_in.takes_events else None,
                ptime_ms=agreed.ptime_ms,
                hears_tones=not self._digits_out.wants(Means.TONES),
                event_rate_hz=agreed.event_rate_hz,
                comfort_noise=agreed.comfort_noise,
                tuning=tuning(agreed.codec, agreed.parameters),
                takes_metrics=agreed.extended.metrics,
                takes_reference_time=agreed.extended.reference_time,
                srtp=srtp(agreed.keys),
                dtls=dtls(agreed.keys),
            )
        )
        self._listen(self._digits_in.takes_tones(events=agreed.receive_event_type is not None))
        self._port.mute(agreed.direction in (Direction.RECVONLY, Direction.INACTIVE))
        self.held = agreed.held

    def _listen(self, listens: bool) -> None:
        """For digits in what the peer says."""
        if listens is not self._listens:
            self._listens = listens
            self._port.listen_for_digits(listens)

    def _allowed(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Who may speak for the peer besides its SDP address."""
        if isinstance(self._peer, PhonePeer):
            return (_host(self._flow.remote[0]),)
        trunk = self._exchange.config.trunks.get(self._peer.name)
        return trunk.media_from if isinstance(self._peer, TrunkPeer) and trunk is not None else ()


@lru_cache(maxsize=1024)
def _host(address: str) -> IPv4Network | IPv6Network:
    """A network of one; a socket on `::` shows hosts of IPv4 mapped (RFC 4291 section 2.5.5.2)."""
    host = ip_address(address)
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return ip_network(mapped or host)
