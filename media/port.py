"""The media port as its owner sees it: what it is told, what it can send, what it has counted."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from media.keying import Dtls
from media.quality import Quality
from media.sound import Sound
from media.tuning import UNTUNED, Tuning

DIGITS: Final = "0123456789*#ABCD"
"""By event code, RFC 4733 section 3.2."""
DIGIT_MS: Final = 100
"""How long a digit sounds where nobody says."""
SHORTEST_DIGIT_MS: Final = 40
LONGEST_DIGIT_MS: Final = 8000
_PACKETS_PER_S: Final = 50
_AHEAD_S: Final = 2.0
"""Of packets: more than clocks and a change of packet time make, less than any receiver takes for another
stream (RFC 3550 appendix A.1).
"""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Of SRTP: `suite` as in SDP, `material` is key and salt, one after the other (RFC 4568 section 6.1)."""

    suite: str
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """What we protect with, and what the peer does."""

    sending: MasterKey
    receiving: MasterKey


@dataclass(frozen=True, slots=True)
class PeerMedia:
    """The other end as SDP describes it, and who may speak for it.

    `address` and `port` are where RTP goes until the port is locked (port 0, 0.0.0.0 or ::: nowhere),
    `rtcp_address` and `rtcp_port` likewise for RTCP. `allowed` are the networks whose packets may lock
    the port; the SDP address is always allowed. `codec` is its name in SDP (media.codecs). Payload types
    are those of the SDP: `payload_type` what the peer wants to get, `receive_payload_type` what it was told
    to send (None: the same; either is taken), `send_event_type` what it wants to get telephone-events as
    (None: it gets none, relayed or our own), `receive_event_type` what it sends them as (None: they are
    passed over), and `event_rate_hz` what their durations count. `comfort_noise`: it
    takes RFC 3389 packets. `ptime_ms` is the peer's wish, 10, 20, 30 or 40: what we make has this length,
    and what we relay is made anew when it comes in another; Opus always has 20. `srtp`: RTP and RTCP are
    protected both ways, and nothing else is taken for the peer's; the same keys again go on where they
    were. `dtls`: keys come by a handshake over the port itself; until they are there nothing is sent and
    nothing heard. The same again changes nothing. `hears_tones`: digits in the sound that it is relayed
    reach it as they are; else they are kept from it, because it gets them in another way. `tuning` is what
    it wants of what we encode. `takes_metrics`, `takes_reference_time`: it is sent these extended reports
    (RFC 3611 sections 4.7 and 4.4).
    """

    address: str
    port: int
    rtcp_address: str
    rtcp_port: int
    allowed: tuple[IPv4Network | IPv6Network, ...]
    codec: str
    payload_type: int
    send_event_type: int | None = None
    receive_event_type: int | None = None
    ptime_ms: int = 20
    srtp: SrtpKeys | None = None
    dtls: Dtls | None = None
    event_rate_hz: int = 8000
    comfort_noise: bool = False
    hears_tones: bool = True
    receive_payload_type: int | None = None
    tuning: Tuning = UNTUNED
    takes_metrics: bool = True
    takes_reference_time: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Sends nothing; the stream's timestamp goes on with real time."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Sends what `port` receives: header rewritten, payload left alone unless the codecs differ."""

    port: "Port"


@dataclass(frozen=True, slots=True)
class Play:
    """Sends a sound, or several one after another without a gap, once or for ever.

    It begins at `first_frame` of all their 20 ms frames together, or at the last where there are fewer; a
    loop goes back to the first. At the end `PlaybackFinished` carries `token` (0 or more).
    """

    sound: Sound | tuple[Sound, ...]
    loop: bool = False
    token: int = 0
    first_frame: int = 0

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """All of them, in order."""
        return self.sound if isinstance(self.sound, tuple) else (self.sound,)


@dataclass(frozen=True, slots=True)
class Echo:
    """Sends back what the port itself receives."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Sends a sine of `hz` at `level_dbm0`; 1004 Hz at 0 dBm0 is the milliwatt of the test lines."""

    hz: float = 1004.0
    level_dbm0: float = 0.0


class Room(Protocol):
    """A conference: whoever sends its `Mix` speaks in it and hears the sum of all others.

    Each has a gain in each ear, 1.0 unless said otherwise; so listen, whisper, barge and take-over are gains.
    It mixes at 8 kHz, or at 16 kHz while a member's codec has that rate.
    """

    def gain(self, ear: "Port", mouth: "Port", gain: float) -> None:
        """How loud `mouth` is in `ear`: linear, 0.0 not at all. May be said before either is in the room.

        It lasts until `ear` leaves. ValueError: negative or above 100, or a port of another worker.
        """

    def close(self) -> None:
        """Who is in it falls silent. Again: nothing happens."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Speaks in a room, and sends what all others in it say."""

    room: Room


