"""A phone's side of a dialog (RFC 3261 section 12), and what is in it: a call or a lamp."""

import secrets
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from sip.syntax.message import Request, Response


@dataclass
class Dialog:
    """`local` and `remote` are From and To as our requests have them; `target` is their Request-URI."""

    local: str
    remote: str
    target: str
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    tag: str = field(default_factory=lambda: secrets.token_hex(5))
    cseq: int = 0

    @classmethod
    def answering(cls, request: Request) -> "Dialog":
        """Of a request that came."""
        remote, local = request.headers.get("From") or "", request.headers.get("To") or ""
        dialog = cls(local, remote, "", request.call_id)
        dialog.aim(request)
        return dialog

    @property
    def from_(self) -> str:
        """Ours, with its tag."""
        return f"{self.local};tag={self.tag}"

    @property
    def name(self) -> str:
        """As a Replaces header for the other side has it (RFC 3891 section 6.1)."""
        theirs = self.remote.partition(";tag=")[2].partition(";")[0]
        return f"{self.call_id};to-tag={theirs};from-tag={self.tag}"

    @property
    def escaped_name(self) -> str:
        """The same in a URI (RFC 3261 section 19.1.1)."""
        return quote(self.name, safe="")

    def met(self, response: Response) -> None:
        """The other side has said who it is."""
        if response.to_tag is not None:
            self.remote = response.headers.get("To") or self.remote
            self.aim(response)

    def aim(self, message: Request | Response) -> None:
        """At the Contact of a message that has one."""
        contacts = message.contacts
        if isinstance(contacts, list) and contacts:
            self.target = str(contacts[0].uri)


class Party(Protocol):
    """What is in a dialog."""

    dialog: Dialog

    def take(self, request: Request) -> None:
        """A request in it that came for the first time."""
        ...
