"""The RTP engine. A slot is one port's place in its worker; (slot, generation) is its handle.

An order returns at once and is carried out by the worker's thread, in order; one for a generation that is
gone is ignored. Every order raises RingFull when the worker has too many waiting, and IndexError for a slot
it does not have.
"""

from typing import Any, Self, TypeAlias

from typing_extensions import disjoint_base

from ext.forks import ForkMemory
from ext.sounds import SoundMemory

Place: TypeAlias = tuple[bytes, int]
"""Host and port: 4 octets on a port of IPv4; 16 on one of IPv6, where IPv4 hosts are mapped (RFC 4291)."""

Told: TypeAlias = tuple[int, int, int, int, Any, int, int, int]
"""(kind, slot, generation, count, a, b, c, d), kinds and values as in engine_messages.pxd:

0 first packet; 1 locked to the Place `a` or, None, unlocked; 2 digit `a` of `b` ms, 16 added if it came in
band; 3 silent for `a` ns; 4 playback `a` finished; 5 recorder of recording `a` fell behind; 6 closed; 7
speech was over at `a` ms or, with 2**30 added, began; 8 there is something to read of the `opening`; 10
recording `a` ended with `b` frames, `c` dropped, errno `d`. `count` numbers the events of one kind of one
port from 1, so none is taken twice; 0 for kind 10.
"""

Facts: TypeAlias = tuple[tuple[int, ...], tuple[Any, ...], tuple[tuple[int, int], ...], bool]
"""Counts by kind 0 to 8, newest `a` by kind, newest 16 digits as (event, ms), whether it is closed."""

Opening: TypeAlias = tuple[
    int,
    bool,
    tuple[int, int | None, int | None, int, int, int, tuple[float, ...]],
    tuple[int, int, float] | None,
    int | None,
]
"""How often an opening was told on this port, and whether it was its end; then of media.speech.Opening the
fields before the beep, the beep, and when the special information tone began.
"""

Heard: TypeAlias = tuple[float, float, int, float, float, float, float, float, float]
"""The fields of media.quality.Quality in order, without the last."""

Stats: TypeAlias = tuple[
    int,
    int,
    int,
    float,
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    Place | None,
    int | None,
    float | None,
    float | None,
    int,
    int,
    int,
    int,
    int | None,
    Heard | None,
    bytes | None,
]
"""The first fields of media.port.PortStats in order, to packets_discarded; last_received in monotonic ns, 0
for never. Then how many packets the peer should have heard when it reported; how what we heard sounds; and
the peer's newest VoIP metrics block (RFC 3611 section 4.7) after its SSRC.
"""

Totals: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int, int, int, int]
"""Packets received and sent, octets received and sent, packets lost, strangers, malformed, errors of sending,
frames that recorders dropped, recordings in progress, events merged, SRTP packets that failed, replayed
ones, datagrams for Python that found no room.
"""

class RingFull(Exception):
    """The worker has more orders waiting than its ring holds; nothing was ordered."""

