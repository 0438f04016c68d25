"""Music for those who wait: pieces one after another, for ever."""

from dataclasses import dataclass
from typing import Final

from media.port import Play
from media.sound import Sound

FRAMES_A_SECOND: Final = 50


@dataclass(frozen=True, slots=True)
class Manner:
    """How a class of music is played.

    `seed` shuffles its files, the same way each time; None keeps the order of their names. `live`, a listener
    hears what would sound now had it always played, as from a radio; otherwise it begins for him.
    """

    seed: int | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class Playlist:
    """The pieces of a class in the order in which they are played, at least one."""

    pieces: tuple[Sound, ...]
    live: bool = False

    def play(self, now_s: float) -> Play:
        """What a listener is sent who comes to it at `now_s`, seconds of any clock that does not jump."""
        frames = sum(piece.frames for piece in self.pieces)
        first = int(now_s * FRAMES_A_SECOND) % frames if self.live else 0
        return Play(self.pieces, loop=True, first_frame=first)
