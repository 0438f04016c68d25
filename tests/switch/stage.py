"""The switch put together in memory: real router, endpoints and registrar; no sockets, packets or waiting.

The time of sip, router and calls is the loop's, and moved (`timeline`). Carriers and phones are real
endpoints on a wire that takes a millisecond and loses what `lose` picks.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast

import httpx

from acd.commands import Command
from acd.events import Event as RouterEvent
from acd.events import SwitchRestarted
from acd.router import Router
from media.aio.plane import MediaPlane
from media.aio.sounds import SoundLibrary
from media.events import PlaybackFinished, PortEvent
from media.playlist import Playlist
from media.port import Play
from media.sound import Sound
from media.spoken.sayings import Saying, sequence
from sip.aio.closing import Closed
from sip.aio.connection_limits import Bounds
from sip.aio.resolver import Found, LookupFailed
from sip.aio.shell import OnWire, SipShell
from sip.aio.tls import TlsFiles
from sip.endpoint import Endpoint
from sip.flow import Flow, Transport
from sip.location import Destination, Server
from switch.access.audit_reader import AuditReader
from switch.access.store import TokenStore
from switch.api.rows import Reloaded
from switch.backend import Running
from switch.calls.flow import Call
from switch.calls.legs.leg import Leg
from switch.calls.returning import CallsReturning
from switch.clock import Clock
from switch.config.addresses import Address as IpAddress
from switch.config.schema import Config
from switch.events.alarms import Alarms
from switch.events.listening import Listeners
from switch.history.entries import CallEnded, Entry
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.history.writer import Writer
from switch.interfaces import Interfaces
from switch.persistence.booking import Booking
from switch.persistence.journal import Journal, JournalProblem
from switch.persistence.logbook import Logbook
from switch.readings import sources
from switch.records import CallRecord
from switch.reloading import apply
from switch.switch import Switch
from switch.trace.ring import Way
from switch.wiring import Books, Surroundings, wire
from tests.peers.switch import Metrics as Scrape
from tests.sip.wire import kind
from tests.switch.far_end import FarEnd
from tests.switch.plane import NotingPlane, NotingPort, heard

OURS = ("192.0.2.1", 5060)
CARRIER = ("192.0.2.10", 5060)
PHONES = {"1001": ("192.0.2.21", 5060), "1002": ("192.0.2.22", 5060)}
SPARE = ("192.0.2.23", 5060)
"""Where a phone of nobody's may stand, `SPARE_PHONE`, where a test configures it."""
SPARE_PHONE = "1003"
NUMBER = "+34911000000"
START_US = 1_800_000_000_000_000
DELAY_S = 0.001
SETTLE_S = 0.05
"""Enough for every message that follows from one, and less than any timer."""

Recorded = TypeVar("Recorded", bound=Entry)
End = TypeVar("End", bound=FarEnd)


