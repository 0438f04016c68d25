"""The `logs` section: how much is written, of what."""

from enum import StrEnum

from pydantic import Field

from switch.config.section import Section


class Level(StrEnum):
    """How much a line matters, the least first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Logger(StrEnum):
    """Who writes lines: `logger` in each of them."""

    ACCESS = "access"
    API = "api"
    AUDIT = "audit"
    BANS = "bans"
    CALL = "call"
    DECISION = "decision"
    DEMO = "demo"
    DESK = "desk"
    DNS = "dns"
    EVENTS = "events"
    FIGURES = "figures"
    HEP = "hep"
    HISTORY = "history"
    JOURNAL = "journal"
    LAMPS = "lamps"
    LEG = "leg"
    LOGBOOK = "logbook"
    PHONE = "phone"
    PROVISIONING = "provisioning"
    RECORDING = "recording"
    REGISTRAR = "registrar"
    REPORTS = "reports"
    RETENTION = "retention"
    ROOM = "room"
    ROUTER = "router"
    SERVER = "server"
    SIP = "sip"
    SOUNDS = "sounds"
    SWEEPER = "sweeper"
    TOLL = "toll"
    TRUNK = "trunk"
    WATCHDOG = "watchdog"
    WEBHOOK = "webhook"


class Logs(Section):
    """`logs`"""

    level: Level = Level.INFO
    """Lines that matter less are not written."""
    levels: dict[Logger, Level] = Field(default_factory=dict)
    """Of loggers for which another one holds."""
