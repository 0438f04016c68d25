"""The two builds of the media kernels, for tests that hold one against the other."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

TWINS: Final = {
    "emodel": ("emodel_mos", "emodel_rating"),
    "g711": ("alaw_decode", "alaw_encode", "alaw_to_ulaw", "ulaw_decode", "ulaw_encode", "ulaw_to_alaw"),
    "mixing": ("mix",),
    "resampling": ("resample",),
    "rtp": ("rtp_header", "rtp_parse"),
    "tones": ("power", "sine_fit", "tone", "tone_power", "tone_powers"),
}
"""The kernels by the module that both floors, `ext` and `media`, have them in."""


def build(floor: str) -> Any:
    """All kernels of one floor."""
    found: dict[str, Any] = {}
    for module, names in TWINS.items():
        twin = import_module(f"{floor}.{module}")
        found |= {name: getattr(twin, name) for name in names}
    return SimpleNamespace(**found)


COMPILED: Any = build("ext")
PURE: Any = build("media")

BUILDS: dict[str, Any] = {"compiled": COMPILED, "pure": PURE}
