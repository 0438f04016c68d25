"""Offer and answer (RFC 3264) for one leg with one audio stream."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sip.dialogs import reports
from sip.dialogs.secrecy import Secrecy, Secret, whole
from sip.syntax.encodings import (
    COMFORT_NOISE,
    DYNAMIC,
    ENCODINGS,
    EVENT,
    EVENT_48,
    events_beside,
    noise_beside,
)
from sip.syntax.sdp import (
    Attribute,
    Direction,
    MediaDescription,
    Origin,
    SdpError,
    SessionDescription,
    is_unicast,
    parse_sdp,
)

__all__ = ["Agreed", "Direction", "MediaSession", "NotAcceptable", "Offer", "SdpError", "usable_offer"]

_PTIME_MS: Final = 20
_LONGEST_MS: Final = 200  # RFC 3551 section 4.2: no receiver need take more
_PACKET_TIME: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,9})?")
_PORTS: Final = range(1024, 65536)  # nobody receives RTP below: it would be DNS or SIP that we hit
_ON_HOLD: Final = ("0.0.0.0", "::")


class NotAcceptable(Exception):
    """A description that we understand and cannot take: 488. The session is as it was before."""

    status = 488


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides have agreed on, as the media plane needs it.

    We send `payload_type` and `send_event_type` (None: no events) to `remote_address`, and are sent
    `receive_payload_type` and `receive_event_type`. `direction` is ours; nothing may be sent unless it sends:
    `remote_address` may then be 0.0.0.0. `held`: the peer
    has cut it below what we wanted. `event_rate_hz` is what the durations of events count (RFC 4733).
    `comfort_noise`: silence may be told by RFC 3389. `keys`: all of it is SRTP; None is in the clear.
    `parameters` are what they say of the codec (`a=fmtp`), and so want of what we send;
    `extended` are the reports of RTCP that they take beside the ordinary ones.
    """

    remote_address: str
    remote_port: int
    rtcp_address: str
    rtcp_port: int
    codec: str
    payload_type: int
    receive_payload_type: int
    send_event_type: int | None
    receive_event_type: int | None
    ptime_ms: int
    direction: Direction
    held: bool
    event_rate_hz: int = 8000
    comfort_noise: bool = False
    keys: Secret | None = None
    parameters: str = ""
    extended: reports.Reports = reports.ALL


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of theirs that we can answer: what it says, and the line of it that we take."""

    theirs: SessionDescription
    line: MediaDescription


class MediaSession:
    """The descriptions of one leg: the last one that we sent, the last one that we took.

    `session_id` names the session in `o=` and is the caller's to choose, below 2**63. The version grows by
    one with each description that differs from the one sent before (RFC 3264 section 8); one that does not
    differ is sent byte for byte again. After an exception nothing has changed.
    """

    __slots__ = ("_agreed", "_kept", "_offer", "_secrecy", "_sent", "_slots", "_types", "session_id")

    def __init__(self, session_id: int, secrecy: Secrecy | None = None) -> None:
        self.session_id = session_id
        self._sent: SessionDescription | None = None
        self._offer: MediaDescription | None = None  # our audio line, until we answer an offer of theirs
        self._slots: tuple[MediaDescription, ...] = ()  # the session's media lines; they keep their places
        self._types: dict[str, int] = {}  # what payload types have meant in this session
        self._agreed: Agreed | None = None
        self._secrecy = secrecy or Secrecy()  # in the clear
        self._kept: Secret | None = None  # what the session had when we offered

    @classmethod
    def resumed(cls, last: bytes) -> "MediaSession":
        """The session of an earlier process, in the clear, whose last description was this. SdpError."""
        sent = parse_sdp(last)
        audio = next((line for line in sent.media if line.port), None)
        if audio is None:
            raise SdpError("no media line to resume")
        session = cls(sent.origin.session_id)
        session._sent, session._slots, session._types = sent, sent.media, dict(audio.codecs)
        return session

    @property
    def described(self) -> tuple[str, ...]:
        """The encodings of our last description, in its order."""
        lines = () if self._sent is None else self._sent.media
        return next((tuple(line.codecs) for line in lines if line.port), ())

    @property
    def agreed(self) -> Agreed | None:
        """What the last complete exchange agreed on."""
        return self._agreed

    @property
    def offered(self) -> bool:
        """Whether our last description was an offer, rather than the answer to theirs."""
        return self._offer is not None

    @property
    def version(self) -> int:
        """The version of the description that we sent last, 0 before the first."""
        return 0 if self._sent is None else self._sent.origin.version

    def offer(
        self, address: str, port: int, codecs: Sequence[str], direction: Direction = Direction.SENDRECV
    ) -> bytes:
        """Our offer: the codecs in order of preference, then telephone-event at the rates of their clocks.

        Media lines that the session has had stay in place, refused (RFC 3264 section 8).
        """
        types = self._payload_types((*codecs, EVENT, *([EVENT_48] if "OPUS" in codecs else [])))
        self._kept = self._agreed.keys if self._agreed else None
        profile, keys = self._secrecy.offer(self._kept, address, port)
        ptime_ms = self._agreed.ptime_ms if self._agreed else _PTIME_MS
        audio = _audio(port, types, ptime_ms, direction, profile, [*keys, reports.OFFERED])
        sent = self._send(address, self._in_place(audio))
        self._offer = audio
        self._types |= types
        return sent

    def accept(self, answer: bytes, before: Secret | None = None) -> Agreed:
        """Take the answer to our offer; SdpError, NotAcceptable, ValueError when nothing was offered.

        May come again: the 200 may name another place than the 183 before it, and each fork its own. `before`
        are the keys that the dialog which answers has already agreed on.
        """
        if self._offer is None or self._sent is None:
            raise ValueError("an answer, but the last offer was not ours")
        theirs = parse_sdp(answer)
        place = next(place for place, line in enumerate(self._sent.media) if line is self._offer)
        if place >= len(theirs.media):
            raise NotAcceptable("Media Line Missing In Answer")
        line = theirs.media[place]
        offered = [name for name in self._offer.codecs if name not in (EVENT, EVENT_48)]
        fault = _fault(theirs, line, offered, self._sent.origin.address)
        fault = fault or self._secrecy.fault_of_answer(whole(theirs, line), before or self._kept)
        if fault is not None:
            raise NotAcceptable(fault)
        codec = next(name for name in line.codecs if name in offered)
        ours = self._offer.direction or Direction.SENDRECV
        keys = self._secrecy.accept(whole(theirs, line))
        agreed = _agree(theirs, line, codec, self._offer.codecs, ours, keys)
        self._slots = self._sent.media
        self._agreed = agreed
        return agreed

    def answer(
        self,
        offer: bytes | Offer,
        address: str,
        port: int,
        codecs: Sequence[str],
        direction: Direction = Direction.SENDRECV,
    ) -> tuple[bytes, Agreed]:
        """Answer an offer with one codec: the present one when it still may be, else the first of `codecs`.

        Comfort noise is taken where it is offered, and never offered: it would ask phones to leave out what
        they take for silence.

        The first usable audio line is taken, the others refused with port 0; `direction` is what we want at
        most (RFC 3264 6.1). Raises SdpError; NotAcceptable when there is no usable audio, or when a new offer
        adds media that we do not have (video, T.38).
        """
        before = self._agreed.keys if self._agreed else None
        if isinstance(offer, bytes):
            offer = usable_offer(offer, address, codecs, self._secrecy, before)
        return self._answer(offer, address, port, codecs, direction)

    def _answer(
        self, taken: Offer, address: str, port: int, codecs: Sequence[str], direction: Direction
    ) -> tuple[bytes, Agreed]:
        theirs, line = taken.theirs, taken.line
        self._check_additions(theirs, line)
        offered = line.codecs
        codec = self._choose(offered, codecs)
        events = [name for name in events_beside(codec) if name in offered][:1]
        noise = [name for name in noise_beside(codec) if name in offered]
        types = {name: offered[name] for name in (codec, *noise, *events)}
        keys, attributes = self._secrecy.answer(whole(theirs, line), address, port)
        agreed = _agree(theirs, line, codec, types, direction, keys)
        attributes.append(reports.answered(theirs, line))
        audio = _audio(port, types, agreed.ptime_ms, agreed.direction, line.profile, attributes)
        media = tuple(audio if other is line else _refused(other) for other in theirs.media)
        sent = self._send(address, media)
        self._slots = media
        self._offer = None
        self._types |= offered
        self._agreed = agreed
        return sent, agreed

    def _choose(self, offered: dict[str, int], codecs: Sequence[str]) -> str:
        present = self._agreed.codec if self._agreed else None
        if present in offered and present in codecs:
            return present
        return next(name for name in codecs if name in offered)

    def _check_additions(self, theirs: SessionDescription, taken: MediaDescription) -> None:
        """A re-INVITE that adds only what we refuse is refused whole, so that nobody takes it for agreed."""
        added = theirs.media[len(self._slots) :] if self._slots else ()
        if any(line.port for line in added) and not any(line is taken for line in added):
            raise NotAcceptable("Added Media Not Supported")

    def _in_place(self, audio: MediaDescription) -> tuple[MediaDescription, ...]:
        """Our media lines: the audio where the session has it, the others refused."""
        if not self._slots:
            return (audio,)
        place = next(place for place, line in enumerate(self._slots) if line.port)
        return (*self._slots[:place], audio, *self._slots[place + 1 :])

    def _payload_types(self, names: Sequence[str]) -> dict[str, int]:
        """A type keeps its meaning for the whole session (RFC 3264 8.3.2); what is new gets its usual one, or
        one that was never used.
        """
        used = {name for line in self._slots for name in line.formats}
        types: dict[str, int] = {}
        for name in names:
            known, usual = self._types.get(name), ENCODINGS[name].payload_type
            if known is None and (usual not in DYNAMIC or str(usual) not in used):
                known = usual
            if known is None or known in types.values():
                known = next((number for number in DYNAMIC if str(number) not in used), usual)
            types[name] = known
            used.add(str(known))
        return types

    def _send(self, address: str, media: tuple[MediaDescription, ...]) -> bytes:
        origin = Origin(self.session_id, self.version or 1, address)
        lite = any(line.attribute("ice-ufrag") is not None for line in media)
        attributes: tuple[Attribute, ...] = (("ice-lite", None),) if lite else ()
        description = SessionDescription(origin, media, connection=address, attributes=attributes)
        if self._sent is not None and description != self._sent:
            description = replace(description, origin=replace(origin, version=self.version + 1))
        encoded = description.encode()
        self._sent = description
        return encoded


def _audio(
    port: int,
    types: dict[str, int],
    ptime_ms: int,
    direction: Direction,
    profile: str,
    also: list[Attribute],
) -> MediaDescription:
    attributes = list(also)
    for name, number in types.items():
        encoding = ENCODINGS[name]
        attributes.append(("rtpmap", f"{number} {encoding.rtpmap}"))
        if encoding.fmtp is not None:
            attributes.append(("fmtp", f"{number} {encoding.fmtp}"))
    attributes += [("ptime", str(ptime_ms)), (direction.value, None)]
    return MediaDescription(
        "audio", port, profile, tuple(str(number) for number in types.values()), None, tuple(attributes)
    )


def _refused(line: MediaDescription) -> MediaDescription:
    return MediaDescription(line.kind, 0, line.profile, line.formats)


def usable_offer(
    data: bytes, address: str, codecs: Sequence[str], secrecy: Secrecy, before: Secret | None = None
) -> Offer:
    """Read an offer and find the first audio line that can be answered from our address with one of `codecs`.

    One with keys goes before one without; `before` are those that the session has. SdpError; NotAcceptable
    says what is wrong with the first audio line.
    """
    theirs = parse_sdp(data)
    usable, faults = [], []
    for line in theirs.media:
        fault = _fault(theirs, line, codecs, address) or secrecy.fault_of_offer(whole(theirs, line), before)
        if fault is None:
            usable.append(line)
        elif line.kind == "audio":
            faults.append(fault)
    if not usable:
        raise NotAcceptable(faults[0] if faults else "No Audio Offered")
    return Offer(theirs, next((line for line in usable if secrecy.encrypts(line)), usable[0]))


def _fault(
    theirs: SessionDescription, line: MediaDescription, codecs: Sequence[str], ours: str
) -> str | None:
    """Why a media line cannot be used, None when it can. `ours` is our address: one family for both ways."""
    address = theirs.address(line)
    if line.kind != "audio":
        return "Not Audio"
    if line.port not in _PORTS or line.rtcp[0] > _PORTS[-1]:
        return "No Usable Media Port"
    if address is None or (address not in _ON_HOLD and not is_unicast(address)):
        return "No Usable Media Address"
    if (":" in address) is not (":" in ours):
        return "Media Address Of Another Family"
    return _absurdity(line) or (None if line.codecs.keys() & set(codecs) else "No Common Codec")


def _absurdity(line: MediaDescription) -> str | None:
    """What no RTP has: whoever says so says nothing that we could believe."""
    if not all(
        name.isascii() and name.isdigit() and len(name) < 4 and int(name) < 128 for name in line.formats
    ):
        return "No Such Payload Type"
    ptime, maxptime = line.attribute("ptime"), line.attribute("maxptime")
    if ptime is not None and not _is_packet_time(ptime, _LONGEST_MS):
        return "No Such Packet Time"
    return None if maxptime is None or _is_packet_time(maxptime, 99999) else "No Such Packet Time"


def _is_packet_time(text: str, longest_ms: int) -> bool:
    """Milliseconds above zero, with or without a fraction (RFC 8866 section 6.4)."""
    return _PACKET_TIME.fullmatch(text) is not None and 0 < float(text) <= longest_ms


def _agree(
    theirs: SessionDescription,
    line: MediaDescription,
    codec: str,
    ours: dict[str, int],
    wanted: Direction,
    keys: Secret | None,
) -> Agreed:
    """`ours` are the payload types that we take, by codec; `wanted` is our direction at most."""
    address = theirs.address(line) or _ON_HOLD[0]
    peer = theirs.direction(line)
    if address in _ON_HOLD:  # RFC 3264 8.4: hold as RFC 2543 knew it; they do not listen, whatever they say
        peer = peer.within(Direction.SENDONLY)
    rtcp_port, rtcp_address = line.rtcp
    if rtcp_address is None or address in _ON_HOLD or (":" in rtcp_address) is not (":" in address):
        rtcp_address = address
    types = line.codecs
    event = next((name for name in events_beside(codec) if name in types), EVENT)
    direction = wanted.within(peer.reversed)
    return Agreed(
        remote_address=address,
        remote_port=line.port,
        rtcp_address=rtcp_address,
        rtcp_port=rtcp_port,
        codec=codec,
        payload_type=types[codec],
        receive_payload_type=ours[codec],
        send_event_type=types.get(event),
        receive_event_type=ours.get(event) if event in types else None,
        ptime_ms=_ptime_ms(line, codec),
        direction=direction,
        held=direction is not wanted,
        event_rate_hz=48000 if event == EVENT_48 else 8000,
        comfort_noise=COMFORT_NOISE in ours and COMFORT_NOISE in types,
        keys=keys,
        parameters=line.parameters(types[codec]),
        extended=reports.wanted(theirs, line),
    )


def _ptime_ms(line: MediaDescription, codec: str) -> int:
    """The packet length that they ask for, when we can make it, else ours; never above their `maxptime`."""
    asked, most = (_number(line.attribute(name)) for name in ("ptime", "maxptime"))
    possible = ENCODINGS[codec].ptimes_ms
    ptime_ms = asked if asked in possible else _PTIME_MS
    if most is None or most >= ptime_ms:
        return ptime_ms
    return max((known for known in possible if known <= most), default=possible[0])


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else None
