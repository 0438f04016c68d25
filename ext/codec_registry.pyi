"""The codecs that the engine knows: those that are always there, and those that were registered."""

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (codec_registry.pxd)."""

def codecs() -> list[str]:
    """Those that a port can be connected with, as in SDP."""

def register_codec(capsule: object) -> None:
    """Make an extension's codec known: a PyCapsule named "centralita.codec" (engine_codec.pxd).

    Once more: nothing happens. ValueError: it is no such capsule, or there are too many.
    """
