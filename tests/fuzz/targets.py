"""What is fuzzed: each target reads any bytes with both builds of the scanner and raises if that goes wrong.

Wrong is any exception but the one that says that the peer is at fault, a difference between the two builds,
and something that we write and do not read back as it was.
"""

from collections.abc import Callable
from typing import Any, Final

from aioice.stun import parse_message

from media.aio.dtls import Identity, fits
from media.aio.ice import IceLite
from media.keying import Ice, IceCredentials
from media.tuning import tuning
from sip.dialogs.offer_answer import Agreed, MediaSession, NotAcceptable
from sip.dialogs.secrecy import Own, Policy, Secrecy
from sip.syntax.body import accepts_description, is_readable, session_description
from sip.syntax.malformed import Malformed
from sip.syntax.message import Message, parse
from sip.syntax.multipart import Part, read_body
from sip.syntax.sdp import SdpError, parse_sdp
from sip.syntax.sdp_crypto import Suite
from sip.syntax.stream import Framer
from switch.calls.legs import secrecy as leg_secrecy
from tests.sip.builds import BUILDS, users
from tests.sip.raw import Peer


class Disagreement(AssertionError):
    """The two builds, or two ways to the same thing, say different things."""


def message(data: bytes) -> None:
    """A datagram: read, checked, written and read again, and given to an endpoint."""
    meaning = _agreed(_message, data)
    if isinstance(meaning, tuple):
        written = parse(data).encode()
        if _message(written) != meaning:
            raise Disagreement("not read as it was written")
    peer = Peer()
    peer.endpoint.receive(data, peer.flow, 0.0)
    for answer, _ in peer.endpoint.datagrams():
        if b"\0" in answer.partition(b"\r\n\r\n")[0]:
            raise Disagreement("NUL in what we send")
    peer.endpoint.events()
    if any(peer.endpoint.counters.unexpected.values()):
        raise Disagreement(f"no row: {peer.endpoint.counters.unexpected}")


def _message(data: bytes) -> object:
    try:
        read = parse(data)
        read.check()
        readable = is_readable(read), accepts_description(read)
    except Malformed as fault:
        return _fault(fault)
    headers = sorted(field for field in read.headers if field[0] != "Content-Length")
    return type(read).__name__, headers, read.body, readable, *_meaning(read)


def _meaning(read: Message) -> tuple[object, ...]:
    return (
        read.from_, read.to, read.vias, read.cseq, read.contacts, read.record_routes, read.content_type,
        read.q850, session_description(read),
    )  # fmt: skip


def _fault(fault: Malformed) -> str:
    return f"{fault} {fault.partial}"


CODECS = ["PCMA", "OPUS", "G722", "PCMU", "G729"]
CERTIFICATE = Identity().certificate
OWN = Own("sha-256 AB:CD", "ours", "password-of-ours-for-ice")
ICE = Ice(IceCredentials(OWN.ufrag, OWN.password), IceCredentials("them", "their-password-of-many"))


def sdp(data: bytes) -> None:
    """A session description: read, written and read again, and answered as an offer."""
    try:
        description = parse_sdp(data)
    except SdpError:
        return
    for media in description.media:
        _ = media.codecs, media.rtcp, description.direction(media), description.address(media)
    if parse_sdp(description.encode()) != description:
        raise Disagreement("not read as it was written")
    for policy, shakes in ((Policy.OFFERED, False), (Policy.REQUIRED, True), (Policy.NEVER, False)):
        for offered_first in (False, True):
            _agree(data, Secrecy(policy, tuple(Suite), bytes, lambda: OWN, shakes=shakes), offered_first)


def _agree(data: bytes, secrecy: Secrecy, offered_first: bool) -> None:
    """As an offer, then as the answer to ours; or as that alone."""
    session = MediaSession(1, secrecy)
    try:
        if not offered_first:
            answer, agreed = session.answer(data, "192.0.2.1", 20000, CODECS)
            parse_sdp(answer)
            _as_the_port_takes_it(agreed)
        parse_sdp(session.offer("192.0.2.1", 20000, CODECS))
        _as_the_port_takes_it(session.accept(data))
    except (SdpError, NotAcceptable):
        return


def _as_the_port_takes_it(agreed: Agreed) -> None:
    tuning(agreed.codec, agreed.parameters)
    leg_secrecy.srtp(agreed.keys)
    shaken = leg_secrecy.dtls(agreed.keys)
    if shaken is not None:
        fits(shaken.theirs, CERTIFICATE)
        if shaken.ice is not None:
            IceLite(shaken.ice)


def stun(data: bytes) -> None:
    """A datagram to a port that waits for checks: what passes is answered, and an answer can be read."""
    ice = IceLite(ICE)
    answer = ice.receive(data, ("192.0.2.7", 4000))
    if answer is not None:
        parse_message(answer)
    elif ice.passed or ice.nominated:
        raise Disagreement("passed, but not answered")


def stream(data: bytes) -> None:
    """A stream: the same messages and the same fault, however it is cut. The first byte says where."""
    size = data[0] + 1 if data else 1
    whole, cut = Framer(), Framer()
    expected = _feed(whole, data[1:])
    found = [each for start in range(1, len(data), size) for each in _feed(cut, data[start : start + size])]
    if found != expected:
        raise Disagreement("not the same messages")
    if (whole.fault and str(whole.fault), whole.pings) != (cut.fault and str(cut.fault), cut.pings):
        raise Disagreement("not the same end")
    for each in expected:
        _agreed(_message, each)


def _feed(framer: Framer, chunk: bytes) -> list[bytes]:
    if framer.fault is not None:
        return []
    try:
        return framer.feed(chunk)
    except Malformed:
        return []


def multipart(data: bytes) -> None:
    """A body behind a line with its Content-Type."""
    kind, _, body = data.partition(b"\n")
    content_type = kind.decode("latin-1")

    def read(content: bytes) -> object:
        try:
            return read_body({"Content-Type": content_type}, content)
        except Malformed as fault:
            return _fault(fault)

    part = _agreed(read, body)
    if isinstance(part, Part) and sum(map(len, _contents(part))) > len(body):
        raise Disagreement("more came out than went in")


def _contents(part: Part) -> list[bytes]:
    return [part.content] if not part.parts else [each for one in part.parts for each in _contents(one)]


def _agreed(read: Callable[[bytes], object], data: bytes) -> object:
    """What both builds say."""
    said: dict[str, object] = {}
    for build, kernels in BUILDS.items():
        for module, name in _USERS:
            setattr(module, name, getattr(kernels, name))
        said[build] = read(data)
    if said["pure"] != said["compiled"]:
        raise Disagreement(f"the builds differ: {said}")
    return said["pure"]


_USERS: Final[list[tuple[Any, str]]] = list(users())

TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "message": message,
    "sdp": sdp,
    "stun": stun,
    "stream": stream,
    "multipart": multipart,
}