def centre(**sections: Any) -> dict[str, Any]:
    """Two agents at two phones, one queue, lines on 600 and 602; sections given replace these."""
    return {
        "sip": {"listen": [f"udp:{OURS[0]}:{OURS[1]}"], "domain": "pbx.example", "t1": "500ms"},
        "trunks": {
            "carrier": {
                "accept_from": [f"{CARRIER[0]}/32"],
                "proxy": f"sip:{CARRIER[0]}:5060",
                "options": "0",
            }
        },
        "phones": {name: {"secret": f"secret of {name}"} for name in PHONES},
        "agents": {
            "ana": {"phone": "1001", "skills": {"support": "5"}},
            "luis": {"phone": "1002", "skills": {"support": "5"}},
        },
        "queues": {"support": {"requires": "support >= 1"}},
        "routes": [
            {"trunk": "carrier", "to": "600", "go": "echo"},
            {"trunk": "carrier", "to": "602", "go": "tone"},
            {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
            {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
            {"phone": "*", "to": ["112"], "go": "trunk:carrier", "emergency": "yes"},
            {"phone": "*", "to": "10??", "go": "phone"},
            {"phone": "*", "to": "0*", "strip": "1", "go": "trunk:carrier"},
        ],
        **sections,
    }


class Shell:
    """What `sip.aio.shell` is to the switch, without sockets."""

    def __init__(self, stage: "Stage") -> None:
        self.on_wire: OnWire | None = None
        self.on_delivered: Callable[[], None] = lambda: None
        self.bounds = Bounds()
        self.open_connections: Counter[Transport] = Counter()
        self.ended_connections: Counter[tuple[Transport, Closed]] = Counter()
        self.truncated = 0
        self._stage = stage
        self._waking = False

    def wake(self) -> None:
        if not self._waking:
            self._waking = True
            self._stage.loop.call_soon(self.flush)

    def flush(self) -> None:
        self._waking = False
        self._stage.flush()

    def flow_to(self, host: str, port: int, transport: str = "udp", name: str | None = None) -> Flow:
        return self._stage.way(host, port)

    def local_address_for(self, remote: str) -> str:
        return OURS[0]

    def wide_flow_to(self, host: str, port: int) -> Flow | None:
        return None

    def peer_names(self, flow: Flow) -> tuple[str, ...]:
        return ()

    async def reload_tls(self, files: TlsFiles) -> None:
        """There are no sockets."""


class Sounds:
    """Every prompt and music, 20 ms long."""

    def __init__(self) -> None:
        self._made: dict[str, Sound] = {}

    def prompt(self, name: str, language: str = "en") -> Sound:
        return self._sound(f"prompt {name}")

    def spoken(self, sayings: Sequence[Saying], language: str) -> tuple[Sound, ...]:
        return tuple(self._sound(f"{language} {name}") for name in sequence(language, sayings))

    def music(self, music_class: str) -> Playlist:
        return Playlist((self._sound(f"music {music_class}"),))

    def _sound(self, name: str) -> Sound:
        return self._made.setdefault(name, Sound.from_pcm(name, bytes(320)))


class History:
    """Keeps what it is told. `works` is whether the database takes it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.works = True
        self.is_migrated = True
        self.on_put: Callable[[Entry], None] = lambda entry: None

    def put(self, entry: Entry) -> None:
        self.on_put(entry)
        self.entries.append(entry)

    async def flush(self, timeout_s: float = 1.0) -> bool:
        return self.works

    def counts(self) -> dict[str, int]:
        return {}

    def spooled_bytes(self) -> int:
        return 0

    def all(self, kind: type[Recorded]) -> list[Recorded]:
        """The entries of a kind, in order."""
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def calls(self) -> list[CallRecord]:
        """The records of ended calls."""
        return [entry.call for entry in self.all(CallEnded)]


class Names:
    """A name server that knows what a test tells it."""

    def __init__(self) -> None:
        self.servers: dict[str, tuple[Server, ...]] = {}
        self.ttl_s = 60.0

    async def locate(self, destination: Destination) -> Found:
        if destination.host not in self.servers:
            raise LookupFailed(destination.host)
        return Found(self.servers[destination.host], self.ttl_s)


class NoInterfaces:
    """No address is this machine's but the one it listens on."""

    def has(self, address: IpAddress) -> bool:
        return str(address) == OURS[0]


async def nobody_there(request: httpx.Request) -> httpx.Response:
    """An outside program that does not run."""
    raise httpx.ConnectError("refused")


class Stage:
    """One switch, its far ends and the wire between them."""

    def __init__(
        self, folder: Path, sections: dict[str, Any] | None = None, router: Router | None = None
    ) -> None:
        """`router` is that of a switch that has crashed, whose logbook is in the folder: calls may return."""
        self.loop = asyncio.get_running_loop()
        self.faults: list[dict[str, Any]] = []
        """What nobody caught."""
        self.loop.set_exception_handler(lambda loop, fault: self.faults.append(fault))
        self.folder = folder
        config = self.config(**(sections or {}))
        self.lose: Callable[[bytes], bool] = lambda data: False
        self.way: Callable[[str, int], Flow] = lambda host, port: Flow("udp", OURS, (host, port))
        """The flow to an address, as the shell would have it."""
        self.program: Callable[[httpx.Request], Coroutine[None, None, httpx.Response]] = nobody_there
        """The outside program that a queue asks."""
        self.set_forward_us = 0
        """How far somebody has set the clock on the wall forward."""
        self.delay_s: Callable[[], float] = lambda: DELAY_S
        self.sent: list[bytes] = []
        self.history = History()
        self.shell = Shell(self)
        self.plane = NotingPlane()
        self.sounds = Sounds()
        self.names = Names()
        self._ends: dict[tuple[str, int], FarEnd] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._flushing = False
        self._first_token = 1 if router is None else 1000 * router.sequence  # no process repeats another's
        self.switch = self._assemble(config, router or Router())
        self.exchange = self.switch.exchange
        self.registry = self.switch.registry
        self.orders = self.switch.orders
        self.staffing = self.switch.staffing
        self.running = Running(self.exchange, self.registry, self.staffing, self._reload, self._drain)
        listeners = Listeners(self.exchange.news.stream)
        self.exchange.metrics.watch(
            sources(self.exchange, listeners, lambda: 0, lambda: self.running.ready, dict)
        )
        self.returning = CallsReturning(self.exchange, self.registry)
        self.survivors = self.logbook.survivors()
        self.may_return: tuple[str, ...] = ()
        if router is not None:
            self.may_return = self.returning.take_up(self.survivors)
            self.exchange.dispatch.post(SwitchRestarted(may_return=self.may_return))
        apply(self.exchange, config, self.staffing, self.switch.identification)
        self.exchange.registrations.start(self.staffing, [])
        self.exchange.trunks.start()
        self.carrier = self.join("+34600111222", CARRIER)

    def _assemble(self, config: Config, router: Router) -> Switch:
        switch = wire(config, self._books(router), self._surroundings())
        switch.exchange.dispatch.start(switch.orders.carry_out)
        return switch

    def _books(self, router: Router) -> Books:
        folder = self.folder / "journal"
        folder.mkdir(exist_ok=True)
        self.journal = NotingJournal(folder, router, self._journal_problem)
        self.logbook = Logbook(folder / "logbook.jsonl", self.loop)
        history = cast(Writer, self.history)
        return Books(
            router=router,
            journal=self.journal,
            clock=Clock(lambda: START_US + round(self.loop.time() * 1e6), self.loop.time),
            history=history,
            alarms=Alarms(lambda: START_US + round(self.loop.time() * 1e6)),
            reader=cast(Reader, None),
            tokens=cast(TokenStore, None),
            audit=cast(AuditReader, None),
            holds=cast(Holds, None),
            logbook=self.logbook,
            booking=Booking(history, self.logbook),
        )

    def _surroundings(self) -> Surroundings:
        tokens = count(self._first_token)
        return Surroundings(
            loop=self.loop,
            shell=lambda *_: cast(SipShell, self.shell),
            plane=cast(MediaPlane, self.plane),
            sounds=cast(SoundLibrary, self.sounds),
            locator=self.names,
            interfaces=cast(Interfaces, NoInterfaces()),
            now=self.loop.time,
            http=httpx.MockTransport(lambda request: self.program(request)),
            wall_us=lambda: START_US + round(self.loop.time() * 1e6) + self.set_forward_us,
            random=Random(7).random,
            token=lambda: f"switch{next(tokens)}",
        )

    def config(self, **sections: Any) -> Config:
        """A configuration of the centre, with other sections."""
        return Config.model_validate({**centre(**sections), "server": {"data_dir": self.folder}})

    async def reload(self, **sections: Any) -> None:
        """Put another configuration in force."""
        apply(self.exchange, self.config(**sections), self.staffing, self.switch.identification)
        await self.settle()

    # Far ends

    def join(self, name: str, address: tuple[str, int], secret: str = "") -> FarEnd:
        """Another far end, at an address."""
        return self.add(FarEnd(self, name, address, OURS, secret))

    def add(self, end: End) -> End:
        """A far end that is made already."""
        self._ends[end.address] = end
        return end

    async def phone(
        self, name: str = "1001", *, registered: bool = True, user_agent: str = "FarEnd"
    ) -> FarEnd:
        """A phone of ours on its desk."""
        address = PHONES.get(name, SPARE)
        end = self.add(FarEnd(self, name, address, OURS, f"secret of {name}", user_agent))
        if registered:
            assert await end.register() == 200
        return end

    def take_over(self, *ends: FarEnd) -> None:
        """Join the far ends of a switch that has crashed to this one, which is the next."""
        for end in ends:
            end.wire = self
            self._ends[end.address] = end

    # Time

    def now(self) -> float:
        return self.loop.time()

    async def settle(self) -> None:
        """Let all that follows at once happen."""
        await asyncio.sleep(SETTLE_S)

    async def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    # The wire

    def moved(self, end: FarEnd) -> None:
        """Carry what a far end has to send, tell it what happened, set its timer."""
        while (events := end.endpoint.events()) or (datagrams := end.endpoint.datagrams()):
            for event in events:
                end.hear(event)
            for data, _ in [] if events else datagrams:
                self.by_hand(end, data)
        self._set_timer(str(end.address), end.endpoint, lambda: self.moved(end))

    def by_hand(self, end: FarEnd, data: bytes) -> None:
        """Carry bytes from a far end to the switch."""
        self.sent.append(data)
        if not self.lose(data):
            self.loop.call_later(self.delay_s(), self._arrive_here, data, end.flow)

    def _arrive_here(self, data: bytes, flow: Flow) -> None:
        ours = flow._replace(local=OURS, remote=flow.local)
        self._shown("in", data, ours)
        self.exchange.endpoint.receive(data, ours, self.now())
        self.flush()

    def _arrive_there(self, data: bytes, flow: Flow) -> None:
        end = self._ends.get(flow.remote)
        if end is not None:
            end.received.append(data)
            if end.takes(data):
                return
            end.endpoint.receive(data, flow._replace(local=flow.remote, remote=OURS), self.now())
            self.moved(end)

    def flush(self) -> None:
        """What the shell does at the end of each turn."""
        if self._flushing:
            return
        self._send_and_deliver()
        self.shell.on_delivered()
        self._send_and_deliver()
        self._set_timer("", self.exchange.endpoint, self.flush)

    def _send_and_deliver(self) -> None:
        self._flushing = True
        endpoint = self.exchange.endpoint
        try:
            while (events := endpoint.events()) or (datagrams := endpoint.datagrams()):
                for event in events:
                    self.switch.sip_event(event)
                for data, flow in [] if events else datagrams:
                    self.sent.append(data)
                    self._shown("out", data, flow)
                    if not self.lose(data):
                        self.loop.call_later(self.delay_s(), self._arrive_there, data, flow)
        finally:
            self._flushing = False

    def _shown(self, way: Way, data: bytes, flow: Flow) -> None:
        if self.shell.on_wire is not None:
            self.shell.on_wire(way, data, flow, self.now())

    def _set_timer(self, name: str, endpoint: Endpoint, then: Callable[[], None]) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
        if (deadline := endpoint.deadline()) is not None:
            self._timers[name] = self.loop.call_at(deadline, self._due, endpoint, then)

    def _due(self, endpoint: Endpoint, then: Callable[[], None]) -> None:
        endpoint.on_deadline(self.now())
        then()

    # What a test asks

    @property
    def call(self) -> Call:
        """The only call in progress."""
        (call,) = self.registry.calls.values()
        return call

    @property
    def posted(self) -> list[RouterEvent]:
        """What the router was told."""
        return self.journal.events

    @property
    def commands(self) -> list[Command]:
        """What it ordered."""
        return self.journal.commands

    def port(self, leg: Leg | None) -> NotingPort:
        """A leg's port, which notes."""
        assert leg is not None
        return cast(NotingPort, leg.port)

    def kinds(self, since: int = 0) -> list[str]:
        """What crossed the wire, both ways: `INVITE`, `200 INVITE`."""
        return [kind(data) for data in self.sent[since:]]

    def heard(self, leg: Leg | None) -> str:
        """What the leg's party hears now."""
        return heard(self.port(leg).source)

    def played(self, leg: Leg | None) -> None:
        """What the leg's party hears comes to its end."""
        port = self.port(leg)
        assert isinstance(port.source, Play), port.source
        self.tell(PlaybackFinished(port, port.source.token))

    def tell(self, event: PortEvent) -> None:
        """Something happens on a port."""
        self.plane.on_event(event)

    def agent(self, name: str = "ana") -> str:
        """An agent's state."""
        return self.running.agent(name).state.value

    def metrics(self) -> Scrape:
        """A scrape."""
        parts = list(self.exchange.metrics.collect())
        headers = dict.fromkeys(part.header for part in parts)
        return Scrape("".join(h + "".join(p.lines for p in parts if p.header == h) for h in headers))

    def assert_nothing_left(self) -> None:
        """No call, leg, port, offer, slot, session or transaction on our side."""
        counts = self.exchange.endpoint.counts()
        assert (counts.transactions, counts.dialogs, counts.sessions) == (0, 0, 0), counts
        assert not self.registry.calls
        assert not self.registry.closing
        assert not self.orders.offerings
        assert not self.plane.open_ports
        assert self.exchange.limits.active("carrier") == 0
        assert not self.logbook.survivors()

    # Ends

    async def close(self) -> None:
        """Stop what still has timers."""
        self.exchange.registrations.stop()
        self.exchange.hours.stop()
        await self.exchange.decisions.close()
        self.exchange.trunks.close()
        self.exchange.dispatch.stop()
        await self.exchange.booking.close()
        for timer in self._timers.values():
            timer.cancel()
        self.logbook.close()
        self.journal.close()
        assert not self.faults, self.faults

    async def _reload(self) -> Reloaded:
        return Reloaded(applied=True)

    def _drain(self) -> None:
        self.exchange.draining = True

    def _journal_problem(self, problem: object) -> None:
        raise AssertionError(problem)


class NotingJournal(Journal):
    """Notes what the router was told and what it ordered."""

    def __init__(self, folder: Path, router: Router, on_problem: Callable[[JournalProblem], None]) -> None:
        super().__init__(folder, router, on_problem)
        self.events: list[RouterEvent] = []
        self.commands: list[Command] = []

    def record(self, event: RouterEvent, commands: Sequence[Command]) -> None:
        super().record(event, commands)
        self.events.append(event)
        self.commands += commands
