"""Which process has a socket: what /proc says (proc_net_udp(5), proc_net_tcp(5))."""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

_TABLES: Final = {"udp": ("udp", "udp6"), "tcp": ("tcp", "tcp6")}
_LISTENING: Final = "0A"


def holder(kind: str, host: str, port: int) -> str:
    """The process at `port` of `host` ("udp" or "tcp") in words; "another process" where /proc hides it."""
    for address, inode in _sockets(kind, port):
        if _meets(address, host):
            return process(inode)
    return "another process"


def taken(kind: str, ports: range) -> dict[int, str]:
    """Those of these ports that somebody has, on whatever address, and which sockets (inodes)."""
    return {port: inode for _, port, inode in _rows(kind) if port in ports}


def _sockets(kind: str, port: int) -> Iterator[tuple[str, str]]:
    return ((address, inode) for address, at, inode in _rows(kind) if at == port)


def _rows(kind: str) -> Iterator[tuple[str, int, str]]:
    """Address, port and inode of every socket that is bound, and of TCP's that listen."""
    for table in _TABLES[kind]:
        with suppress(FileNotFoundError):
            for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if kind == "tcp" and fields[3] != _LISTENING:
                    continue
                address, _, port = fields[1].rpartition(":")
                yield _address(address), int(port, 16), fields[9]


def _address(written: str) -> str:
    """From words of 32 bits in the order of this machine's bytes."""
    words = [int(written[at : at + 8], 16) for at in range(0, len(written), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)


def _meets(one: str, other: str) -> bool:
    """Whether sockets at both addresses cannot be beside each other."""
    first, second = ip_address(one), ip_address(other)
    if isinstance(first, IPv6Address) and first.is_unspecified:
        return True  # it takes IPv4 as well, unless it says that it will not
    either = first.is_unspecified or second.is_unspecified
    return first == second or (either and first.version == second.version)


def process(inode: str) -> str:
    """Name and pid of who has that socket open."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for file in (folder / "fd").iterdir():
                with suppress(OSError):
                    if str(file.readlink()) == f"socket:[{inode}]":
                        name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
                        return f"{name} (pid {folder.name})"
    return "another process"