Source: TypeAlias = Silence | Relay | Play | Echo | Tone | Mix


@dataclass(frozen=True, slots=True)
class PortStats:
    """What a port has counted since it was opened. Octets are of RTP payload, RFC 3550 section 6.4.1.

    `packets_lost` and `jitter_s` are of what we receive (RFC 3550 A.3, A.8), though what came twice makes up
    for no loss; `packets_duplicated` and `packets_discarded` came, but in vain. `strangers` are packets that
    came from nobody who may speak here. `peer_packets_lost`, `peer_jitter_s` and `round_trip_s` are what the
    peer's RTCP says of what we send; None until it has. `last_received` is monotonic seconds of the last RTP
    or RTCP packet. `srtp_failed` are packets from where the peer may be that its key did not make,
    `srtp_replayed` those that it made and that were there before; neither is received, nor heard. `received`
    is how the peer sounds here, `sent` how we sound there by its reports; None before the first packet, and
    report.
    """

    packets_received: int = 0
    octets_received: int = 0
    packets_lost: int = 0
    jitter_s: float = 0.0
    packets_sent: int = 0
    octets_sent: int = 0
    rtcp_received: int = 0
    rtcp_sent: int = 0
    strangers: int = 0
    digits: int = 0
    last_received: float | None = None
    locked: tuple[str, int] | None = None
    peer_packets_lost: int | None = None
    peer_jitter_s: float | None = None
    round_trip_s: float | None = None
    srtp_failed: int = 0
    srtp_replayed: int = 0
    packets_duplicated: int = 0
    packets_discarded: int = 0
    received: Quality | None = None
    sent: Quality | None = None


class Recording(Protocol):
    """A recording in progress. Left is what the port receives, right what it sends."""

    @property
    def path(self) -> Path:
        """Where the complete file will lie; until then it is `path` + ".part"."""

    def pause(self) -> None:
        """Leave out everything from now on; what follows `resume` joins on without a gap."""

    def blank(self) -> None:
        """Silence in both channels, as long as it lasts, the 20 ms in progress included."""

    def resume(self) -> None:
        """Record again."""

    def stop(self) -> None:
        """End it; `RecordingStopped` follows when the file is complete. Again: nothing happens."""


class Fork(Protocol):
    """What a port hears and says as PCM, while it happens: left what it receives, right what it sends."""

    @property
    def dropped(self) -> int:
        """Frames that were left out because nobody read for 2.5 s."""

    @property
    def ended(self) -> bool:
        """Stopped, or its port closed: what `read` then finds is the last."""

    def read(self) -> list[tuple[int, bytes]]:
        """The frames since the last time, 60 ms late: number since the fork began, and 20 ms of PCM.

        PCM is 16 bits in native byte order, two channels in turn: 640 octets at 8 kHz, 1280 at 16 kHz.
        """

    def blank(self) -> None:
        """Silence in both channels from now on."""

    def resume(self) -> None:
        """Hear again."""

    def stop(self) -> None:
        """End it. Again: nothing happens."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How what a port sends begins (RFC 3550 section 5.1), and under which CNAME."""

    ssrc: int
    sequence: int
    timestamp: int
    cname: str

    def after(self, seconds: float, rate_hz: int) -> "Stream":
        """As if it had gone on for so long, in packets of 20 ms: for another process that goes on with it.
        A little further ahead than that, so that no number is used twice.
        """
        ahead_s = max(0.0, seconds) + _AHEAD_S
        sequence = self.sequence + round(ahead_s * _PACKETS_PER_S)
        timestamp = self.timestamp + round(ahead_s * rate_hz)
        return Stream(self.ssrc, sequence % (1 << 16), timestamp % (1 << 32), self.cname)


