"""Where a listener comes into the music."""

import pytest

from media.playlist import Playlist
from media.sound import Sound

PIECES = tuple(Sound.from_pcm(f"{frames} frames", bytes(320 * frames)) for frames in (50, 100, 25))
"""Three and a half seconds."""


@pytest.mark.parametrize(
    ("now_s", "first_frame"),
    [(0.0, 0), (0.03, 1), (1.0, 50), (3.48, 174), (3.5, 0), (35.1, 5), (1.8e9, 50)],
)
def test_live_music_has_always_played(now_s: float, first_frame: int) -> None:
    play = Playlist(PIECES, live=True).play(now_s)
    assert (play.sounds, play.loop, play.first_frame) == (PIECES, True, first_frame)


def test_other_music_begins_for_everybody() -> None:
    assert Playlist(PIECES).play(1.0) == Playlist(PIECES).play(0.0)
    assert Playlist(PIECES).play(1.0).first_frame == 0
