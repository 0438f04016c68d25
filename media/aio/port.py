"""The engine's port: turns what its owner wants into orders, and what the worker tells into events."""

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, assert_never

from ext.codec_registry import codecs
from media.aio.addresses import address_of, networks, place
from media.aio.keyring import Keyring
from media.aio.room import EngineRoom
from media.emodel import Impairment, impairment
from media.events import (
    Digit,
    FirstPacket,
    Keyless,
    Locked,
    OpeningHeard,
    PlaybackFinished,
    PortClosed,
    PortEvent,
    RecorderFellBehind,
    Silent,
    SpeechBegan,
    SpeechOver,
    Unlocked,
)
from media.kernels import emodel_mos
from media.keying import Dtls
from media.port import (
    DIGIT_MS,
    DIGITS,
    LONGEST_DIGIT_MS,
    SHORTEST_DIGIT_MS,
    Echo,
    Fork,
    Mix,
    PeerMedia,
    Play,
    PortStats,
    Recording,
    Relay,
    Silence,
    Source,
    SrtpKeys,
    Stream,
    Tone,
)
from media.quality import Quality, Told, VoipMetrics, sounds_there
from media.speech import Beep, Opening

if TYPE_CHECKING:
    from ext.engine import Stats
    from media.aio.keying import Keying
    from media.aio.recorder import Recorder
    from media.aio.recording import EngineRecording
    from media.aio.shard import Shard


IN_BAND: Final = len(DIGITS)
"""Added to the event of a digit that was heard in the sound."""
SPEAKS: Final = 1 << 30
"""Added to the time at which somebody began to speak."""
FRAMES_PER_S: Final = 50


class Kind(IntEnum):
    """The engine's kinds of events, as in engine_messages.pxd."""

    FIRST = 0
    LOCK = 1
    DIGIT = 2
    SILENT = 3
    FINISHED = 4
    BEHIND = 5
    CLOSED = 6
    VOICE = 7
    OPENING = 8
    RECORDED = 10