class Port(Protocol):
    """One leg's RTP and RTCP address, with one outgoing stream (one SSRC, RFC 3550 section 5.1) for life.

    All calls return at once; a worker of the engine carries them out within milliseconds, in order. Calls
    on a closed port change nothing.
    """

    @property
    def number(self) -> int:
        """The RTP port, even; RTCP is on the next one (RFC 3550 section 11)."""

    @property
    def stream(self) -> Stream:
        """How what it sends began."""

    @property
    def ssrc(self) -> int:
        """The SSRC of everything that this port sends."""

    @property
    def keyless(self) -> str | None:
        """Why the keys of a handshake are not there, or not yet, in words for a log; None: none missing."""

    def connect(self, peer: PeerMedia) -> None:
        """Say where the peer is, again at every change of SDP. A new address unlocks; else the lock stays.

        ValueError: an address that the plane does not reach, a codec that the engine does not know, an SRTP
        suite that this machine does not have.
        """

    def send(self, source: Source) -> None:
        """Send this from now on, until the next call. The first packet has the marker bit.

        A relay from a port that closes falls silent, so does who is in a room that closes. ValueError: a
        relay between ports of different workers, or the room of another.
        """

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        """Send one of 0123456789*#ABCD as RFC 4733 event, after those that are under way.

        Between 40 ms and 8 s long, with 80 ms between two. Meanwhile the source is not heard. Not sent where
        the peer gets no telephone-events, nor while the port is muted. ValueError: no digit.
        """

    def sound_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        """The same in band, for a peer that takes digits in no other way: two tones (ITU-T Q.23) of
        -11 and -9 dBm0, then silence.

        What records the port hears none of it, unless it masks no digits.
        """

    def listen_for_digits(self, listens: bool) -> None:
        """Hear digits in the sound (ITU-T Q.24), for a peer that tells them in no other way, or no longer.

        In every codec that is heard here. A listener that does not hear tones gets no more of one than its
        first 40 ms, and a recording that masks digits none of it. `Digit` says that it came in band.
        """

    def mute(self, muted: bool) -> None:
        """Stop sending, because SDP's direction says so, or go on. The source's time passes meanwhile."""

    def watch_silence(self, seconds: float | None) -> None:
        """Tell `Silent` when neither RTP nor RTCP came for so long, counted from now; None: watch no more."""

    def watch_voice(self, watched: bool) -> None:
        """Tell `SpeechBegan` and `SpeechOver` from now on, or no longer.

        Again, while it watches: nothing happens.
        """

    def hear_opening(self, seconds: float) -> None:
        """Tell by `OpeningHeard` what the next seconds are like, such as the first after somebody answered.

        Again, before they are over: they begin anew. ValueError: less than 20 ms.
        """

    def record(self, path: Path, *, masks_digits: bool = True) -> Recording:
        """Record to a stereo WAV (8 kHz, 16 bits) whose directory exists or can be made.

        Where it `masks_digits`, a channel is silent from 300 ms before the first word of a digit until 200 ms
        after the last, and while it plays what was sent then and had to wait. Trouble with the file is told
        by `RecordingStopped`, never raised. ValueError: it is being recorded already.
        """

    def fork(self, rate_hz: int = 8000, *, masks_digits: bool = True) -> Fork:
        """Hear the port in Python, besides whoever else does; digits are masked as by `record`.

        At 16000 Hz it has all that the port's codec has: up to 4 kHz with G.711, 7 with G.722, 8 with Opus.
        ValueError: another rate.
        """

    def mask_digit(self, duration_ms: int = DIGIT_MS) -> None:
        """The peer has told of a digit in another way than by RFC 4733, such as INFO: mask it likewise.

        It may have begun to sound `duration_ms` ago, or begin now.
        """

    def stats(self) -> PortStats:
        """What it has counted; the last figures after it closed."""

    def close(self) -> None:
        """Stop at once and end its recording. `PortClosed` follows. Again: nothing happens."""


@dataclass(frozen=True, slots=True)
class PlaneCounters:
    """Sums over all ports, open and closed, since the plane started; what `/metrics` shows.

    `ports` counts RTP ports by state: "free", "open", "closing", "resting" (closed, not yet given out again).
    `refused` are opens that found no port, descriptor or room in an order ring. `worker_lag_s` is the worst
    lateness of a worker's 20 ms tick since the counters were last read. `events_merged` are events that did
    not fit their ring and reached the application by rereading the port instead.
    """

    packets_received: int
    packets_sent: int
    octets_received: int
    octets_sent: int
    packets_lost: int
    strangers: int
    malformed: int
    send_errors: int
    ports: dict[str, int]
    refused: int
    events_merged: int
    worker_lag_s: float
    recordings_active: int
    recorder_dropped_frames: int
    srtp_failed: int = 0
    srtp_replayed: int = 0
    datagrams_dropped: int = 0
