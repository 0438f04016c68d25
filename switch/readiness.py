"""Whether the switch takes calls: what load balancers, systemd and Prometheus are told alike.

The database is not asked: without it calls go on, and what is to be booked waits on the disk.
"""

from collections.abc import Iterator

from switch.api.rows import Readiness
from switch.exchange import Exchange
from switch.host import LEAST_FREE_BYTES, disk


def readiness(exchange: Exchange, *, started: bool, calls: int) -> Readiness:
    """`started` once every socket is bound; `calls` are in progress."""
    reasons = list(_reasons(exchange, started, calls))
    return Readiness(ready=not reasons, detail="; ".join(reasons) or "ready")


def _reasons(exchange: Exchange, started: bool, calls: int) -> Iterator[str]:
    if exchange.draining:
        yield f"draining, {calls} calls left"
    elif not started:
        yield "starting"
    data_dir = exchange.config.server.data_dir
    try:
        free = disk(data_dir).free
    except OSError as error:
        yield f"{data_dir}: {error.strerror}"
        return
    if free < LEAST_FREE_BYTES:
        yield f"{data_dir} has {free // 1024 // 1024} MB left: the journal may soon not be written"