class EnginePort:
    """Implements media.port.Port."""

    def __init__(
        self,
        shard: "Shard",
        recorder: "Recorder",
        slot: int,
        generation: int,
        number: int,
        stream: Stream,
        ipv6: bool,
    ) -> None:
        self.shard: Final = shard
        self.slot: Final = slot
        self.generation: Final = generation
        self.recording: EngineRecording | None = None
        self._recorder = recorder
        self._number = number
        self._stream = stream
        self._ipv6 = ipv6
        self._impairment = impairment(None)
        self._closed_with: PortStats | None = None
        self._seen = [0] * len(Kind)
        self._keyring = Keyring(stream.ssrc)
        self._srtp: SrtpKeys | None = None
        self._shut = False
        self._keying: Keying | None = None
        self._peer: PeerMedia | None = None

    def __repr__(self) -> str:
        return f"<port {self._number} {'closed' if self._closed_with else 'open'}>"

    @property
    def number(self) -> int:
        return self._number

    @property
    def ssrc(self) -> int:
        return self._stream.ssrc

    @property
    def stream(self) -> Stream:
        return self._stream

    # --- orders ---

    def connect(self, peer: PeerMedia) -> None:
        if peer.codec not in codecs():
            raise ValueError(f"{peer.codec}: the engine knows {', '.join(codecs())}")
        place(peer.address, peer.port, self._ipv6)
        place(peer.rtcp_address, peer.rtcp_port, self._ipv6)
        if peer.dtls is None:
            self._leave_dtls()
            self._secure(peer.srtp)
            self._connect(peer)
        else:
            self._join_dtls(peer, peer.dtls)

    def _secure(self, keys: SrtpKeys | None, *, shut: bool = False) -> None:
        """`shut`: keys are on their way, and until they are there nothing is sent or heard."""
        if (keys, shut) == (self._srtp, self._shut):
            return
        capsules = self._keyring.capsules(keys)
        self._srtp, self._shut = keys, shut
        self.order(lambda: self.shard.worker.secure(self.slot, self.generation, *capsules, shut))

    def _leave_dtls(self) -> None:
        if self._keying is not None:
            self._keying.stop()
            self._keying = None
            self._pass_datagrams(False, False)

    def _join_dtls(self, peer: PeerMedia, dtls: Dtls) -> None:
        """A handshake is for one description of the peer's keys, and outlives a change of anything else."""
        if self._keying is not None and self._keying.dtls == dtls:
            self._connect(peer)
            return
        from media.aio.keying import Keying  # it needs pyOpenSSL and aioice

        self._leave_dtls()
        self._keying = Keying(
            dtls, self.shard.identity(), send=self._send_datagram, moved=self._move, done=self._agreed
        )
        self._pass_datagrams(True, dtls.muxed)
        self._secure(None, shut=True)
        self._connect(peer)
        self._keying.start((peer.address, peer.port))

    @property
    def keyless(self) -> str | None:
        return None if self._keying is None else self._keying.keyless

    def _agreed(self, keys: SrtpKeys | None) -> None:
        """The handshake is over; without keys the port stays shut."""
        if keys is None:
            self.shard.tell(Keyless(self))
        else:
            self._secure(keys)

    def _move(self, _where: tuple[str, int]) -> None:
        if self._peer is not None:
            self._connect(self._peer)

    def _pass_datagrams(self, passes: bool, muxed: bool) -> None:
        self.order(lambda: self.shard.worker.pass_datagrams(self.slot, self.generation, passes, muxed))

    def _send_datagram(self, data: bytes, where: tuple[str, int]) -> None:
        target = place(*where, self._ipv6)
        self.order(lambda: self.shard.worker.send_datagram(self.slot, self.generation, target, data))

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        """STUN or DTLS that came, which the worker has no use for."""
        if self._keying is not None and self._closed_with is None:
            self._keying.receive(data, source)

    def _connect(self, peer: PeerMedia) -> None:
        """Where ICE has found the peer, or else where it says that it is."""
        self._peer = peer
        found = self._keying.place if self._keying is not None else None
        rtp = place(*(found or (peer.address, peer.port)), self._ipv6)
        rtcp = place(*(found or (peer.rtcp_address, peer.rtcp_port)), self._ipv6)
        allowed = networks(peer.allowed, self._ipv6)
        self._impairment = of = impairment(peer.codec)
        tuned = peer.tuning
        self.order(
            lambda: self.shard.worker.connect(
                self.slot,
                self.generation,
                rtp,
                rtcp,
                allowed,
                codec=peer.codec,
                payload_type=peer.payload_type,
                receive_type=(
                    peer.payload_type if peer.receive_payload_type is None else peer.receive_payload_type
                ),
                send_event=-1 if peer.send_event_type is None else peer.send_event_type,
                receive_event=-1 if peer.receive_event_type is None else peer.receive_event_type,
                event_rate_hz=peer.event_rate_hz,
                comfort_noise=peer.comfort_noise,
                takes_metrics=peer.takes_metrics,
                takes_reference_time=peer.takes_reference_time,
                hears_tones=peer.hears_tones,
                impairment=(of.best, of.ie, of.bpl),
                tuning=(tuned.fec, tuned.dtx, tuned.constant, tuned.bits_per_s, tuned.rate_hz),
                ptime_ms=peer.ptime_ms,
            )
        )

    def send(self, source: Source) -> None:
        worker, slot, generation = self.shard.worker, self.slot, self.generation
        match source:
            case Silence():
                self.order(lambda: worker.silence(slot, generation))
            case Echo():
                self.order(lambda: worker.relay(slot, generation, slot, generation))
            case Relay(port):
                other = self.shard.own(port)
                self.order(lambda: worker.relay(slot, generation, other.slot, other.generation))
            case Play(_, loop, token, first):
                memories = tuple(map(self.shard.sounds.memory, source.sounds))
                self.order(
                    lambda: worker.play(slot, generation, memories, loop=loop, token=token, first_frame=first)
                )
            case Mix(room):
                if not isinstance(room, EngineRoom) or room.shard is not self.shard:
                    raise ValueError("a room needs its members on one worker: open them near it")
                self.order(lambda: worker.mix(slot, generation, room.slot, room.generation))
            case Tone(hz, level_dbm0):
                self.order(lambda: worker.tone(slot, generation, hz, level_dbm0))
            case _:
                assert_never(source)

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        self._press(digit, duration_ms, in_band=False)

    def sound_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        self._press(digit, duration_ms, in_band=True)

    def _press(self, digit: str, duration_ms: int, *, in_band: bool) -> None:
        if len(digit) != 1 or digit not in DIGITS:
            raise ValueError(f"{digit!r} is no digit")
        event, duration = DIGITS.index(digit), 8 * min(max(duration_ms, SHORTEST_DIGIT_MS), LONGEST_DIGIT_MS)
        self.order(lambda: self.shard.worker.send_digit(self.slot, self.generation, event, duration, in_band))

    def listen_for_digits(self, listens: bool) -> None:
        self.order(lambda: self.shard.worker.listen(self.slot, self.generation, listens))

    def mute(self, muted: bool) -> None:
        self.order(lambda: self.shard.worker.mute(self.slot, self.generation, muted))

    def watch_silence(self, seconds: float | None) -> None:
        ns = 0 if seconds is None else max(1, round(seconds * 1e9))
        self.order(lambda: self.shard.worker.watch_silence(self.slot, self.generation, ns))

    def watch_voice(self, watched: bool) -> None:
        self.order(lambda: self.shard.worker.watch_voice(self.slot, self.generation, watched))

    def hear_opening(self, seconds: float) -> None:
        frames = round(seconds * FRAMES_PER_S)
        if frames < 1:
            raise ValueError(f"an opening lasts 20 ms or more, not {seconds} s")
        self.order(lambda: self.shard.worker.hear_opening(self.slot, self.generation, frames))

    def record(self, path: Path, *, masks_digits: bool = True) -> Recording:
        return self._recorder.begin(self, path, masks_digits)

    def fork(self, rate_hz: int = 8000, *, masks_digits: bool = True) -> Fork:
        return self._recorder.fork(self, rate_hz, masks_digits)

    def mask_digit(self, duration_ms: int = DIGIT_MS) -> None:
        lasts_ms = min(max(duration_ms, 0), LONGEST_DIGIT_MS)
        self.order(
            lambda: self.shard.worker.mask_digit(
                self.slot, self.generation, lasts_ms * 1_000_000, lasts_ms * 8
            )
        )

    def close(self) -> None:
        if self._closed_with is not None:
            return
        stats = self.stats()
        self.order(lambda: self.shard.worker.close(self.slot, self.generation))
        self._closed_with = stats
        if self._keying is not None:
            self._keying.stop()

    def order(self, order: Callable[[], None]) -> None:
        """Give the worker an order about this port; nothing once it is closed."""
        if self._closed_with is None:
            self.shard.order(order)

    # --- what is known ---

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the worker could not keep it open."""
        return self._closed_with is not None

    def stats(self) -> PortStats:
        return self._closed_with or as_stats(
            self.shard.worker.stats(self.slot, self.generation), self._impairment
        )

    def take(self, kind: Kind, count: int, a: Any, b: int) -> PortEvent | None:
        """An event of the worker, or None if it was taken before: what is reread may still be in the ring."""
        if count <= self._seen[kind]:
            return None
        self._seen[kind] = count
        match kind:
            case Kind.FIRST:
                return FirstPacket(self)
            case Kind.LOCK:
                return Locked(self, address_of(a)) if a is not None else Unlocked(self)
            case Kind.DIGIT:
                return Digit(self, DIGITS[a % IN_BAND], b, in_band=a >= IN_BAND)
            case Kind.SILENT:
                return Silent(self, a / 1e9)
            case Kind.FINISHED:
                return PlaybackFinished(self, a)
            case Kind.VOICE:
                return SpeechBegan(self, a % SPEAKS) if a >= SPEAKS else SpeechOver(self, a)
            case Kind.OPENING:
                return self._opening()
            case Kind.BEHIND:
                recording = self._recorder.find(a)
                return RecorderFellBehind(self, recording) if recording else None
            case _:
                self._closed_with = self._closed_with or self.stats()
                return PortClosed(self)

    def _opening(self) -> OpeningHeard | None:
        """The newest that was told, which may have come after the event in hand."""
        told = self.shard.worker.opening(self.slot, self.generation)
        if told is None:
            return None
        self._seen[Kind.OPENING], over, figures, beep, special_ms = told
        return OpeningHeard(self, Opening(*figures, Beep(*beep) if beep else None, special_ms), over)

    def reread(self) -> list[PortEvent]:
        """What the event ring had no room for, from the facts that the worker keeps."""
        facts = self.shard.worker.facts(self.slot, self.generation)
        if facts is None:
            return []
        counts, values, digits, _ = facts
        told = [(kind, counts[kind], values[kind], 0) for kind in (Kind.FIRST, Kind.LOCK)]
        oldest = counts[Kind.DIGIT] - len(digits) + 1
        told += [(Kind.DIGIT, oldest + i, event, ms) for i, (event, ms) in enumerate(digits)]
        kinds = (Kind.SILENT, Kind.FINISHED, Kind.BEHIND, Kind.VOICE, Kind.OPENING, Kind.CLOSED)
        told += [(kind, counts[kind], values[kind], 0) for kind in kinds]
        return [event for each in told if (event := self.take(*each)) is not None]


def as_stats(stats: "Stats | None", of: Impairment) -> PortStats:
    """None, before the worker has opened the port, is nothing counted. `of` is the codec's impairment."""
    if stats is None:
        return PortStats()
    last_ns, locked, lost, jitter_s, trip_s = stats[10:15]
    expected, heard, metrics = stats[-3:]
    told = None
    if lost is not None and jitter_s is not None and expected is not None:
        told = Told(lost, expected, jitter_s, trip_s, VoipMetrics.parse(metrics) if metrics else None)
    return PortStats(
        *stats[:10],
        last_ns / 1e9 if last_ns else None,
        address_of(locked) if locked is not None else None,
        *stats[12:-3],
        received=Quality(*heard, emodel_mos(heard[-1])) if heard else None,
        sent=sounds_there(told, of) if told else None,
    )
