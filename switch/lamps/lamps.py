"""Who watches what, and is told when it changes: after the turn of the loop in which it did."""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, Protocol

import structlog

from sip.ids import SubscriptionId
from sip.subscriptions.events import Renewed, Subscribing, SubscriptionEnded, Told
from sip.subscriptions.subscription import News, Terms
from sip.subscriptions.subscriptions import Subscriptions
from sip.syntax.message import Malformed, Request
from switch.lamps.lists import EXTENSION
from switch.lamps.shown import Kind, Shown, Subject
from switch.lamps.watch import KEY_PACKAGES, PACKAGES, Watch
from switch.peers import PhonePeer

TERMS: Final = Terms(least_s=30, default_s=3600, most_s=3600)
"""Phones renew as often as each 30 s; what is asked for longer is cut to an hour."""
MOST_OF_A_PHONE: Final = 200
"""Subscriptions that one phone may have: the largest key extensions have fewer keys."""

TOLD_IN_A_TURN: Final = 20
"""Two milliseconds of work."""
_UNSAVED_DOCUMENTS: Final = 100_000
"""More than a process writes between two renewals: a version may skip, but never return."""


class Facts(Protocol):
    """What lamps have to know of the switch."""

    def subject(self, user: str, package: str) -> Subject | None:
        """Whom the user of a URI means to who subscribes to this package."""
        ...

    def pressed(self, phone: str, body: bytes) -> str:
        """A phone says by a soft key what it wants; the key, or empty where that is not to be known."""
        ...

    def members(self, subject: Subject) -> tuple[Subject, ...]:
        """Those of a list; of anything else it alone."""
        ...

    def shown(self, subject: Subject) -> Shown:
        """All there is to show of one."""
        ...


class Notes(Protocol):
    """Where watches are noted, should the switch be started anew."""

    def lamp_opened(self, lamp: str, saved: dict[str, Any], now_us: int) -> None:
        """One stands."""
        ...

    def lamp_closed(self, lamp: str) -> None:
        """It does not any more."""
        ...

    def take_lamps(self) -> list[tuple[dict[str, Any], int]]:
        """What the former run noted, and when."""
        ...


