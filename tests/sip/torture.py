"""What a torture test is: a message, and all that the endpoint does about it."""

from dataclasses import dataclass

from sip.syntax.malformed import Fault
from tests.sip.raw import Peer

BRANCH = "z9hG4bKkdjuw"
DEFAULTS = {
    "Via": f"SIP/2.0/UDP 192.0.2.15;branch={BRANCH}",
    "Max-Forwards": "70",
    "From": "<sip:caller@example.com>;tag=1",
    "To": "sip:callee@example.com",
    "Call-ID": "torture@192.0.2.15",
}
SDP = (
    "v=0\r\no=- 29739 7272939 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n"
    "m=audio 49217 RTP/AVP 0 12\r\n"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the endpoint answers at once, tells the application, and counts as a fault.

    `heard` is the name of the event, "" for none.
    """

    answers: tuple[int, ...] = ()
    heard: str = ""
    fault: Fault | None = None


INVITED = Verdict((), "IncomingInvite")
ASKED = Verdict((), "IncomingRequest")
DROPPED = Verdict()


def refused(status: int) -> Verdict:
    """Well formed, and refused by the endpoint itself."""
    return Verdict((status,))


def malformed(fault: Fault, status: int = 400) -> Verdict:
    """A fault of the sender of a request, who is told."""
    return Verdict((status,), "", fault)


def unreadable(fault: Fault) -> Verdict:
    """A fault in a response: nobody can be told."""
    return Verdict((), "", fault)


def build(
    start: str = "OPTIONS sip:callee@example.com SIP/2.0", body: str = "", **changes: str | None
) -> bytes:
    """A message whose headers are the defaults with `changes` (`Call_ID` for Call-ID, None to leave out).

    CSeq has the method of the start line; INVITE and REGISTER get a Contact unless `Contact` is given.
    """
    method = start.split(" ")[0]
    fields: dict[str, str | None] = {**DEFAULTS, "CSeq": f"1 {method}"}
    if method in ("INVITE", "REGISTER"):
        fields["Contact"] = "<sip:caller@192.0.2.15>"
    if body:
        fields["Content-Type"] = "application/sdp"
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [start, *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def judge(data: bytes, peer: Peer | None = None) -> Verdict:
    """What an endpoint does that has never heard of the sender's dialogs, and knows the sender."""
    peer = peer or Peer()
    peer.endpoint.receive(data, peer.flow, peer.now)
    answers = [answer for answer, _ in peer.endpoint.datagrams()]
    assert all(answer.startswith(b"SIP/2.0 ") and b"\0" not in answer for answer in answers)
    heard = [type(event).__name__ for event in peer.events()]
    faults = [fault for (_, fault), count in peer.endpoint.counters.parse_errors.items() if count]
    assert len(heard) <= 1
    assert len(faults) <= 1
    statuses = tuple(int(answer[8:11]) for answer in answers)
    return Verdict(statuses, heard[0] if heard else "", faults[0] if faults else None)
