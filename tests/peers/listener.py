"""An ear that notes when each RTP packet came, by the kernel's clock: when we read it does not matter."""

import socket
import struct
from typing import Final

_TIMESTAMPED: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
_FRAME_S: Final = 0.02
_CLOCK: Final = 160
_SLICE: Final = 4096


class Listener:
    """A UDP socket of an address; packets wait in the kernel until they are asked for."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPED, 1)
        self._socket.bind((address, 0))
        self._socket.setblocking(False)
        self.lost = 0
        """Packets that never came, of those between the first and the last."""
        self._next: int | None = None
        self.port: int = self._socket.getsockname()[1]

    def speak(self, to: tuple[str, int]) -> None:
        """One packet of silence, so that whoever waits for our voice knows where we are."""
        header = struct.pack("!BBHII", 0x80, 8, 1, _CLOCK, 1)
        self._socket.sendto(header + b"\xd5" * _CLOCK, to)

    def lateness_s(self) -> list[float]:
        """How long after its due each packet came that has come since the last call.

        Due is what the timestamps say, from the packet that came earliest in its time.
        """
        moments = []
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_SLICE, 64)
            except BlockingIOError:
                break
            ((_, _, raw),) = ancillary
            seconds, nanoseconds = struct.unpack("qq", raw)
            sequence, timestamp = struct.unpack_from("!HI", data, 2)
            self.lost += (sequence - self._next) % 65536 if self._next is not None else 0
            self._next = (sequence + 1) % 65536
            moments.append((seconds + nanoseconds / 1e9) - timestamp / _CLOCK * _FRAME_S)
        return [moment - min(moments) for moment in moments]

    def close(self) -> None:
        self._socket.close()