@disjoint_base
class Worker:
    """One thread for RTP and one for its recordings; signals are blocked in both."""

    def __new__(
        cls,
        capacity: int,
        orders: int = 4096,
        events: int = 8192,
        recorder_chunks: int = 4096,
        seed: int = 1,
    ) -> Self:
        """Room for `capacity` ports; ring lengths are powers of two.

        `recorder_chunks` are the seconds of audio that may wait for the disk, over all recordings. Orders
        are taken before `start` too, and carried out by it.
        """
    def start(self) -> None: ...
    def stop(self) -> None:
        """Close every port, finish every file, join the threads. Again: nothing happens."""
    def wait_for_wake(self) -> None:
        """From now on carry orders out only after `wake`: each waking costs two changes of thread, and a call
        gives a dozen orders in one turn of the loop.
        """
    def wake(self) -> None:
        """Carry out what was ordered."""
    def order_room(self) -> int:
        """How many more orders fit."""
    def open(
        self,
        slot: int,
        generation: int,
        fds: tuple[int, int, int],
        *,
        ssrc: int,
        sequence: int,
        timestamp: int,
        cname: bytes,
    ) -> None:
        """Take over three bound, non-blocking UDP sockets: RTP, its second one on the same port, RTCP.

        From here on only the worker touches and closes them. `cname` has 24 octets.
        """
    def connect(
        self,
        slot: int,
        generation: int,
        rtp: Place,
        rtcp: Place,
        networks: tuple[tuple[bytes, bytes], ...],
        *,
        codec: str,
        payload_type: int,
        receive_type: int,
        send_event: int,
        receive_event: int,
        event_rate_hz: int,
        comfort_noise: bool,
        hears_tones: bool,
        takes_metrics: bool,
        takes_reference_time: bool,
        impairment: tuple[float, float, float],
        tuning: tuple[bool, bool, bool, int, int],
        ptime_ms: int,
    ) -> None:
        """Networks as (base, mask), as long as the port's hosts; event types -1 for none; ptime 0 for any.
        `impairment` is the codec's in the E-model: best, ie, bpl of media.emodel. `tuning`: media.tuning.

        KeyError: no such codec.
        """
    def silence(self, slot: int, generation: int) -> None: ...
    def relay(self, slot: int, generation: int, other_slot: int, other_generation: int) -> None: ...
    def play(
        self,
        slot: int,
        generation: int,
        sounds: tuple[SoundMemory, ...],
        *,
        loop: bool,
        token: int,
        first_frame: int = 0,
    ) -> None:
        """One after another without a gap, from the `first_frame` of all on; ValueError: there is none."""
    def tone(self, slot: int, generation: int, hz: float, level_dbm0: float) -> None: ...
    def open_room(self, room: int, generation: int) -> None: ...
    def close_room(self, room: int, generation: int) -> None:
        """Its members fall silent."""
    def mix(self, slot: int, generation: int, room: int, room_generation: int) -> None: ...
    def gain(
        self,
        slot: int,
        generation: int,
        room: int,
        room_generation: int,
        mouth: int,
        mouth_generation: int,
        gain: float,
    ) -> None:
        """How loud the port `mouth` is in this port's ear in that room, until it leaves it; 1.0 forgets."""
    def secure(
        self, slot: int, generation: int, sends: object | None, receives: object | None, shut: bool = False
    ) -> None:
        """SRTP with these capsules of ext.srtp; both None: in the clear, or not at all if `shut`."""
    def pass_datagrams(self, slot: int, generation: int, passes: bool, muxed: bool) -> None:
        """Whether STUN and DTLS go to `take_datagrams`; whether RTCP comes and goes on the RTP port."""
    def send_datagram(self, slot: int, generation: int, target: Place, data: bytes) -> None:
        """From the RTP socket, whomever it is locked to."""
    def take_datagrams(self) -> list[tuple[int, int, Place, bytes]]:
        """Slot, generation, source and octets of STUN and DTLS that wait; at most 256 do."""
    def send_digit(self, slot: int, generation: int, event: int, duration: int, in_band: bool) -> None:
        """Event 0 to 15 (RFC 4733 section 3.2), duration 1 to 65535 of the clock of 8 kHz.

        Sent as telephone-event or, `in_band`, as a pair of tones.
        """
    def listen(self, slot: int, generation: int, listens: bool) -> None:
        """For digits in the sound: told as event 2 with 16 added to `a`."""
    def mute(self, slot: int, generation: int, muted: bool) -> None: ...
    def watch_silence(self, slot: int, generation: int, ns: int) -> None:
        """0 ends the watch."""
    def watch_voice(self, slot: int, generation: int, watches: bool) -> None:
        """Tell when speech begins and is over (event 7); a watch that goes on stays as it is."""
    def hear_opening(self, slot: int, generation: int, frames: int) -> None:
        """Gather what the next frames of 20 ms are like, anew; ValueError: none."""
    def record(self, slot: int, generation: int, fd: int, token: int, *, masks_digits: bool) -> None:
        """Take over an empty file; event 10 follows when it is closed, whatever happens."""
    def fork(self, slot: int, generation: int, memory: ForkMemory, token: int, *, masks_digits: bool) -> None:
        """Let `memory` hear the port until `stop_recording` or its end."""
    def pause(self, slot: int, generation: int, token: int, mode: str) -> None:
        """`keep` what is heard, `leave out` the time that passes, or `blank` it: silence as long as it."""
    def mask_digit(self, slot: int, generation: int, back_ns: int, ahead: int) -> None:
        """The peer presses a digit: since `back_ns` and for `ahead` (of 8 kHz) it is not to be recorded."""
    def stop_recording(self, slot: int, generation: int, token: int) -> None: ...
    def close(self, slot: int, generation: int) -> None: ...
    @property
    def event_fd(self) -> int:
        """An eventfd that is readable when there is something to poll."""
    def poll(self) -> list[Told]:
        """Take all events that wait."""
    def take_resync(self) -> bool:
        """Whether events did not fit the ring since the last call: the facts of every port must be reread."""
    def facts(self, slot: int, generation: int) -> Facts | None:
        """None: the worker has not opened it yet, or something else has the slot by now."""
    def opening(self, slot: int, generation: int) -> Opening | None:
        """What was told last of the opening (event 8)."""
    def stats(self, slot: int, generation: int) -> Stats | None: ...
    def totals(self) -> Totals: ...
    def take_lag_ns(self) -> int:
        """The worst lateness of the 20 ms tick since the last call."""
