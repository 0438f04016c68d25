"""The configuration as typed values: the attributes are the keys of the file, durations are seconds."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from switch.config import addresses, targets, values
from switch.config.addresses import HostPort, Listen, Network, Proxy, Source
from switch.config.targets import Go, HangupTarget, Overflow
from switch.config.values import Text

Words = Annotated[str, BeforeValidator(values.text)]
Duration = Annotated[float, BeforeValidator(values.duration), Field(ge=0)]
Positive = Annotated[float, BeforeValidator(values.duration), Field(gt=0)]
Whole = Annotated[int, BeforeValidator(values.whole)]
Count = Annotated[int, BeforeValidator(values.whole), Field(ge=0)]
Flag = Annotated[bool, BeforeValidator(values.flag)]
Share = Annotated[float, BeforeValidator(values.percent), Field(ge=0, le=1)]
Address = Annotated[str, BeforeValidator(addresses.address)]
Networks = tuple[Annotated[Network, BeforeValidator(addresses.network)], ...]


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
    """What a caller in a queue hears: 200 and music, 183 and music, or the carrier's ringback until an
    agent answers.
    """

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
    """A mapping of the file: unknown keys are errors, values do not change.

    A section, list or optional value whose key stands there with nothing after it counts as left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, given: Any) -> Any:
        if isinstance(given, Text) and given.is_null:
            return {}
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if not (_is_null(value) and cls._may_be_null(key))}

    @classmethod
    def _may_be_null(cls, key: str) -> bool:
        declared = cls.model_fields.get(key)
        if declared is None or declared.is_required():
            return False
        return get_origin(declared.annotation) in (dict, tuple) or NoneType in get_args(declared.annotation)


def _is_null(value: object) -> bool:
    return isinstance(value, Text) and value.is_null


class Advertise(Section):
    """The address that we write into SIP or SDP: `auto`, an address, or `{public: ADDRESS, local: NETWORKS}`

    Without `public` (`auto`) it is the one the kernel sends from. Peers in `local` see the kernel's even so.
    """

    public: Address | None = None
    local: Networks = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if not isinstance(given, str) or _is_null(given):
            return given
        return {} if given == "auto" else {"public": given}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.public is None and self.local:
            raise ValueError("'local' needs 'public' beside it, the address for everyone else")
        if self.public is not None and ip_address(self.public).is_unspecified:
            raise ValueError("0.0.0.0 and :: are no addresses to send to; write auto or the address")
        return self

    def towards(self, peer: str, kernel: str) -> str:
        """What the peer at address `peer` is to see, where the kernel would send to it from `kernel`."""
        if self.public is None:
            return kernel
        return kernel if any(ip_address(peer) in network for network in self.local) else self.public


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(values.text(value))


class Server(Section):
    """`server`"""

    data_dir: Annotated[Path, BeforeValidator(_path)] = Path("var")
    """Relative to the working directory; every other path of the file is relative to it."""
    language: Language = Language.EN
    timezone: Annotated[str, BeforeValidator(values.timezone)] = "Europe/Madrid"
    drain_timeout: Duration = 600.0


class Database(Section):
    """`database`"""

    url: Annotated[str, BeforeValidator(values.database_url)] = "sqlite:///centralita.db"
    """An SQLAlchemy URL without a driver; the path of SQLite is relative to `data_dir`."""


class Sip(Section):
    """`sip`"""

    listen: Annotated[
        tuple[Annotated[Listen, BeforeValidator(addresses.listen)], ...], AfterValidator(values.some)
    ] = (
        Listen("udp", "0.0.0.0", 5060),
        Listen("tcp", "0.0.0.0", 5060),
    )
    domain: Annotated[str, BeforeValidator(values.domain)] = "centralita.example"
    advertise: Advertise = Advertise()
    t1: Positive = 0.5


class Media(Section):
    """`media`"""

    listen: Address = "0.0.0.0"
    advertise: Advertise = Advertise()
    ports: Annotated[range, BeforeValidator(addresses.ports)] = range(20000, 30000)
    codecs: Annotated[
        tuple[Annotated[Codec, BeforeValidator(values.codec)], ...], AfterValidator(values.some)
    ] = (Codec.PCMA, Codec.PCMU)
    silence_timeout: Duration = 20.0
    """0 is off."""


class Http(Section):
    """`http`"""

    listen: Annotated[HostPort, BeforeValidator(addresses.host_port)] = HostPort("127.0.0.1", 8080)


class Trunk(Section):
    """`trunks.NAME`: a carrier"""

    accept_from: tuple[Annotated[Source, BeforeValidator(addresses.source)], ...] = ()
    proxy: Annotated[Proxy, BeforeValidator(addresses.proxy)] | None = None
    media_from: Networks = ()
    did_from: DidFrom = DidFrom.REQUEST_URI
    max_calls: Count = 200
    max_cps: Count = 50


class Phone(Section):
    """`phones.NAME`: a device; its name is its SIP user"""

    secret: Annotated[SecretStr, BeforeValidator(values.secret)] = SecretStr("")
    """The digest password; from `secret_file` where that is given."""
    secret_file: Words | None = None


class Agent(Section):
    """`agents.NAME`: a person in the ACD role"""

    name: Words = ""
    """For people; the key itself where it is left out."""
    phone: Words | None = None
    login: Login = Login.ON_REGISTER
    skills: dict[str, Count] = {}


class ServiceLevel(Section):
    """`queues.NAME.service_level`"""

    target: Share = 0.8
    """From 0 to 1."""
    within: Positive = 20.0
    short_abandon: Duration = 5.0


class Queue(Section):
    """`queues.NAME`"""

    answer: Answer = Answer.AT_ONCE
    strategy: Annotated[Strategy, BeforeValidator(values.strategy)] = Strategy.LONGEST_IDLE
    requires: Words | None = None
    """A skill expression (`acd.skills`); None takes every agent."""
    service_level: ServiceLevel = ServiceLevel()
    music: Words = "default"
    ring_timeout: Positive = 15.0
    unreachable_after: Positive = 4.0
    retry_busy: Positive = 5.0
    retry_reject: Positive = 10.0
    on_no_answer: OnNoAnswer = OnNoAnswer.PAUSE
    on_agent_lost: OnAgentLost = OnAgentLost.REQUEUE
    wrap_up: Duration = 10.0
    max_wait: Positive = 600.0
    max_waiting: Count = 100
    no_agents: NoAgents = NoAgents.WAIT
    overflow: Annotated[Overflow, BeforeValidator(targets.overflow)] = HangupTarget()
    caller_display: Annotated[str, BeforeValidator(values.display)] = "{queue} {number}"
    recording_notice: Words | None = None
    record: Flag = True


def _one_or_several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Route(Section):
    """One of `routes`: calls from `trunk` or `phone` (patterns) to one of `to` (patterns) lead to `go`"""

    trunk: Words | None = None
    phone: Words | None = None
    to: Annotated[tuple[Words, ...], BeforeValidator(_one_or_several), AfterValidator(values.some)] = ("*",)
    go: Annotated[Go, BeforeValidator(targets.go)]
    strip: Count = 0
    """So many characters are taken from the front of the number..."""
    prefix: Annotated[str, BeforeValidator(values.digits)] = ""
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
