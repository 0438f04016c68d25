"""What is noted of a leg that is up, so that another process can take it up after a crash."""

import msgspec

from media.port import Stream


class LegNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Beside its dialog and its part of the call's record."""

    of_phone: bool
    """Its peer is a phone of ours; else a trunk."""
    routed: bool = False
    """An offer of the router's made it."""
    port: int
    stream: Stream
    """How what its port sends began, about when it was answered."""
    description: str
    """The last of ours; none where keys stand in it."""
    secret: bool = False
    """Its media are encrypted, by keys that are noted nowhere."""
    caller: tuple[str, str, bool] | None = None
    """As whom it calls, where it is its call's first: number, name, whether they are withheld."""
