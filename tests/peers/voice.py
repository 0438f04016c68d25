"""The media of a raw SIP peer: one RTP socket that says a tone, presses digits, and notes what it hears."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

import numpy as np

from ext.listening import Digits
from media.rtp import rtp_header, rtp_parse
from tests.peers import ports
from tests.peers.audio import Pcm, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw, tone
from tests.peers.child import PeerError

FRAME = 160
FRAME_S = 0.02
PCMU = 0
PCMA = 8
EVENT_TYPE = 101
ENCODE = {PCMA: encode_alaw, PCMU: encode_ulaw}
DECODE = {PCMA: decode_alaw, PCMU: decode_ulaw}
DIGITS = "0123456789*#ABCD"
ROWS_HZ = {"123A": 697.0, "456B": 770.0, "789C": 852.0, "*0#D": 941.0}
COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)


class Voice:
    """A-law, unless told otherwise; hears both laws. `digits` are the RFC 4733 events that came, each by its
    timestamp once, as their ends tell; `tones` are the digits that were heard in the sound.
    """

    def __init__(self, sock: socket.socket, hz: float, level_dbfs: float) -> None:
        self.host, self.port = sock.getsockname()[:2]
        self.events: dict[int, str] = {}
        self.tones = ""
        self.types: set[int] = set()
        self.sources: set[tuple[str, int]] = set()
        self.event_type = EVENT_TYPE
        """Payload type of the events, both ways."""
        self._socket = sock
        self._level_dbfs = level_dbfs
        self.say(hz)
        self._ear = Digits()
        self._tones: deque[bytes] = deque()
        self._heard: list[Pcm] = []
        self._target: tuple[str, int] | None = None
        self._sequence = 1000
        self._timestamp = 50_000
        self._silent = False
        self._news = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def speaking(
        cls, hz: float, address: str = ports.PHONES, level_dbfs: float = -13.0
    ) -> AsyncIterator[Self]:
        """Says a tone as soon as it knows to whom: see `meet`."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind((address, 0))
            voice = cls(sock, hz, level_dbfs)
            tasks = [asyncio.create_task(voice._speak()), asyncio.create_task(voice._listen())]
            try:
                yield voice
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def say(self, hz: float, codec: int = PCMA) -> None:
        """That tone from now on, in that law."""
        self.codec = codec
        sound = ENCODE[codec](tone(hz, level_dbfs=self._level_dbfs))
        self._frames = [sound[i : i + FRAME] for i in range(0, 8000, FRAME)]

    def sdp(self, *, version: int = 1, events: bool = True, attribute: str = "sendrecv") -> str:
        """Its description."""
        network = f"IN {'IP6' if ':' in self.host else 'IP4'} {self.host}"
        lines = [
            "v=0",
            f"o=- 1 {version} {network}",
            "s=-",
            f"c={network}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {PCMA}{f' {EVENT_TYPE}' if events else ''}",
            f"a=rtpmap:{PCMA} PCMA/8000",
            *([f"a=rtpmap:{EVENT_TYPE} telephone-event/8000"] if events else []),
            f"a={attribute}",
        ]
        return "".join(f"{line}\r\n" for line in lines)

    def meet(self, sdp: str) -> None:
        """Speak to whoever wrote this description."""
        host = next(line.split()[2] for line in sdp.splitlines() if line.startswith("c="))
        port = next(line.split()[1] for line in sdp.splitlines() if line.startswith("m=audio"))
        self._target = (host, int(port))

    def hush(self, silent: bool = True) -> None:
        """Say nothing any more, or speak again."""
        self._silent = silent

    async def press(self, digits: str) -> None:
        """As events of 100 ms, 100 ms apart."""
        for digit in digits:
            event, start = DIGITS.index(digit), self._timestamp
            for duration in (160, 320, 480, 640, 800):
                self._send_event(event, duration, start, first=duration == 160)
                await asyncio.sleep(FRAME_S)
            for _ in range(3):
                self._send_event(event, 800, start, end=True)
            self._timestamp += 1600
            await asyncio.sleep(5 * FRAME_S)

    async def press_in_band(self, digits: str) -> None:
        """As tones of 80 ms, 80 ms apart, in place of what it says."""
        for digit in digits:
            row = next(keys for keys in ROWS_HZ if digit in keys)
            pair = tone(ROWS_HZ[row], 0.08, -12.0) + tone(COLUMNS_HZ[row.index(digit)], 0.08, -12.0)
            sound = ENCODE[self.codec](np.concatenate([pair, np.zeros(4 * FRAME, dtype=np.int16)]))
            self._tones += [sound[i : i + FRAME] for i in range(0, len(sound), FRAME)]
        await asyncio.sleep(len(self._tones) * FRAME_S)

    async def until_tones(self, count: int, timeout_s: float = 5.0) -> str:
        """So many digits in the sound that comes."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.tones) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise PeerError(f"only {self.tones!r} in {timeout_s:g} s") from None
        return self.tones

    @property
    def digits(self) -> str:
        """All that were pressed for it."""
        return "".join(self.events.values())

    async def until_digits(self, count: int, timeout_s: float = 5.0) -> str:
        """So many of them."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.events) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise PeerError(f"only {self.digits!r} in {timeout_s:g} s") from None
        return self.digits

    @property
    def heard(self) -> Pcm:
        """All that came, since the last `listen` began if there was one."""
        return np.concatenate([np.zeros(0, dtype=np.int16), *self._heard])

    async def listen(self, seconds: float = 0.3, timeout_s: float = 3.0) -> Pcm:
        """The next `seconds` of sound that come; less where nothing comes in time."""
        self._heard.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while sum(len(each) for each in self._heard) < seconds * 8000:
                    self._news.clear()
                    await self._news.wait()
        return self.heard

    def _send_event(
        self, event: int, duration: int, start: int, *, end: bool = False, first: bool = False
    ) -> None:
        assert self._target is not None
        payload = bytes([event, 0x80 | 10 if end else 10]) + duration.to_bytes(2, "big")
        self._send(self.event_type, payload, start, marker=first)

    def _send(self, payload_type: int, payload: bytes, timestamp: int, *, marker: bool = False) -> None:
        header = rtp_header(payload_type, marker, self._sequence, timestamp, 0x5EED)
        self._sequence = (self._sequence + 1) & 0xFFFF
        with contextlib.suppress(OSError):
            if self._target is not None:
                self._socket.sendto(header + payload, self._target)

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        due, frame = loop.time(), 0
        while True:
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._target is not None and not self._silent:
                said = self._tones.popleft() if self._tones else self._frames[frame % len(self._frames)]
                self._send(self.codec, said, self._timestamp)
                self._timestamp += FRAME
                frame += 1

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, source = await loop.sock_recvfrom(self._socket, 2048)
            parsed = rtp_parse(data)
            if parsed is None:
                continue
            payload = data[parsed.payload_offset : parsed.payload_offset + parsed.payload_length]
            self.types.add(parsed.payload_type)
            self.sources.add(source[:2])
            if parsed.payload_type in DECODE:
                self._heard.append(DECODE[parsed.payload_type](payload))
                self.tones += "".join(DIGITS[e] for e, _ in self._ear.hear(self._heard[-1].tobytes()))
            elif parsed.payload_type == self.event_type and payload[1] & 0x80:
                self.events[parsed.timestamp] = DIGITS[payload[0]]
            self._news.set()
