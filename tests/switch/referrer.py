"""A phone that transfers: it sends REFER in its calls, and keeps what it is told of each."""

from dataclasses import dataclass, field
from urllib.parse import quote

from sip.dialogs.dialog import Dialog
from sip.events import SessionId
from sip.syntax.message import Request, Response, parse
from sip.syntax.replaces import DialogName
from tests.switch.far_end import FarEnd, Wire


@dataclass
class Referral:
    """One REFER. `status` is that of its answer; `told` what the NOTIFYs said, as numbers."""

    key: tuple[str, int]
    """Its Call-ID and CSeq."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    over: bool = False


class Referrer(FarEnd):
    """`answers` is the status of its responses to NOTIFY."""

    def __init__(
        self, wire: Wire, name: str, address: tuple[str, int], switch: tuple[str, int], secret: str
    ) -> None:
        super().__init__(wire, name, address, switch, secret)
        self.answers = 200
        self.referrals: list[Referral] = []
        self._dialogs: dict[SessionId, Dialog] = {}
        self._names: dict[SessionId, DialogName] = {}

    def remember(self, session: SessionId) -> None:
        """It will write of this session even when it is over."""
        dialog, name = self.endpoint.dialog(session), self.endpoint.name_of(session)
        if dialog is not None:
            self._dialogs[session] = dialog
        if name is not None:
            self._names[session] = name

    def may_refer(self, session: SessionId) -> bool:
        """Whether it knows of a dialog in which it could."""
        return session in self._dialogs

    def may_name(self, session: SessionId) -> bool:
        """Whether Replaces could name it."""
        return session in self._names

    async def refer(
        self, session: SessionId, number: str, replaces: SessionId | None = None, *lines: str
    ) -> Referral:
        """Send on whom it talks to in a session; what has come of it so far."""
        referral = self.send_refer(session, number, replaces, *lines)
        await self.wire.settle()
        return referral

    def send_refer(
        self, session: SessionId, number: str, replaces: SessionId | None = None, *lines: str
    ) -> Referral:
        """The same, without waiting for anything."""
        dialog = self.endpoint.dialog(session) or self._dialogs[session]
        dialog.local_cseq += 1
        target = self._target(number, replaces)
        return self._send(
            f"REFER {dialog.target} SIP/2.0",
            dialog.call_id,
            dialog.local_cseq,
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Refer-To: {target}",
            *lines,
        )

    async def refer_outside(
        self, number: str, *lines: str, target: SessionId | None = None, call_id: str = "outside"
    ) -> Referral:
        """A REFER in no dialog; `target` is the session that Target-Dialog names."""
        if target is not None:
            name = self.endpoint.name_of(target)
            assert name is not None
            tags = f"local-tag={name.local_tag};remote-tag={name.remote_tag}"
            lines = (*lines, f"Target-Dialog: {name.call_id};{tags}")
        referral = self._send(
            f"REFER {self._uri(number)} SIP/2.0",
            call_id,
            1,
            f"From: {self._from()};tag=outside",
            f"To: <{self._uri(number)}>",
            f"Refer-To: {self._target(number, None)}",
            *lines,
        )
        await self.wire.settle()
        return referral

    def takes(self, data: bytes) -> bool:
        """NOTIFYs and the answers to REFERs."""
        if data.startswith(b"NOTIFY "):
            request = parse(data)
            assert isinstance(request, Request)
            self._told(request)
            self.wire.by_hand(self, request.answer(self.answers).encode())
            return True
        message = parse(data) if data.startswith(b"SIP/2.0 ") else None
        if isinstance(message, Response) and message.cseq.method == "REFER":
            for each in self.referrals:
                if each.key == (message.call_id, message.cseq.number):
                    each.status, each.headers = message.status, dict(message.headers)
            return True
        return False

    # Inside

    def _told(self, request: Request) -> None:
        event = request.headers.get("Event") or ""
        number = int(event.partition("id=")[2] or 1)
        for each in self.referrals:
            if each.key == (request.call_id, number):
                each.told.append(int(request.body.split()[1]))
                each.over = (request.headers.get("Subscription-State") or "").startswith("terminated")

    def _target(self, number: str, replaces: SessionId | None) -> str:
        uri = self._uri(number)
        if replaces is None:
            return f"<{uri}>"
        name = self.endpoint.name_of(replaces) or self._names[replaces]
        written = f"{name.call_id};to-tag={name.remote_tag};from-tag={name.local_tag}"
        return f"<{uri}?Replaces={quote(written, safe='')}>"

    def _send(self, first: str, call_id: str, cseq: int, *lines: str) -> Referral:
        host, port = self.address
        head = [
            first,
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-refer-{self.name}-{len(self.referrals)}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} REFER",
            f"Contact: <sip:{self.name}@{host}:{port}>",
            *lines,
            "Content-Length: 0",
        ]
        referral = Referral((call_id, cseq))
        self.referrals.append(referral)
        self.wire.by_hand(self, ("\r\n".join(head) + "\r\n\r\n").encode())
        return referral
