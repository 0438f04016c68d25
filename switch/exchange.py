"""The exchange: what every call, leg and flow needs of the running switch. Holds, decides nothing."""

import asyncio
import errno
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from media.aio.plane import MediaPlane
from media.aio.sounds import SoundLibrary
from media.keying import Fingerprint
from media.port import Play
from sip.aio.shell import SipShell
from sip.dialogs.dialog import Dialog
from sip.endpoint import Endpoint
from sip.flow import Address, Flow
from sip.location import Place
from switch.clock import Clock
from switch.config.schema import Config
from switch.debugging import Debugging
from switch.decisions.decisions import Decisions
from switch.desk.codes import FeatureCodes
from switch.desk.desk import Desk
from switch.dispatch import Dispatch
from switch.events.alarms import Alarms
from switch.events.news import News
from switch.figures.live import Live
from switch.history.reader import Reader
from switch.history.writer import Writer
from switch.hours.hours import Hours
from switch.identities.identities import Identities
from switch.lamps.lamps import Lamps
from switch.limits import Limits
from switch.metrics.metrics import Metrics
from switch.persistence.booking import Booking
from switch.persistence.logbook import Logbook
from switch.preferences import PhonePreferences
from switch.provisioning.service import Provisioning
from switch.records import utc
from switch.registrations import Registrations
from switch.reports.reports import Reports
from switch.routes import Routes
from switch.staffing import Staffing
from switch.toll.guard import TollGuard
from switch.trace.tracing import Tracing
from switch.trunks.trunks import Trunks
from switch.wall.gate import Gate
from switch.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from switch.calls.transfers.parking import Parked


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Exchange:
    """One running switch's parts. A reload replaces `config`, `routes`, `codes` and `sounds`."""

    loop: AbstractEventLoop
    config: Config
    routes: Routes
    hours: Hours
    decisions: Decisions
    endpoint: Endpoint
    shell: SipShell
    plane: MediaPlane
    sounds: SoundLibrary
    dispatch: Dispatch
    registrations: Registrations
    limits: Limits
    history: Writer
    logbook: Logbook
    booking: Booking
    metrics: Metrics
    clock: Clock
    tracing: Tracing
    debugging: Debugging
    trunks: Trunks
    gate: Gate
    lamps: Lamps
    staffing: Staffing
    desk: Desk
    preferences: PhonePreferences
    reports: Reports
    codes: FeatureCodes
    news: News
    alarms: Alarms
    figures: Live
    """Today's."""
    webhooks: Webhooks
    toll: TollGuard = field(default_factory=TollGuard)
    identities: Identities = field(default_factory=Identities)
    provisioning: Provisioning = field(default_factory=Provisioning)
    reader: Reader | None = None
    """Of the history; None where there is none to ask."""
    parked: dict[str, "Parked"] = field(default_factory=dict)
    """Who is parked, by slot."""
    untold: dict[str, list[Dialog]] = field(default_factory=dict)
    """Dialogs that are over, by the phone that may not know it: its connection died with a former run."""
    now: Callable[[], float] = time.monotonic
    """The clock of sip and media: monotonic seconds."""
    draining: bool = False
    in_order: asyncio.Event = field(default_factory=_set)
    """Set unless callers may return, after a crash of ours, who were in line before anybody who comes now."""

    def sip(self) -> Endpoint:
        """The endpoint, for a call from outside of its own events: what it sends goes out in this turn."""
        self.shell.wake()
        return self.endpoint

    def flow_to(self, place: Place) -> Flow:
        """The way to a socket of a peer. Raises OSError or ValueError where there is none."""
        name = place.name if place.transport == "tls" else None
        return self.shell.flow_to(place.address, place.port, place.transport, name)

    def advertised(self, flow: Flow) -> Address:
        """Our address on a flow, as Via and Contact have it."""
        host, port = flow.local
        peer = flow.remote[0]
        kernel = host if host not in ("0.0.0.0", "::") else self.shell.local_address_for(peer)
        return self.config.sip.advertise.towards(peer, kernel), port

    def now_us(self) -> int:
        """The clock of router, records and logs: UTC microseconds."""
        return self.clock.now_us()

    def music(self, music_class: str) -> Play:
        """What somebody is sent who waits from now on."""
        return self.sounds.music(music_class).play(self.now_us() / 1e6)

    def local_time(self) -> datetime:
        """The time of day at `server.timezone`."""
        return utc(self.now_us()).astimezone(ZoneInfo(self.config.server.timezone))

    def fingerprint(self) -> Fingerprint:
        """Of the certificate that peers see in a handshake of DTLS."""
        return self.plane.fingerprint

    def media_address(self, peer: str) -> str:
        """The address that we write into the SDP for `peer`. OSError: our ports have no way there."""
        media = self.config.media
        anywhere = media.listen in ("0.0.0.0", "::")
        bound = self.shell.local_address_for(peer) if anywhere else media.listen
        address = media.advertise.towards(peer, bound)
        if not self.plane.reaches(address):
            raise OSError(errno.EAFNOSUPPORT, f"media ports on {media.listen} do not reach {peer}")
        return address
