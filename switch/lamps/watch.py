"""One who watches one subject: what he was told last, and what he has to be told next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sip.ids import SubscriptionId
from switch.feature_keys import documents as key_documents
from switch.lamps import documents
from switch.lamps.lists import Resource, resource_list
from switch.lamps.shown import Lit, Shown, ShownDialog, Subject

Document = tuple[str, bytes]
"""Content type and body."""
Write = Callable[["Watch", Shown], Document | None]
"""The next document of a watch; None where it would say nothing new."""


class Watch:
    """A subscription to one package: `telling` while a NOTIFY is under way, `due` while another has to
    follow, `leaving` where that is the last one. `multipart`: the subscriber reads several documents in one
    body; `owes`: he does not, and there are more.
    """

    __slots__ = (
        "_dialogs",
        "_keys",
        "_last",
        "_members",
        "_version",
        "domain",
        "due",
        "entity",
        "id",
        "leaving",
        "members",
        "multipart",
        "owes",
        "package",
        "subject",
        "telling",
    )

    def __init__(
        self, id: SubscriptionId, package: str, subject: Subject, entity: str, domain: str, version: int = 0
    ) -> None:
        """`entity` is the URI of the subject as the subscriber wrote it."""
        self.id = id
        self.package = package
        self.members: tuple[Subject, ...] = (subject,)
        """Of whom he is told: of several, where the subject is a list."""
        self.subject = subject
        self.entity = entity
        self.domain = domain
        self.due = True
        self.telling = False
        self.leaving = False
        self.multipart = False
        self.owes = False
        self._keys: dict[str, bytes] = {}
        self._members: dict[str, Watch] = {}
        """Of a list: what he was told of each."""
        self._version = version
        self._dialogs: dict[str, ShownDialog] | None = None
        self._last = b""

    @property
    def version(self) -> int:
        """Of the next document of a list or of dialogs (RFC 4235 section 4.1: one more each time, from 0)."""
        return self._version

    def renew(self, key: str = "") -> None:
        """All there is to tell has to be told, be it old; of the keys only `key`, where one is named."""
        self._dialogs, self._last, self.due = None, b"", True
        self._members.clear()
        for each in [key] if key else list(self._keys):
            self._keys.pop(each, None)

    def document(self, shown: Shown) -> Document | None:
        """The next NOTIFY; None where nothing is new."""
        self.owes = False
        write = PACKAGES[self.package]
        return write(self, shown) if shown.members is None else self._list(shown.members, write)

    def _list(self, members: Sequence[tuple[str, Shown]], write: Write) -> Document | None:
        """All that are in it to begin with; then those of which there is something new. No member's document
        has a smaller version than one before, for the list has one for each of them.
        """
        full, told = not self._members, []
        for name, shown in members:
            member = self._members.get(name)
            if member is None:
                entity = f"sip:{name}@{self.domain}"
                member = Watch(self.id, self.package, self.subject, entity, self.domain, self._version)
                self._members[name] = member
            document = write(member, shown)
            if document is not None:
                told.append(Resource(member.entity, name, *document))
        if not told and not full:
            return None
        version, self._version = self._version, self._version + 1
        return resource_list(self.entity, version, told, full=full)

    def dialog_info(self, shown: Shown) -> Document | None:
        """All dialogs to begin with; then those that are new, changed or over."""
        now = {dialog.id: dialog for dialog in shown.dialogs}
        before, self._dialogs = self._dialogs, now
        told = list(now.values()) if before is None else _changes(before, now)
        if before is not None and not told:
            return None
        version, self._version = self._version, self._version + 1
        full = before is None
        return documents.DIALOG_INFO, documents.dialog_info(
            self.entity, version, told, self.domain, full=full
        )

    def presence(self, shown: Shown) -> Document | None:
        """Whether it is there."""
        return self._news(documents.PIDF, documents.presence(self.entity, shown))

    def message_summary(self, shown: Shown) -> Document | None:
        """What waits for it."""
        return self._news(documents.MESSAGE_SUMMARY, documents.message_summary(self.entity, shown))

    def feature_events(self, shown: Shown) -> Document | None:
        """Each key that has changed: all in one body, or one after another."""
        if shown.keys is None:
            return None
        now = key_documents.feature_events(shown.keys)
        news = [name for name, document in now.items() if self._keys.get(name) != document]
        told = news if self.multipart else news[:1]
        self.owes = len(told) < len(news) and not self.leaving
        self._keys |= {name: now[name] for name in told}
        if len(told) > 1:
            return key_documents.multipart([now[name] for name in told])
        return (key_documents.FEATURE_EVENT, now[told[0]]) if told else None

    def hoteling(self, shown: Shown) -> Document | None:
        """Who is the phone's guest."""
        if shown.keys is None:
            return None
        return self._news(key_documents.HOTELING_EVENT, key_documents.hoteling_event(shown.keys))

    def _news(self, content_type: str, body: bytes) -> Document | None:
        if body == self._last:
            return None
        self._last = body
        return content_type, body


def _changes(before: Mapping[str, ShownDialog], now: Mapping[str, ShownDialog]) -> list[ShownDialog]:
    over = [replace(dialog, lit=Lit.TERMINATED) for id, dialog in before.items() if id not in now]
    return over + [dialog for id, dialog in now.items() if before.get(id) != dialog]


KEY_PACKAGES: Final[Mapping[str, Write]] = {
    "as-feature-event": Watch.feature_events,
    "x-broadworks-hoteling": Watch.hoteling,
}
"""Those of a phone's own soft keys, by which it also says what it wants."""
PACKAGES: Final[Mapping[str, Write]] = {
    "dialog": Watch.dialog_info,
    "presence": Watch.presence,
    "message-summary": Watch.message_summary,
    **KEY_PACKAGES,
}
"""What can be subscribed to: Event, and who writes what is told."""
