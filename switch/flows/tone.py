"""`go: tone`: the milliwatt of the test lines (ITU-T O.9, 1004 Hz at 0 dBm0)."""

from typing import Final

from switch.calls.flow import Call

MILLIWATT_HZ: Final = 1004.0


async def tone(call: Call) -> None:
    """Answer and send the tone."""
    await call.answer()
    await call.tone(MILLIWATT_HZ)
