"""The configuration as typed values: the attributes are the keys of the file, durations are seconds."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from media.progress import Country
from sip.dialogs.secrecy import Policy
from sip.syntax.sdp_crypto import Suite
from switch.config import addresses, targets, values
from switch.config.addresses import HostPort, Listen
from switch.config.choices import Codec, Login, Maker, MusicOrder, MusicStart, Role
from switch.config.desk import Codes, DeskSettings
from switch.config.hours import OfficeHours
from switch.config.logs import Logs
from switch.config.provisioning import Device, Provisioning
from switch.config.queue import Queue
from switch.config.reports import Mail, ScheduledReport
from switch.config.retention import Journal, RetentionAges
from switch.config.routing import Routing
from switch.config.section import (
    Address,
    Count,
    Duration,
    Flag,
    Networks,
    Positive,
    Secret,
    Section,
    Whole,
    Words,
    is_null,
)
from switch.config.targets import Go, Led
from switch.config.toll import PhoneToll
from switch.config.trunk import KeyExchange, Trunk
from switch.config.webhook import Webhook
from switch.language import Language as Language


class Advertise(Section):
    """The address that we write into SIP or SDP: `auto`, an address, or `{public: ADDRESS, local: NETWORKS}`

    Without `public` (`auto`) it is the one the kernel sends from. Peers in `local` see the kernel's even so.
    """

    public: Address | None = None
    local: Networks = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if not isinstance(given, str) or is_null(given):
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
        """What the peer at address `peer` is to see, where the kernel would send to it from `kernel`.

        A public address of the other family is no use to it.
        """
        if self.public is None or (":" in self.public) != (":" in kernel):
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


class Tls(Section):
    """`sip.tls`: PEM files, read again by a reload"""

    certificate: Words
    """Our certificate, with those between it and its root."""
    private_key: Words
    client_ca: Words | None = None
    """Roots of the certificates that peers show us; None asks nobody for one."""
    server_ca: Words | None = None
    """Roots of the certificates of the proxies that we call; None trusts those of this machine."""


class Bans(Section):
    """`sip.bans`: who fails to prove himself is not listened to for a while"""

    failures: Count = 10
    """So many wrong answers to nonces that we sent to that address; 0 bans nobody."""
    within: Positive = 600.0
    lasts: Positive = 3600.0
    never: Networks = ()


class Overload(Section):
    """`sip.overload`: when new calls are refused with 503 before they cost anything"""

    loop_lag: Duration = 0.1
    """The event loop is this late; 0 never refuses."""
    retry_after: Positive = 5.0


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
    session_expires: Duration = 1800.0
    """The session interval that our INVITE asks for and our 200 sets (RFC 4028); 0 is off."""
    tls: Tls | None = None
    connections_per_address: Count = 100
    bans: Bans = Bans()
    overload: Overload = Overload()


class Media(Section):
    """`media`"""

    listen: Address = "0.0.0.0"
    advertise: Advertise = Advertise()
    ports: Annotated[range, BeforeValidator(addresses.ports)] = range(20000, 30000)
    codecs: Annotated[tuple[Codec, ...], AfterValidator(values.some)] = (Codec.PCMA, Codec.PCMU)
    silence_timeout: Duration = 20.0
    """0 is off."""
    srtp_suites: Annotated[tuple[Suite, ...], AfterValidator(values.some)] = tuple(Suite)
    """The preferred one first."""
    srtp_keys_in_clear: Flag = False
    """Whether keys of SRTP are told over UDP and TCP too, where whoever reads them can listen."""
    fork_to: tuple[Words, ...] = ()
    """Hosts, or host:port, of the WebSockets that may hear calls while they happen."""
    tones: Country = Country.ES
    """Whose ringing tone a caller hears where we make it."""


class HttpTls(Section):
    """`http.tls`: PEM files, as those of `sip.tls`, and likewise read again by a reload"""

    certificate: Words
    private_key: Words


class Http(Section):
    """`http`"""

    listen: Annotated[HostPort, BeforeValidator(addresses.host_port)] = HostPort("127.0.0.1", 8080)
    tls: HttpTls | None = None
    tokens_in_clear: Flag = False
    """Whether programs may send their tokens without TLS from elsewhere than this machine."""


class Phone(Section):
    """`phones.NAME`: a device; its name is its SIP user"""

    secret: Secret = SecretStr("")
    """The digest password; from `secret_file` where that is given."""
    secret_file: Words | None = None
    srtp: Policy = Policy.OFFERED
    srtp_keys: KeyExchange = KeyExchange.SDES
    toll: PhoneToll = PhoneToll()
    maker: Maker | None = None
    """None: as the phone itself says when it registers (User-Agent), and a page for people as its file."""
    auto_answer: Flag | None = None
    """Of calls that queues offer to the agent at this phone; None does as the queue says."""
    pickup_group: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several)] = ()
    """Phones that share one may take what rings or talks at each other."""
    provision: Device | None = None
    """What is in its file; None gives it none."""
    max_contacts: Annotated[Count, Field(ge=1, le=20)] = 5
    """Devices that may be registered as this phone at once; they ring together."""
    max_calls: Annotated[Count, Field(ge=1)] | None = None
    """Calls at once, those that ring and its own included: who calls then hears busy. None: as it likes."""


class Agent(Section):
    """`agents.NAME`: a person in the ACD role"""

    name: Words = ""
    """For people; the key itself where it is left out."""
    phone: Words | None = None
    login: Login = Login.ON_REGISTER
    role: Role = Role.AGENT
    language: Language | None = None
    """In which he is spoken to; None: that of the server."""
    number: Words | None = None
    """What he dials to say who he is."""
    pin: Secret = SecretStr("")
    """Digits that prove him at the phone of somebody else; from `pin_file` where that is given. Without one
    nobody can log in there as him.
    """
    pin_file: Words | None = None
    greeting: Words | None = None
    """A prompt, his own voice: he and each caller of his queues hear it before they hear each other."""
    skills: dict[str, Count] = Field(default_factory=dict)


class Music(Section):
    """`music.CLASS`: how the files of `music/CLASS` are played"""

    order: MusicOrder = MusicOrder.BY_NAME
    seed: Count = 0
    """Of the order where it is shuffled: another seed, another order."""
    start: MusicStart = MusicStart.BEGINNING


class Parking(Section):
    """`parking`: where callers wait until a phone dials the number of their slot"""

    slots: Annotated[tuple[Words, ...], BeforeValidator(values.slots)] = ()
    """`701-709`, or a list; none parks nobody."""
    return_after: Positive = 60.0
    """Then the phone that parked him rings, and again each time as long after it did not take him."""
    music: Words = "default"


class Route(Section):
    """One of `routes`: calls from `trunk` or `phone` (patterns) to one of `to` (patterns) lead to `go`"""

    trunk: Words | None = None
    phone: Words | None = None
    to: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several), AfterValidator(values.some)] = (
        "*",
    )
    go: Annotated[Go, BeforeValidator(targets.go)]
    hours: Words | None = None
    """The calendar while which is open the route leads to `go`, and else..."""
    otherwise: Annotated[Led | None, BeforeValidator(targets.led), Field(alias="else")] = None
    """...there; None: the route then matches nothing, and the next one is looked at."""
    strip: Count = 0
    """So many characters are taken from the front of the number..."""
    prefix: Annotated[str, BeforeValidator(values.digits)] = ""
    """...and these are put there."""
    priority: Whole = 0
    """Of the call in its queue: larger first."""
    requires: Words | None = None
    """Skills that the call asks for, beside what its queue does."""
    prefer_agent: Words | None = None
    """Who comes first for the call in its queue."""
    emergency: Flag = False
    transit: Flag = False
    """Allows a call from a trunk to a trunk."""


class Trace(Section):
    """`trace`: the messages of the last calls"""

    calls: Count = 1000
    """So many calls are kept, the oldest goes first; 0 is off."""
    hep: Annotated[HostPort, BeforeValidator(addresses.host_port)] | None = None
    """Copies of all messages go there by UDP (HEP3, for Homer)."""
    hep_id: Annotated[Count, Field(le=0xFFFF_FFFF)] = 2001
    hep_secret: Secret | None = None


class Config(Section):
    """The whole file"""

    server: Server = Server()
    database: Database = Database()
    sip: Sip = Sip()
    media: Media = Media()
    http: Http = Http()
    journal: Journal = Journal()
    retention: RetentionAges = RetentionAges()
    trace: Trace = Trace()
    logs: Logs = Logs()
    desk: DeskSettings = DeskSettings()
    codes: Codes = Codes()
    provisioning: Provisioning = Provisioning()
    routing: Routing = Routing()
    trunks: dict[str, Trunk] = Field(default_factory=dict)
    phones: dict[str, Phone] = Field(default_factory=dict)
    agents: dict[str, Agent] = Field(default_factory=dict)
    queues: dict[str, Queue] = Field(default_factory=dict)
    hours: dict[str, OfficeHours] = Field(default_factory=dict)
    music: dict[str, Music] = Field(default_factory=dict)
    """Classes that are not named here are played as one with the default values."""
    lamp_lists: dict[str, tuple[Words, ...]] = Field(default_factory=dict)
    """Phones, agents and queues that a phone may watch by one subscription."""
    parking: Parking = Parking()
    webhooks: dict[str, Webhook] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    mail: Mail | None = None
    """None: reports are not mailed."""
    reports: tuple[ScheduledReport, ...] = ()

    def language_of(self, agent: str) -> str:
        """In which an agent is spoken to."""
        settings = self.agents.get(agent)
        own = None if settings is None else settings.language
        return (own or self.server.language).value

    def path(self, relative: str | Path) -> Path:
        """A path of the file, which is relative to `data_dir`."""
        return self.server.data_dir / relative
