"""Where the audio of calls may be sent while it happens: which URLs `media.fork_to` allows."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from switch.config.document import Path
from switch.config.schema import Config

_PORTS: Final = {"ws": 80, "wss": 443}


def faults(config: Config) -> Iterator[tuple[Path, str]]:
    """Every entry of `media.fork_to` that can name no host, and every queue whose fork it does not allow."""
    allowed = config.media.fork_to
    for i, entry in enumerate(allowed):
        place = _place(f"ws://{entry}")
        if place is None or place.netloc != entry or entry.endswith(":"):
            yield ("media", "fork_to", i), f"{entry!r} is no host; write speech.example or 10.0.0.7:9000"
    for name, queue in config.queues.items():
        if queue.fork is not None and (why := refusal(queue.fork, allowed)) is not None:
            yield ("queues", name, "fork"), why


def refusal(url: str, allowed: Sequence[str]) -> str | None:
    """Why no call may be heard at that URL, in words; None: its host, or host:port, is one of `allowed`."""
    place = _place(url)
    if place is None:
        return f"{url!r} is no ws:// or wss:// URL of a host"
    host = f"[{place.hostname}]" if ":" in (place.hostname or "") else place.hostname
    port = place.port or _PORTS[place.scheme]
    if {host, f"{host}:{port}"} & {entry.lower() for entry in allowed}:
        return None
    return f"media.fork_to does not name {host}:{port}"


def _place(url: str) -> SplitResult | None:
    try:
        place = urlsplit(url)
        valid = place.scheme in _PORTS and place.hostname and place.port != 0
    except ValueError:
        return None
    return place if valid and place.username is None and not place.fragment else None
