"""Addresses and ports of the loopback network, so that tests run beside each other."""

import contextlib
import random
import socket
import subprocess
from collections.abc import Iterator

PHONES = "127.0.0.1"
"""Where phones live unless a test says otherwise: baresip binds only to addresses that lo really has."""


def free_port(address: str, kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port of `address` that was free a moment ago."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def own_address(port: int = 5060) -> str:
    """An address of 127.0.0.0/8 on which nobody listens at `port`, drawn at random for each switch.

    Servers and SIPp may bind to any such address without more ado; see `assigned` for phones.
    """
    while True:
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(2, 254)}"
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((address, port))
        except OSError:
            continue
        return address


@contextlib.contextmanager
def assigned(address: str) -> Iterator[str]:
    """Gives lo this address while the context lasts (root only): baresip asks the interfaces for theirs."""
    command = ["ip", "address", "{}", f"{address}/32", "dev", "lo"]
    subprocess.run([word.format("add") for word in command], check=True)
    try:
        yield address
    finally:
        subprocess.run([word.format("del") for word in command], check=True)
