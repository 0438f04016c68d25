"""The configuration as typed values: the attributes are the keys of the file, durations are seconds."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from switch.config import values
from switch.config.values import (
    Advertise,
    Go,
    HangupTarget,
    HostPort,
    Listen,
    Network,
    Overflow,
    Proxy,
    Source,
)

Duration = Annotated[float, BeforeValidator(values.duration), Field(ge=0)]
Positive = Annotated[float, BeforeValidator(values.duration), Field(gt=0)]
Whole = Annotated[int, BeforeValidator(values.whole)]
Flag = Annotated[bool, BeforeValidator(values.flag)]
Share = Annotated[float, BeforeValidator(values.percent), Field(ge=0, le=1)]


class Language(StrEnum):
    """Of prompts and pages."""

    EN = "en"
    ES = "es"


class Codec(StrEnum):
    """G.711 A-law and µ-law, by their names in SDP."""

    PCMA = "PCMA"
    PCMU = "PCMU"


class DidFrom(StrEnum):
    """Where a trunk writes the number that was called."""

    REQUEST_URI = "request-uri"
    TO = "to"
    P_CALLED_PARTY_ID = "p-called-party-id"


class Login(StrEnum):
    """How an agent comes to work."""

    ON_REGISTER = "on-register"


class Answer(StrEnum):
    """What a caller in a queue hears: 200 and music, 183 and music, or the carrier's ringback until an agent answers."""

    AT_ONCE = "at-once"
    EARLY = "early"
    ON_AGENT = "on-agent"


class Strategy(StrEnum):
    """Which of several free agents gets the call."""

    LONGEST_IDLE = "longest-idle"


class OnNoAnswer(StrEnum):
    """What happens to an agent who let it ring."""

    PAUSE = "pause"
    RETRY = "retry"


class OnAgentLost(StrEnum):
    """What happens to a caller whose agent's phone vanished."""

    REQUEUE = "requeue"
    HANGUP = "hangup"


class NoAgents(StrEnum):
    """What happens to a caller while nobody is logged in."""

    WAIT = "wait"
    OVERFLOW = "overflow"


class Section(BaseModel):
    """A mapping of the file: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Server(Section):
    """`server`"""

    data_dir: Path = Path("var")
    """Relative to the working directory; every other path of the file is relative to it."""
    language: Language = Language.EN
    timezone: str = "Europe/Madrid"
    drain_timeout: Duration = 600.0


class Database(Section):
    """`database`"""

    url: str = "sqlite:///centralita.db"
    """An SQLAlchemy URL without a driver; the path of SQLite is relative to `data_dir`."""


class Sip(Section):
    """`sip`"""

    listen: tuple[Annotated[Listen, BeforeValidator(values.listen)], ...] = (
        Listen("udp", "0.0.0.0", 5060),
        Listen("tcp", "0.0.0.0", 5060),
    )
    domain: str = "centralita.example"
    advertise: Advertise = Advertise()
    t1: Positive = 0.5


class Media(Section):
    """`media`"""

    listen: Annotated[str, BeforeValidator(values.address)] = "0.0.0.0"
    advertise: Advertise = Advertise()
    ports: Annotated[range, BeforeValidator(values.ports)] = range(20000, 30000)
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU)
    silence_timeout: Duration = 20.0
    """0 is off."""


class Http(Section):
    """`http`"""

    listen: Annotated[HostPort, BeforeValidator(values.host_port)] = HostPort("127.0.0.1", 8080)


class Trunk(Section):
    """`trunks.NAME`: a carrier"""

    accept_from: tuple[Annotated[Source, BeforeValidator(values.source)], ...] = ()
    proxy: Annotated[Proxy, BeforeValidator(values.proxy)] | None = None
    media_from: tuple[Annotated[Network, BeforeValidator(values.network)], ...] = ()
    did_from: DidFrom = DidFrom.REQUEST_URI
    max_calls: Whole = Field(default=200, ge=0)
    max_cps: Whole = Field(default=50, ge=0)


class Phone(Section):
    """`phones.NAME`: a device; its name is its SIP user"""

    secret: SecretStr = SecretStr("")
    """The digest password; from `secret_file` where that is given."""
    secret_file: str | None = None


class Agent(Section):
    """`agents.NAME`: a person in the ACD role"""

    name: str = ""
    """For people; the key itself where it is left out."""
    phone: str | None = None
    login: Login = Login.ON_REGISTER
    skills: dict[str, Annotated[Whole, Field(ge=0)]] = {}


class ServiceLevel(Section):
    """`queues.NAME.service_level`"""

    target: Share = 0.8
    """From 0 to 1."""
    within: Positive = 20.0
    short_abandon: Duration = 5.0


class Queue(Section):
    """`queues.NAME`"""

    answer: Answer = Answer.AT_ONCE
    strategy: Strategy = Strategy.LONGEST_IDLE
    requires: str | None = None
    """A skill expression (`acd.skills`); None takes every agent."""
    service_level: ServiceLevel = ServiceLevel()
    music: str = "default"
    ring_timeout: Positive = 15.0
    unreachable_after: Positive = 4.0
    retry_busy: Positive = 5.0
    retry_reject: Positive = 10.0
    on_no_answer: OnNoAnswer = OnNoAnswer.PAUSE
    on_agent_lost: OnAgentLost = OnAgentLost.REQUEUE
    wrap_up: Duration = 10.0
    max_wait: Positive = 600.0
    max_waiting: Whole = Field(default=100, ge=0)
    no_agents: NoAgents = NoAgents.WAIT
    overflow: Annotated[Overflow, BeforeValidator(values.overflow)] = HangupTarget()
    caller_display: Annotated[str, BeforeValidator(values.display)] = "{queue} {number}"
    recording_notice: str | None = None
    record: Flag = True


class Route(Section):
    """One of `routes`: calls from `trunk` or `phone` (patterns) to one of `to` (patterns) lead to `go`"""

    trunk: str | None = None
    phone: str | None = None
    to: tuple[str, ...] = ("*",)
    go: Annotated[Go, BeforeValidator(values.go)]
    strip: Whole = Field(default=0, ge=0)
    """So many characters are taken from the front of the number..."""
    prefix: str = ""
    """...and these are put there."""
    priority: Whole = 0
    """Of the call in its queue: larger first."""
    emergency: Flag = False
    transit: Flag = False
    """Allows a call from a trunk to a trunk."""


class Config(Section):
    """The whole file"""

    server: Server = Server()
    database: Database = Database()
    sip: Sip = Sip()
    media: Media = Media()
    http: Http = Http()
    trunks: dict[str, Trunk] = {}
    phones: dict[str, Phone] = {}
    agents: dict[str, Agent] = {}
    queues: dict[str, Queue] = {}
    routes: tuple[Route, ...] = ()

    def path(self, relative: str | Path) -> Path:
        """A path of the file, which is relative to `data_dir`."""
        return self.server.data_dir / relative
