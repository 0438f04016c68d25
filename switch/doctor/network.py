"""What the network is like: ports that are free, and addresses at which peers reach us."""

import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from switch.config.schema import Advertise, Config
from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.holders import holder, process, taken
from switch.doctor.patient import Patient

_ANY_PORT: Final = 9
"""To ask the kernel for a way; nothing is sent there."""


def addresses(patient: Patient) -> Iterator[Finding]:
    """Can phones and carriers reach what we write into SIP and SDP?"""
    config = patient.config
    carriers = sorted(set(_carriers(config)))
    for key, advertise in (
        ("sip.advertise", config.sip.advertise),
        ("media.advertise", config.media.advertise),
    ):
        yield from _advertised(key, advertise, carriers)


def ports(patient: Patient) -> Iterator[Finding]:
    """Can we listen where we shall? Tried only where no switch does already."""
    if patient.running:
        yield good("the running switch has them")
        return
    failed = False
    for key, kind, host, port in _listened(patient.config):
        finding = _bindable(key, kind, host, port)
        if finding is not None:
            failed = True
            yield finding
    if not failed:
        yield good("all are free")


def media_ports(patient: Patient) -> Iterator[Finding]:
    """Does anything else want the ports of RTP?"""
    wanted = patient.config.media.ports
    written = f"{wanted.start}-{wanted.stop - 1}"
    others = {} if patient.running else taken("udp", wanted)
    if others:
        first = min(others)
        yield doubt(
            f"others have {len(others)} of the ports {written}: {process(others[first])} has {first}",
            "move media.ports, or what has them",
        )
    first_theirs, last_theirs = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    given = set(wanted) & set(range(first_theirs, last_theirs + 1)) - _reserved()
    if given:
        yield doubt(
            f"the kernel gives ports of {written} to whoever asks for any ({first_theirs}-{last_theirs})",
            f"sysctl -w net.ipv4.ip_local_reserved_ports={written}, or move media.ports",
        )
    elif not others:
        yield good(f"{written} are ours alone")


def _reserved() -> set[int]:
    """Ports that the kernel gives to nobody who asks for any: `5060,20000-29999`."""
    written = Path("/proc/sys/net/ipv4/ip_local_reserved_ports").read_text(encoding="ascii").strip()
    spans = [span.partition("-") for span in written.split(",") if span]
    return {port for first, _, last in spans for port in range(int(first), int(last or first) + 1)}


def _advertised(key: str, advertise: Advertise, carriers: list[str]) -> Iterator[Finding]:
    """Of what the configuration says, or the kernel where it says `auto`."""
    public = advertise.public
    if public is not None:
        yield from _public(key, public, [one for one in carriers if advertise.towards(one, public) == public])
        return
    unreached = [one for one in carriers if _source(one) is None]
    for one in unreached:
        yield bad(
            f"there is no way to the carrier at {one}",
            f"ip route get {one}; set the route, or the proxy right",
        )
    hidden = [(one, source) for one in carriers if (source := _source(one)) and not _reachable(source, one)]
    for one, source in hidden:
        yield doubt(
            f"{key}: auto tells the carrier at {one} to answer to {source}, a private address",
            f"{key}: {{public: YOUR_PUBLIC_ADDRESS, local: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}",
        )
    if not unreached and not hidden:
        yield good(f"{key}: auto, the address that the kernel sends from")


def _public(key: str, public: str, carriers: list[str]) -> Iterator[Finding]:
    remedy = f"set {key} to an address of `ip address`, to your public one, or to auto"
    unreachable = [one for one in carriers if not _reachable(public, one)]
    ours = _is_ours(public)
    if unreachable:
        yield bad(f"{key}: the carrier at {unreachable[0]} cannot reach {public}", remedy)
    elif not ours and not ip_address(public).is_global:
        yield bad(f"{key}: no interface of this machine has {public}", remedy)
    elif not ours:
        yield good(f"{key}: {public}, which a router must forward to this machine")
    else:
        yield good(f"{key}: {public} is this machine's")


def _reachable(address: str, peer: str) -> bool:
    """Whether somebody at `peer` may have a way to `address`, as far as the kinds of both tell."""
    ours, theirs = ip_address(address), ip_address(peer)
    if theirs.is_loopback:
        return True
    return not ours.is_loopback and not (theirs.is_global and not ours.is_global)


def _carriers(config: Config) -> Iterator[str]:
    """The carriers that the configuration names by an address; names may lead elsewhere each time."""
    for trunk in config.trunks.values():
        uris = [trunk.proxy, *(target.uri for target in trunk.targets or ())]
        for host in (uri.host for uri in uris if uri is not None):
            with suppress(ValueError):
                yield str(ip_address(host))


def _source(peer: str) -> str | None:
    """The address that the kernel would send from; None where it has no way."""
    with socket.socket(_family(peer), socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((peer, _ANY_PORT))
        except OSError:
            return None
        return str(asked.getsockname()[0])


def _is_ours(address: str) -> bool:
    with socket.socket(_family(address), socket.SOCK_DGRAM) as asked:
        try:
            asked.bind((address, 0))
        except OSError:
            return False
    return True


def _listened(config: Config) -> Iterator[tuple[str, str, str, int]]:
    for i, one in enumerate(config.sip.listen):
        yield f"sip.listen[{i}]", "udp" if one.transport == "udp" else "tcp", one.host, one.port
    yield "http.listen", "tcp", config.http.listen.host, config.http.listen.port
    if config.provisioning.listen is not None:
        yield "provisioning.listen", "tcp", config.provisioning.listen.host, config.provisioning.listen.port


def _bindable(key: str, kind: str, host: str, port: int) -> Finding | None:
    with socket.socket(_family(host), socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as tried:
        if kind == "tcp":
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
            if kind == "tcp":
                tried.listen(1)
        except OSError as error:
            return _refused(f"{key}: {kind}:{host}:{port}", kind, host, port, error)
    return None


def _refused(what: str, kind: str, host: str, port: int, error: OSError) -> Finding:
    match error.errno:
        case errno.EADDRINUSE:
            return bad(
                f"{what} is taken by {holder(kind, host, port)}", "stop that process, or listen elsewhere"
            )
        case errno.EADDRNOTAVAIL:
            return bad(
                f"{what}: no interface has {host}", "listen at an address of `ip address`, or at 0.0.0.0"
            )
        case errno.EACCES:
            return bad(f"{what} needs a right", "setcap cap_net_bind_service=+ep, or a port above 1023")
        case _:
            return bad(f"{what}: {error.strerror}", "listen elsewhere")


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
