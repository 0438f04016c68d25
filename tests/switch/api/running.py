"""A switch in memory for the API to stand on, and the API on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from msgspec import structs
from msgspec.structs import replace

from acd.events import Act, CallAssigned, CallMoved, CallPrioritised, CallPulled, CallWithdrawn
from acd.queue import ClosedReason
from switch.access.admin_token import AdminToken
from switch.access.audit_reader import AuditReader
from switch.access.limits import FAILURES, REQUESTS, Buckets
from switch.access.store import TokenStore
from switch.access.tokens import Tokens
from switch.api.app import create_app
from switch.api.backend import Refused, Unknown
from switch.api.rows import (
    AgentRow,
    BanRow,
    ContactRow,
    Draining,
    ForkRow,
    HoldRow,
    PhoneRow,
    PlaceRow,
    PreferencesRow,
    ProvisioningRow,
    QueueRow,
    Readiness,
    RecordingRow,
    RecordingState,
    Reloaded,
    SupervisionRow,
    SupervisionState,
    TransferRow,
    TrunkRow,
)
from switch.api.services import Services
from switch.calls.supervision import Mode
from switch.config.retention import RetentionAges
from switch.config.schema import Config, Language, Server, Trace
from switch.events.alarms import Alarms
from switch.events.listening import Listeners
from switch.events.stream import Stream
from switch.events.tickets import Tickets
from switch.figures.live import Live
from switch.history.database import connect
from switch.history.entries import CallEnded
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.history.retention import Retention
from switch.history.writer import Writer
from switch.log_levels import Levels
from switch.metrics.metrics import Metrics
from switch.metrics.queue_counts import QueueTarget
from switch.preferences import Preferences
from switch.records import AgentState, CallRecord, OfferRecord, to_us
from switch.reports.reports import Reports
from switch.trace.tracing import Tracing
from switch.webhooks.hook import Around
from switch.webhooks.webhooks import Webhooks
from switch.why.explainer import Explainer
from tests.peers.tables import URL, share_tables
from tests.switch.samples import NOON, answered_call, at, waiting_call
from tests.switch.trace.wire import Wire


class Memory:
    """A Backend with one queue, two agents and one waiting call."""

    def __init__(self) -> None:
        self.calls = {call.id: call for call in (waiting_call(),)}
        self.people = {
            "ana": AgentRow(
                name="ana",
                phone="1001",
                state=AgentState.READY,
                reason=None,
                since=NOON,
                skills={"support": 8},
                call=None,
            ),
            "luis": AgentRow(
                name="luis",
                phone=None,
                state=AgentState.OFFLINE,
                reason=None,
                since=NOON,
                skills={},
                call=None,
            ),
        }
        self.offered: dict[str, OfferRecord] = {}
        self.ready = Readiness(ready=True, detail="ready")
        self.banned = ["203.0.113.66"]
        self.closed: tuple[str, str] | None = None
        self.forked: dict[str, ForkRow] = {}
        self.supervised: SupervisionRow | None = None
        self.wanted = Preferences()
        self.recorded: RecordingState | None = RecordingState.RECORDING
        self.mistakes: tuple[str, ...] = ()
        self.acts: list[Act] = []
        self.standing = PlaceRow(
            call=waiting_call().id,
            queue="support",
            state="waiting",
            priority=0,
            queued_at=NOON,
            entered_at=NOON,
            agent=None,
            ringing=(),
            assigned=None,
            steps=(),
        )

    def readiness(self) -> Readiness:
        return self.ready

    def queues(self) -> Sequence[QueueRow]:
        return [self.queue("support")]

    def close_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        self.queue(name or "support")
        self.closed = (by, why)
        return self.queues()

    def open_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        self.queue(name or "support")
        self.closed = None
        return self.queues()

    def queue(self, name: str) -> QueueRow:
        if name != "support":
            raise Unknown(f"no queue {name!r}")
        states = dict.fromkeys(AgentState, 0)
        for agent in self.people.values():
            states[agent.state] += 1
        return QueueRow(
            name=name,
            waiting=len(self.calls),
            longest_wait_s=3.5,
            agents=states,
            offered=5,
            answered=3,
            abandoned=1,
            service_level=0.75,
            closed=None if self.closed is None else ClosedReason.EMERGENCY,
            closed_by=None if self.closed is None else self.closed[0],
            closed_why=None if self.closed is None else self.closed[1],
        )

    def agents(self) -> Sequence[AgentRow]:
        return list(self.people.values())

    def agent(self, name: str) -> AgentRow:
        if name not in self.people:
            raise Unknown(f"no agent {name!r}")
        return self.people[name]

    def queues_of(self, agent: str) -> Sequence[str]:
        row = self.people.get(agent)
        return () if row is None else tuple(row.skills)

    def set_agent_state(
        self, name: str, state: AgentState, reason: str | None, phone: str | None = None
    ) -> AgentRow:
        before = self.agent(name)
        row = replace(before, state=state, reason=reason, phone=phone or before.phone)
        if row.phone is None and state is AgentState.READY:
            raise Refused(f"{name} is at no phone")
        self.people[name] = row
        return row

    def active_ids(self) -> Sequence[str]:
        return list(self.calls)

    def active_call(self, call: str) -> CallRecord | None:
        return self.calls.get(call)

    def offers(self, call: str) -> Mapping[str, OfferRecord]:
        return self.offered if call in self.calls else {}

    def originate(
        self, phone: str, to: str, *, answers: bool, ring_s: float, variables: Mapping[str, str]
    ) -> CallRecord:
        if phone not in ("1001", "1002"):
            raise Unknown(f"no phone {phone!r}")
        self.originated = (phone, to, answers, ring_s)
        return replace(waiting_call(), variables=dict(variables))

    def hold(self, call: str, on: bool) -> HoldRow:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in progress")
        return HoldRow(call=call, phone="1001", held=on)

    def hangup(self, call: str) -> None:
        if self.calls.pop(call, None) is None:
            raise Unknown(f"no call {call!r} in progress")

    def recording(self, call: str) -> RecordingRow:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in progress")
        if self.recorded is None:
            raise Refused(f"call {call!r} is not being recorded")
        return RecordingRow(call=call, state=self.recorded, path=f"recordings/{call}.wav.part")

    def set_recording(self, call: str, state: RecordingState) -> RecordingRow:
        self.recording(call)
        self.recorded = state
        return self.recording(call)

    def forks(self, call: str) -> Sequence[ForkRow]:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in progress")
        return list(self.forked.values())

    def begin_fork(self, call: str, url: str, rate_hz: int) -> ForkRow:
        self.forks(call)
        if "elsewhere" in url:
            raise Refused("media.fork_to does not name that host")
        row = ForkRow(
            id="1", url=url, rate=rate_hz, state="connecting", frames_sent=0, frames_dropped=0, error=None
        )
        self.forked[row.id] = row
        return row

    def end_fork(self, call: str, fork: str) -> None:
        self.forks(call)
        if self.forked.pop(fork, None) is None:
            raise Unknown(f"call {call!r} has no fork {fork!r}")

    def supervision(self, call: str) -> SupervisionRow:
        if call not in self.calls or self.supervised is None:
            raise Unknown(f"nobody supervises call {call!r}")
        return self.supervised

    async def supervise(self, call: str, phone: str, mode: Mode) -> SupervisionRow:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in progress")
        if phone == "1002":
            raise Refused("phone '1002' is busy")
        self.supervised = SupervisionRow(call=call, phone=phone, mode=mode, state=SupervisionState.RINGING)
        return self.supervised

    def leave(self, call: str) -> None:
        self.supervision(call)
        self.supervised = None

    def transfer(self, call: str, to: str) -> TransferRow:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in progress")
        if to != "1002":
            raise Refused(f"no route of '1001' leads to {to!r}")
        return TransferRow(call=call, by="1001", to=to, target="phone:1002")

    def place(self, call: str) -> PlaceRow:
        if call not in self.calls:
            raise Unknown(f"no call {call!r} in a queue")
        return self.standing

    def act(self, act: Act) -> PlaceRow | None:
        self.acts.append(act)
        before = self.place(act.call)
        match act:
            case CallPrioritised(priority=priority):
                self.standing = replace(before, priority=priority)
            case CallAssigned(agent=agent) if agent not in self.people:
                raise Refused(f"no agent {agent!r}")
            case CallAssigned(agent=agent):
                self.standing = replace(before, assigned=agent)
            case CallPulled(agent=agent):
                self.standing = replace(before, state="offered", agent=agent)
            case CallMoved(queue=queue):
                self.standing = replace(before, queue=queue or before.queue)
            case CallWithdrawn():
                del self.calls[act.call]
                return None
        return self.standing

    def phones(self) -> Sequence[PhoneRow]:
        contact = ContactRow(
            uri="sip:1001@127.0.0.1:5070",
            transport="udp",
            source="127.0.0.1:5070",
            expires_at=at(3600),
            reachable=True,
        )
        return [PhoneRow(name="1001", agent="ana", registered=True, contacts=(contact,))]

    def preferences(self, phone: str) -> PreferencesRow:
        if phone != "1001":
            raise Unknown(f"no phone {phone!r}")
        return PreferencesRow(phone=phone, **structs.asdict(self.wanted))

    def set_preferences(self, phone: str, wanted: Preferences) -> PreferencesRow:
        self.preferences(phone)
        if wanted.always == "nowhere":
            raise Refused("no route leads there")
        self.wanted = wanted
        return self.preferences(phone)

    def provisioning(self, phone: str) -> ProvisioningRow:
        if phone != "1001":
            raise Unknown(f"no phone {phone!r}")
        url = "https://192.0.2.9:8081/provision/secret/"
        return ProvisioningRow(phone=phone, maker="yealink", mac="001565aabbcc", url=url, files=("a.cfg",))

    def trunks(self) -> Sequence[TrunkRow]:
        return [TrunkRow(name="carrier", up=True, calls=1, max_calls=200, proxy="sip:127.0.0.1:5080")]

    def bans(self) -> Sequence[BanRow]:
        return [
            BanRow(address=address, user="1001", failures=10, since=NOON, until=at(3600))
            for address in self.banned
        ]

    def remove_bans(self, address: str) -> None:
        if address not in self.banned:
            raise Unknown(f"{address} is not banned")
        self.banned.remove(address)

    async def reload(self) -> Reloaded:
        return Reloaded(applied=not self.mistakes, errors=self.mistakes)

    def drain(self) -> Draining:
        self.ready = Readiness(ready=False, detail="draining")
        return Draining(calls=len(self.calls))


class Running:
    """The API on a Memory, with a history in SQLite."""

    def __init__(self, services: Services, memory: Memory, writer: Writer, token: str, wire: Wire) -> None:
        self.app = create_app(services, version="0.1.0")
        self.services = services
        self.memory = memory
        self.writer = writer
        self.token = token
        self.wire = wire
        self.tracing = services.tracing
        self.data_dir = services.data_dir

    def client(self, *, token: str | None = "the right one", host: str = "127.0.0.1") -> httpx.AsyncClient:
        """A client without a network; its token is the administrator's unless another or None is given."""
        right = self.token if token == "the right one" else token
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(host, 40000), raise_app_exceptions=False),
            base_url="http://switch",
            headers={"Authorization": f"Bearer {right}"} if right is not None else {},
        )


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Running]:
    """The API with one ended call in its history and one call in progress."""
    share_tables(data_dir)
    engine = connect(URL, data_dir)
    writer = Writer(engine, data_dir, Alarms(lambda: 0), node="test")
    writer.start()
    writer.put(CallEnded(call=answered_call()))
    metrics = Metrics(version="0.1.0", kernels="compiled", now_us=lambda: to_us(NOON))
    metrics.configure({"support": QueueTarget()}, ["carrier"])
    memory = Memory()
    wire = Wire()
    tracing = Tracing(wire, wire.now_us, lambda: wire.now)
    tracing.configure(Trace())
    stream = Stream(lambda: to_us(NOON), asyncio.get_running_loop())
    around = Around(time.monotonic, lambda: to_us(NOON), lambda: 0.5, Alarms(lambda: to_us(NOON)))
    tokens = Tokens(
        AdminToken(data_dir / "admin.token"), TokenStore(engine, node="test"), lambda: datetime.now(UTC)
    )
    await tokens.read()
    tokens.start()
    config = Config(server=Server(data_dir=data_dir))
    reports = Reports(config, lambda: to_us(NOON), writer.flush)
    await reports.start()
    services = Services(
        backend=memory,
        reader=Reader(engine),
        settled=writer.flush,
        metrics=metrics,
        figures=Live(ZoneInfo("Europe/Madrid"), lambda: time.time_ns() // 1000),
        data_dir=data_dir,
        tokens=tokens,
        audit=AuditReader(engine),
        note=writer.put,
        requests=Buckets(REQUESTS, time.monotonic),
        failures=Buckets(FAILURES, time.monotonic),
        tracing=tracing,
        levels=Levels(),
        explainer=Explainer(data_dir / "journal"),
        listeners=Listeners(stream),
        webhooks=Webhooks(stream, around),
        alarms=around.alarms,
        holds=(holds := Holds(engine, node="test")),
        retention=Retention(holds, data_dir, lambda: RetentionAges(calls=365), lambda: NOON),
        tickets=Tickets(time.monotonic),
        reports=reports.jobs,
        language=lambda: Language.EN,
        zone=lambda: "Europe/Madrid",
    )
    token = (data_dir / "admin.token").read_text().strip()
    try:
        yield Running(services, memory, writer, token, wire)
    finally:
        await services.webhooks.close()
        await tokens.close()
        await reports.close()
        await writer.close()
        await engine.dispose()
