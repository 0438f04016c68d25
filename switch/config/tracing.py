"""What must hold for the `trace` section."""

from collections.abc import Iterator
from dataclasses import astuple
from ipaddress import ip_address

from switch.config.document import Path
from switch.config.schema import Config


def faults(config: Config) -> Iterator[tuple[Path, str]]:
    """Every mistake, and where it is."""
    if config.trace.hep is None:
        return
    host, port = astuple(config.trace.hep)
    if port == 0 or ip_address(host).is_unspecified:
        yield ("trace", "hep"), "needs the address and port of a server, such as 127.0.0.1:9060"
    for transport, ours, bound in map(astuple, config.sip.listen):
        if transport == "udp" and bound == port and _same(ours, host):
            yield ("trace", "hep"), "is our own SIP socket: each copy would be copied again"


def _same(bound: str, host: str) -> bool:
    """Whether what is sent to `host` may come to a socket that is bound there."""
    ours, theirs = ip_address(bound), ip_address(host)
    return ours == theirs or (ours.is_unspecified and ours.version == theirs.version and theirs.is_loopback)
