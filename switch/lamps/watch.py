"""One who watches one subject: what he was told last, and what he has to be told next."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sip.ids import SubscriptionId
from switch.lamps import documents
from switch.lamps.shown import Lit, Shown, ShownDialog, Subject

Document = Callable[["Watch", Shown], bytes | None]
"""The next document of a watch; None where it would say nothing new."""


class Watch:
    """A subscription to one package: `telling` while a NOTIFY is under way, `due` while another has to
    follow, `leaving` where that is the last one.
    """

    __slots__ = (
        "_dialogs",
        "_last",
        "_version",
        "domain",
        "due",
        "entity",
        "id",
        "leaving",
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
        self._version = version
        self._dialogs: dict[str, ShownDialog] | None = None
        self._last = b""

    @property
    def version(self) -> int:
        """Of the next dialog-info document (RFC 4235 section 4.1: one more each time, from 0)."""
        return self._version

    def renew(self) -> None:
        """All there is to tell has to be told, be it old."""
        self._dialogs, self._last, self.due = None, b"", True

    def document(self, shown: Shown) -> tuple[str, bytes] | None:
        """Content type and body of the next NOTIFY; None where nothing is new."""
        content_type, write = PACKAGES[self.package]
        body = write(self, shown)
        return None if body is None else (content_type, body)

    def dialog_info(self, shown: Shown) -> bytes | None:
        """All dialogs to begin with; then those that are new, changed or over."""
        now = {dialog.id: dialog for dialog in shown.dialogs}
        before, self._dialogs = self._dialogs, now
        told = list(now.values()) if before is None else _changes(before, now)
        if before is not None and not told:
            return None
        version, self._version = self._version, self._version + 1
        return documents.dialog_info(self.entity, version, told, self.domain, full=before is None)

    def presence(self, shown: Shown) -> bytes | None:
        """Whether it is there."""
        return self._news(documents.presence(self.entity, shown))

    def message_summary(self, shown: Shown) -> bytes | None:
        """What waits for it."""
        return self._news(documents.message_summary(self.entity, shown))

    def _news(self, body: bytes) -> bytes | None:
        if body == self._last:
            return None
        self._last = body
        return body


def _changes(before: Mapping[str, ShownDialog], now: Mapping[str, ShownDialog]) -> list[ShownDialog]:
    over = [replace(dialog, lit=Lit.TERMINATED) for id, dialog in before.items() if id not in now]
    return over + [dialog for id, dialog in now.items() if before.get(id) != dialog]


PACKAGES: Final[Mapping[str, tuple[str, Document]]] = {
    "dialog": (documents.DIALOG_INFO, Watch.dialog_info),
    "presence": (documents.PIDF, Watch.presence),
    "message-summary": (documents.MESSAGE_SUMMARY, Watch.message_summary),
}
"""What can be subscribed to: Event, content type, and who writes it."""
