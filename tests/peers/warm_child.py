"""The parent of warm switches: `python -m tests.peers.warm_child LISTENER`, see warm.py.

It imports, listens, and forks for each connection a keeper, which forks the switch, says its process id,
waits for its end and that of its children, and says its exit code. Nothing else runs in it: no thread, no
loop.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, Final

_PR_SET_CHILD_SUBREAPER: Final = 36


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        if (order := next_order(listener)) is None:
            return
    become(**order)
    from switch.cli import main as centralita

    centralita()


def next_order(listener: socket.socket) -> dict[str, Any] | None:
    """What the process that returns from here is to become; None: nothing, its work is done."""
    import switch.cli.app
    import switch.server  # noqa: F401
    from switch.identities.numbers import load_metadata

    load_metadata()  # two hundred and fifty imports
    gc.freeze()  # each switch begins with the collector as clean as this process has it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that is for the switches, and for whoever started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            if os.fork() == 0:
                return keep(connection)
    return None


def keep(connection: socket.socket) -> dict[str, Any] | None:
    """The order, in the process that it is for; None in its keeper, once that has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 2)
    while not data.endswith(b"\n"):
        data += connection.recv(1 << 20)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if (pid := os.fork()) == 0:
        return {**json.loads(data), "descriptors": descriptors}
    for descriptor in descriptors:
        os.close(descriptor)
    connection.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ChildProcessError):
        while True:  # its children write into its folder until they end
            os.wait()
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    return None


def become(arguments: list[str], folder: str, environment: dict[str, str], descriptors: list[int]) -> None:
    """What it would have from being executed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate([os.open(os.devnull, os.O_RDONLY), *descriptors]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["centralita", *arguments]


if __name__ == "__main__":
    main()
