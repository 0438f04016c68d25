"""Addresses and ports of the loopback network, so that tests run beside each other."""

import contextlib
import random
import socket
import subprocess
from collections.abc import Iterator

PHONES = "127.0.0.1"
"""Where phones live unless a test says otherwise: baresip binds only to addresses that lo really has."""


EVERYWHERE = range(10_000, 20_000)
"""RTP ports of those that listen on all addresses: none else's, whose stray packets they would get."""


def free_port(address: str) -> int:
    """A port of `address` on which nobody listened a moment ago, drawn at random.

    It lies above those of phones' and switches' RTP, and below 32768, where Linux gives clients theirs.
    """
    while not is_free(address, port := random.randint(23_000, 32_767)):
        pass
    return port


def own_address(port: int = 5060) -> str:
    """An address of 127.0.0.0/8 on which nobody listens at `port`, drawn at random for each switch.

    Servers and SIPp may bind to any such address without more ado; see `assigned` for phones.
    """
    while True:
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(2, 254)}"
        if is_free(address, port):
            return address


def is_free(address: str, port: int) -> bool:
    """Whether both a UDP and a TCP socket may have it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(family, kind) as probe:
                probe.bind((address, port))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def assigned(address: str) -> Iterator[str]:
    """Gives lo this address while the context lasts (root only): baresip asks the interfaces for theirs."""
    command = ["ip", "address", "{}", f"{address}/32", "dev", "lo"]
    subprocess.run([word.format("add") for word in command], check=True)
    try:
        yield address
    finally:
        subprocess.run([word.format("del") for word in command], check=True)
