"""One who watches one subject: what he was told last, and what he has to be told next."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sip.ids import SubscriptionId
from switch.feature_keys import documents as key_documents
from switch.lamps import documents
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
        "_version",
        "domain",
        "due",
        "entity",
        "id",
        "leaving",
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
        self.subject = subject
        self.entity = entity
        self.domain = domain
        self.due = True
        self.telling = False
        self.leaving = False
        self.multipart = False
        self.owes = False
        self._keys: dict[str, bytes] = {}
        self._version = version
        self._dialogs: dict[str, ShownDialog] | None = None
        self._last = b""

    @property
    def version(self) -> int:
        """Of the next dialog-info document (RFC 4235 section 4.1: one more each time, from 0)."""
        return self._version

    def renew(self, key: str = "") -> None:
        """All there is to tell has to be told, be it old; of the keys only `key`, where one is named."""
        self._dialogs, self._last, self.due = None, b"", True
        for each in [key] if key else list(self._keys):
            self._keys.pop(each, None)

    def document(self, shown: Shown) -> Document | None:
        """The next NOTIFY; None where nothing is new."""
        self.owes = False
        return PACKAGES[self.package](self, shown)

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
        told = news if self.multipart or self.leaving else news[:1]
        self.owes = len(told) < len(news)
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
