r"""Orders, events, their rings; generations; threads: ext/engine.pyx, engine_orders.pxd, engine_ring.pxd.

The engine's tests run on a build with bounds checks and AddressSanitizer too:

    CENTRALITA_SANITIZE=1 python setup.py build_ext --inplace --force
    LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 \
        python -m pytest tests/media -k "engine or plane"

Leaks are not looked for: CPython does not free everything at its end. Build again without the variable.
"""

import asyncio
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ext.engine import RingFull, Worker
from ext.sounds import SoundMemory
from media.aio.numbers import PortNumbers
from media.aio.plane import MediaPlane, NoPorts
from media.aio.sockets import bind_port
from media.events import Digit, FirstPacket, Locked, PlaybackFinished, PortClosed
from media.port import Play, Relay, Silence
from media.sound import Sound
from tests.media.stage import HOST, Stage, until
from tests.media.test_engine_digits import press

CALLER = "127.20.0.10"
CLOSED = 6
LISTING = "import os; print(len(os.listdir('/proc/self/fd')))"


def ordered_open(worker: Worker, slot: int, generation: int) -> tuple[int, int, int]:
    found = PortNumbers(range(21300, 21400)).take(lambda number: bind_port(HOST, number))
    assert found is not None
    handed = found[1].detach()
    worker.open(slot, generation, handed, ssrc=1, sequence=2, timestamp=3, cname=b"0" * 24)
    return handed


def told(worker: Worker, count: int) -> list[tuple[int, ...]]:
    events: list[tuple[int, ...]] = []
    while len(events) < count:
        assert select.select([worker.event_fd], [], [], 5)[0], events
        os.eventfd_read(worker.event_fd)
        events += worker.poll()
    return events


def is_open(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").exists()


async def test_orders_wait_for_the_thread_and_their_ring_has_an_end() -> None:
    worker = Worker(4, orders=4)
    for generation in range(4):
        worker.mute(0, generation, True)
    assert worker.order_room() == 0
    with pytest.raises(RingFull):
        worker.mute(0, 9, True)
    worker.start()
    await until(lambda: worker.order_room() == 4)
    ordered_open(worker, 0, 1)
    worker.close(0, 1)
    assert [event[:3] for event in told(worker, 1)] == [(CLOSED, 0, 1)]
    worker.stop()


def test_what_a_full_ring_refuses_is_not_kept() -> None:
    worker = Worker(1, orders=1)
    memory = SoundMemory(bytes(320), bytes(160), bytes(160))
    worker.mute(0, 1, True)
    orders: tuple[Callable[[], None], ...] = (
        lambda: worker.play(0, 1, (memory,), loop=False, token=0),
        lambda: worker.connect(
            0,
            1,
            (bytes(4), 0),
            (bytes(4), 0),
            ((bytes(4), bytes(4)),),
            codec="PCMA",
            payload_type=8,
            receive_type=8,
            send_event=-1,
            receive_event=-1,
            event_rate_hz=8000,
            comfort_noise=False,
            hears_tones=True,
            takes_metrics=True,
            takes_reference_time=True,
            impairment=(93.0, 0.0, 25.1),
            tuning=(False, False, False, 0, 0),
            ptime_ms=20,
        ),
        lambda: worker.record(0, 1, 0, 1, masks_digits=True),
    )
    for order in orders:
        with pytest.raises(RingFull):
            order()
    assert memory.users == 1


def test_orders_that_no_thread_took_give_everything_back() -> None:
    worker = Worker(1)
    memory = SoundMemory(bytes(320), bytes(160), bytes(160))
    handed = ordered_open(worker, 0, 1)
    recording = os.open("/dev/null", os.O_WRONLY)
    worker.record(0, 1, recording, 1, masks_digits=True)
    worker.play(0, 1, (memory,), loop=False, token=0)
    assert memory.users == 2
    del worker
    assert memory.users == 1
    assert not any(is_open(each) for each in (*handed, recording))


def test_orders_for_a_dead_generation_are_ignored() -> None:
    worker = Worker(1)
    worker.start()
    ordered_open(worker, 0, 1)
    worker.close(0, 1)
    told(worker, 1)
    second = ordered_open(worker, 0, 2)
    worker.tone(0, 1, 1000.0, 0.0)
    worker.close(0, 1)
    worker.record(0, 1, os.open("/dev/null", os.O_WRONLY), 77, masks_digits=True)
    assert [event[0:1] + event[4:6] for event in told(worker, 1)] == [(10, 77, 0)]
    assert all(is_open(each) for each in second)
    assert worker.stats(0, 1) is None
    assert worker.stats(0, 2) is not None
    worker.stop()
    assert not any(is_open(each) for each in second)


@pytest.mark.parametrize("slot", [-1, 1, 1 << 20])
def test_a_slot_that_is_not_there(slot: int) -> None:
    worker = Worker(1)
    with pytest.raises(IndexError):
        worker.mute(slot, 1, True)
    with pytest.raises(IndexError):
        worker.relay(0, 1, slot, 1)
    with pytest.raises(IndexError):
        worker.stats(slot, 1)


@pytest.mark.parametrize("sizes", [(0, 4, 4), (4, 3, 4), (4, 4, 0)])
def test_rings_are_powers_of_two(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError):
        Worker(*sizes)


async def test_what_the_event_ring_has_no_room_for_is_reread(tmp_path: Path) -> None:
    """The loop does not get a turn while all this happens; the ring holds two events."""
    plane = MediaPlane(HOST, range(21300, 21310), event_ring=2)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane)
    caller, other = stage.peer(CALLER), stage.peer("127.20.0.11")
    port, playing = plane.open(), plane.open()
    port.connect(caller.media())
    playing.connect(other.media())
    playing.send(Play(Sound.from_pcm("short", bytes(320)), token=5))
    plane.flush()
    caller.meet(port, HOST)
    for _ in range(3):
        caller.send()
    for event in range(10):
        press(caller, event)
    while playing.stats().packets_sent < 1 or port.stats().digits < 10:
        assert select.select([caller.socket], [], [], 0.01) == ([], [], [])
    assert plane.counters().events_merged > 0
    await stage.event(Digit, port, 10)
    await stage.event(PlaybackFinished, playing)
    assert [event.digit for event in stage.told if isinstance(event, Digit)] == list("0123456789")
    assert sorted(set(stage.kinds(port))) == ["Digit", "FirstPacket", "Locked"]
    assert (await stage.event(Locked, port)).address == caller.address
    await stage.event(FirstPacket, port)
    port.close()
    await stage.event(PortClosed, port)
    await stage.close()


