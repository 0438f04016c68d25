"""A country's call-progress tones in the words of the makers that let us spell them."""

from collections.abc import Iterator
from typing import Final

from media.progress import TONES, Cadence, Country, Signal

_WITHOUT_END: Final = 0


def spelled(country: Country) -> Iterator[tuple[str, str]]:
    """Each tone by the names that templates have: `busy_steps` and `busy_cadence`."""
    for signal, cadence in TONES[country].items():
        yield f"{signal}_steps", _steps(cadence)
        if signal is not Signal.INFORMATION:
            yield f"{signal}_cadence", _cadence(cadence)


def _steps(cadence: Cadence) -> str:
    """Hertz and milliseconds of each step: 425/1500,0/3000."""
    if len(cadence) == 1:
        return f"{_sum(cadence[0].hz)}/{_WITHOUT_END}"
    return ",".join(f"{_sum(burst.hz)}/{_ms(burst.seconds)}" for burst in cadence)


def _cadence(cadence: Cadence) -> str:
    """Hertz with their levels in dBm, and milliseconds on and off: f1=350@-13,f2=440@-13,c=0/0;."""
    first = cadence[0]
    tones = ",".join(f"f{n}={hz:g}@{first.level_dbm0:g}" for n, hz in enumerate(first.hz, start=1))
    if len(cadence) == 1:
        return f"{tones},c={_WITHOUT_END}/{_WITHOUT_END};"
    pairs = zip(cadence[::2], cadence[1::2], strict=True)
    return f"{tones},c={'-'.join(f'{_ms(on.seconds)}/{_ms(off.seconds)}' for on, off in pairs)};"


def _sum(hz: tuple[float, ...]) -> str:
    return "+".join(f"{one:g}" for one in hz) or "0"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