class Lamps:
    """Every watch. `sip` wakes the endpoint and gives its subscriptions."""

    def __init__(
        self,
        sip: Callable[[], Subscriptions],
        facts: Facts,
        notes: Notes,
        now: Callable[[], float],
        now_us: Callable[[], int],
        domain: Callable[[], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._sip = sip
        self._facts = facts
        self._notes = notes
        self._now = now
        self._now_us = now_us
        self._domain = domain
        self._loop = loop
        self._watches: dict[SubscriptionId, Watch] = {}
        self._of: dict[Subject, dict[SubscriptionId, Watch]] = {}
        self._by_phone: dict[str, int] = {}
        self._phones: dict[SubscriptionId, str] = {}
        self._due: dict[SubscriptionId, Watch] = {}
        self._waking = False
        """The next turn of the loop tells some."""
        self._log = structlog.get_logger("lamps")

    def start(self) -> None:
        """Go on with the watches of the former run: each is told all there is to see."""
        for saved, at_us in self._notes.take_lamps():
            try:
                self._take_up(saved, at_us)
            except (KeyError, TypeError, ValueError) as error:
                self._log.warning(
                    "a lamp of the former run is lost", error=repr(error), phone=saved.get("phone")
                )

    def _take_up(self, saved: dict[str, Any], at_us: int) -> None:
        phone, package = str(saved["phone"]), str(saved["package"])
        entity, version = str(saved["entity"]), int(saved["version"]) + _UNSAVED_DOCUMENTS
        subject = self._facts.subject(str(saved["subject"]), package)
        elapsed_s = (self._now_us() - at_us) / 1e6
        id = self._sip().restore(saved["subscription"], self._now(), elapsed_s, PhonePeer(phone))
        if id is None:
            return
        if subject is None:
            self._sip().end(id, News(reason="noresource"), self._now())
            return
        watch = Watch(id, package, subject, entity, self._domain(), version)
        watch.multipart = bool(saved.get("multipart"))
        self._keep(watch, phone)
        self._note(watch)
        self._make_due(watch)

    # What happens in the switch

    def changed(self, subject: Subject) -> None:
        """Something of it may have to be shown anew."""
        for watch in self._of.get(subject, {}).values():
            self._make_due(watch)

    def agent_changed(self, agent: str) -> None:
        """An agent is in another state: so is, perhaps, the staff of every queue."""
        self.changed(Subject(Kind.AGENT, agent))
        for subject in self._of:
            if subject.kind is Kind.QUEUE:
                self.changed(subject)

    def phone_changed(self, phone: str) -> None:
        """A phone has registered, or is registered no more."""
        self.changed(Subject(Kind.PHONE, phone))

    def keys_changed(self, phone: str) -> None:
        """What its soft keys show may be something else."""
        self.changed(Subject(Kind.KEYS, phone))

    # What subscribers say

    def subscribing(self, event: Subscribing) -> None:
        """Somebody wants to watch: a phone of ours, or he is refused."""
        subscriptions, now = self._sip(), self._now()
        refused = self._refusal(event)
        if refused is not None:
            status, headers = refused
            subscriptions.refuse(event.subscription, status, now, headers=headers)
            return
        subject, entity = self._subject(event), str(event.request.to.uri)
        listed = subject is not None and subject.kind is Kind.LIST
        granted_s = subscriptions.accept(event.subscription, TERMS, now, EXTENSION if listed else "")
        if subject is None or granted_s is None:
            return
        watch = Watch(event.subscription, event.package, subject, entity, self._domain())
        watch.leaving = granted_s == 0
        watch.multipart = _says(event.request, "Accept", "multipart/mixed")
        self._keep(watch, event.peer.name if isinstance(event.peer, PhonePeer) else "")
        self._note(watch)
        self._hear(watch, event.request.body)
        self._tell(watch)

    def renewed(self, event: Renewed) -> None:
        """He wants to know all of it once more."""
        if (watch := self._watches.get(event.subscription)) is not None:
            watch.renew(self._hear(watch, event.body))
            watch.leaving = event.expires_s == 0
            self._note(watch)
            self._make_due(watch)

    def told(self, event: Told) -> None:
        """He has been told; perhaps something happened meanwhile."""
        if (watch := self._watches.get(event.subscription)) is not None:
            watch.telling = False
            if watch.due:
                self._make_due(watch)

    def ended(self, event: SubscriptionEnded) -> None:
        """He does not watch any more."""
        self._forget(event.subscription)

    def configured(self) -> None:
        """Who is who may be new: those who are no more are watched by nobody."""
        for watch in list(self._watches.values()):
            if self._facts.subject(watch.subject.name, watch.package) != watch.subject:
                self._sip().end(watch.id, News(reason="noresource"), self._now())
                self._forget(watch.id)
                continue
            if self._facts.members(watch.subject) != watch.members:
                self._look_away(watch)
                self._look_at(watch)
                watch.renew()
            self._make_due(watch)

    # Inside

    def _refusal(self, event: Subscribing) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        if event.package not in PACKAGES:
            return 489, (("Allow-Events", ", ".join(PACKAGES)),)
        if not isinstance(event.peer, PhonePeer):
            return 403, ()
        if self._by_phone.get(event.peer.name, 0) >= MOST_OF_A_PHONE:
            self._log.warning("too many subscriptions", phone=event.peer.name)
            return 503, (("Retry-After", "60"),)
        subject = self._subject(event)
        if subject is None:
            return 404, ()
        if subject.kind is Kind.LIST and not _says(event.request, "Supported", EXTENSION):
            return 421, (("Require", EXTENSION),)  # RFC 4662 section 4.2
        return (403, ()) if subject.kind is Kind.KEYS and subject.name != event.peer.name else None

    def _subject(self, event: Subscribing) -> Subject | None:
        try:
            return self._facts.subject(event.request.to.uri.user or "", event.package)
        except Malformed:
            return None

    def _hear(self, watch: Watch, body: bytes) -> str:
        """What a phone says beside that it wants to be told."""
        return self._facts.pressed(watch.subject.name, body) if body and watch.package in KEY_PACKAGES else ""

    def _keep(self, watch: Watch, phone: str) -> None:
        self._watches[watch.id] = watch
        self._look_at(watch)
        self._phones[watch.id] = phone
        self._by_phone[phone] = self._by_phone.get(phone, 0) + 1

    def _note(self, watch: Watch) -> None:
        saved = self._sip().saved(watch.id, self._now())
        if saved is not None:
            noted = {
                "subscription": saved,
                "phone": self._phones[watch.id],
                "subject": watch.subject.name,
                "package": watch.package,
                "entity": watch.entity,
                "version": watch.version,
                "multipart": watch.multipart,
            }
            self._notes.lamp_opened(str(watch.id), noted, self._now_us())

    def _forget(self, id: SubscriptionId) -> None:
        watch = self._watches.pop(id, None)
        if watch is None:
            return
        self._due.pop(id, None)
        self._notes.lamp_closed(str(id))
        self._look_away(watch)
        phone = self._phones.pop(id)
        self._by_phone[phone] -= 1
        if not self._by_phone[phone]:
            del self._by_phone[phone]

    def _look_at(self, watch: Watch) -> None:
        watch.members = self._facts.members(watch.subject)
        for subject in watch.members:
            self._of.setdefault(subject, {})[watch.id] = watch

    def _look_away(self, watch: Watch) -> None:
        for subject in watch.members:
            watching = self._of[subject]
            del watching[watch.id]
            if not watching:
                del self._of[subject]

    def _make_due(self, watch: Watch) -> None:
        watch.due = True
        if watch.telling:
            return
        self._due[watch.id] = watch
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._due and not self._waking:
            self._waking = True
            self._loop.call_soon(self._tell_some)

    def _tell_some(self) -> None:
        """A few in each turn of the loop: calls do not wait until the last of many has been told."""
        self._waking = False
        shown: dict[Subject, Shown] = {}
        for watch in [self._due.pop(id) for id in list(islice(self._due, TOLD_IN_A_TURN))]:
            if watch.subject not in shown:
                shown[watch.subject] = self._facts.shown(watch.subject)
            self._tell(watch, shown[watch.subject])
        self._tell_soon()

    def _tell(self, watch: Watch, shown: Shown | None = None) -> None:
        document = watch.document(self._facts.shown(watch.subject) if shown is None else shown)
        watch.due = watch.owes
        if document is not None:
            watch.telling = self._sip().notify(watch.id, *document, self._now())
        if watch.leaving:
            self._forget(watch.id)


def _says(request: Request, header: str, wanted: str) -> bool:
    """Whether a subscriber says that he can read a kind of body, or knows an extension."""
    try:
        said = [value.partition(";")[0].strip().lower() for value in request.headers.all(header)]
    except Malformed:
        return False
    return wanted in said