async def test_a_full_order_ring_refuses_new_ports_and_keeps_the_orders_of_open_ones() -> None:
    plane = MediaPlane(HOST, range(21300, 21320), order_ring=8)
    stage = Stage(plane)
    caller = stage.peer(CALLER)
    port = plane.open()
    port.connect(caller.media())
    for _ in range(20):
        port.send(Silence())
    port.send(Relay(port))
    with pytest.raises(NoPorts):
        plane.open()
    assert plane.counters().refused == 1
    plane.start(asyncio.get_running_loop())
    await stage.settled()
    caller.meet(port, HOST)
    caller.send(b"\x07" * 160)
    assert (await caller.receive()).payload == b"\x07" * 160
    plane.open()
    await stage.close()


async def test_workers_take_no_signals_and_leak_no_descriptors(stage: Stage) -> None:
    blocked: dict[str, int] = {}
    for task in Path("/proc/self/task").iterdir():
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
        blocked.setdefault(status["Name"], int(status["SigBlk"], 16))
    for name in ("rtp", "recorder"):
        assert blocked[name] >> (signal.SIGTERM - 1) & 1
        assert blocked[name] >> (signal.SIGINT - 1) & 1
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, []) & {signal.SIGTERM}
    stage.plane.open()
    await stage.settled()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTING, close_fds=False, stdout=asyncio.subprocess.PIPE
    )
    listed, _ = await child.communicate()
    assert int(listed) < 8


def threads() -> set[str]:
    """Those of this process now."""
    return {task.name for task in Path("/proc/self/task").iterdir()}


def test_stop_joins_and_may_be_called_twice() -> None:
    worker = Worker(1)
    worker.stop()
    before = threads()
    worker.start()
    worker.start()
    ours = threads() - before
    assert len(ours) == 2
    worker.stop()
    worker.stop()
    assert not ours & threads()


def test_an_idle_worker_sleeps() -> None:
    worker = Worker(1)
    worker.start()
    ordered_open(worker, 0, 1)
    worker.close(0, 1)
    told(worker, 1)
    rtp = next(t for t in Path("/proc/self/task").iterdir() if (t / "comm").read_text() == "rtp\n")

    def switches() -> int:
        status = (rtp / "status").read_text()
        return int(status.split("\nvoluntary_ctxt_switches:\t")[1].split()[0])

    before = switches()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        assert select.select([one], [], [], 0.2) == ([], [], [])
    assert switches() - before <= 1
    worker.stop()
