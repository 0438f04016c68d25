"""Two endpoints and a wire between them: time is a number, loss and reordering come from a seed."""

from collections.abc import Callable, Hashable, Iterable
from heapq import heappop, heappush
from random import Random
from typing import Any

from sip.endpoint import Endpoint
from sip.events import Event, Outgoing
from sip.flow import Flow, Transport
from sip.screen import Known, Screen, Verdict
from sip.syntax.message import Malformed, Request

ALICE = ("192.0.2.1", 5060)
BOB = ("192.0.2.2", 5060)
OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\n"
)
ANSWER = (
    b"v=0\r\no=- 2 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\n"
)


class Open:
    """A screen that knows everybody by the host they come from."""

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        return Known(flow.remote[0])

    def same_peer(self, peer: Hashable, flow: Flow) -> bool:
        return False

    def may_return(self, invite: Request, peer: Hashable, flow: Flow) -> bool:
        return False


def tokens(name: str) -> Callable[[], str]:
    """Tokens that tell whose they are: alice1, alice2, ..."""
    count = iter(range(1, 10**9))
    return lambda: f"{name}{next(count)}"


def endpoint(name: str, screen: Screen | None = None, **options: Any) -> Endpoint:
    """An endpoint that advertises the address it listens on."""
    return Endpoint(
        screen or Open(),
        token=tokens(name),
        advertise=lambda flow: flow.local,
        **options,
    )


Lose = Callable[[bytes], bool]


class Wire:
    """Carries datagrams between `alice` and `bob` in `delay_s`, but for those that `lose` picks.

    `jitter_s` reorders; `seed` makes it repeatable. What arrived is in `heard`, in order, as (name, event).
    `react` is the application of both: it is called with each event at once.
    """

    def __init__(
        self,
        seed: int = 0,
        loss: float = 0.0,
        delay_s: float = 0.01,
        jitter_s: float = 0.0,
        transport: Transport = "udp",
        **options: Any,
    ) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.delay_s = delay_s
        self.jitter_s = jitter_s
        self.lose: Lose = lambda data: False
        self.react: Callable[[str, Event], None] = lambda name, event: None
        self.now = 0.0
        self.alice = endpoint("alice", **options)
        self.bob = endpoint("bob", **options)
        connection = 1 if transport == "tcp" else 0
        self.to_bob = Flow(transport, ALICE, BOB, connection)
        self.to_alice = Flow(transport, BOB, ALICE, connection)
        self.heard: list[tuple[str, Event]] = []
        self.sent: list[tuple[float, str, bytes]] = []
        self._flying: list[tuple[float, int, str, bytes]] = []

    def ends(self) -> Iterable[tuple[str, Endpoint]]:
        return (("alice", self.alice), ("bob", self.bob))

    def call(self, sdp: bytes | None = OFFER, **options: Any) -> None:
        """Alice calls Bob."""
        outgoing = Outgoing(
            "sip:bob@192.0.2.2",
            self.to_bob,
            "<sip:alice@192.0.2.1>",
            "<sip:bob@192.0.2.2>",
            sdp,
            peer=BOB[0],
            **options,
        )
        self.alice.invite(outgoing, self.now)

    def events(self, name: str) -> list[Event]:
        """What one of them heard."""
        return [event for heard, event in self.heard if heard == name]

    def methods(self, name: str) -> list[str]:
        """What one of them sent: method, or status and method of CSeq, `200 INVITE`."""
        return [kind(data) for _, who, data in self.sent if who == name]

    def flush(self) -> None:
        """Put on the wire what both have to send and tell what both have heard, until both are quiet."""
        busy = True
        while busy:
            busy = False
            for name, end in self.ends():
                for event in end.events():
                    busy = True
                    self.heard.append((name, event))
                    self.react(name, event)
                for data, flow in end.datagrams():
                    busy = True
                    self._send(name, data, flow)

    def _send(self, name: str, data: bytes, flow: Flow) -> None:
        self.sent.append((self.now, name, data))
        lossy = flow.transport == "udp"
        if lossy and (self.lose(data) or self.random.random() < self.loss):
            return
        delay = self.delay_s + (self.random.random() * self.jitter_s if lossy else 0.0)
        heappush(self._flying, (self.now + delay, len(self.sent), name, data))

    def step(self) -> bool:
        """Move time to the next arrival or deadline; False when nothing will ever happen again."""
        self.flush()
        times = [when for _, end in self.ends() if (when := end.deadline()) is not None]
        if self._flying:
            times.append(self._flying[0][0])
        if not times:
            return False
        self.now = max(self.now, min(times))
        while self._flying and self._flying[0][0] <= self.now:
            _, _, sender, data = heappop(self._flying)
            receiver, flow = (self.bob, self.to_alice) if sender == "alice" else (self.alice, self.to_bob)
            receiver.receive(data, flow, self.now)
            self.flush()
        for _, end in self.ends():
            end.on_deadline(self.now)
        self.flush()
        return True

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        self.flush()
        while (upcoming := self._next()) is not None and upcoming <= until:
            self.step()
        self.now = until

    def _next(self) -> float | None:
        times = [when for _, end in self.ends() if (when := end.deadline()) is not None]
        if self._flying:
            times.append(self._flying[0][0])
        return min(times) if times else None

    def settle(self, most: float = 3600.0) -> None:
        """Let time pass until nothing is left to happen."""
        until = self.now + most
        while self.step():
            assert self.now < until, "this never ends"

    def assert_nothing_left(self) -> None:
        """No transaction, dialog, session or timer, and no row missing from any table."""
        for name, end in self.ends():
            counts = end.counts()
            left = (counts.transactions, counts.dialogs, counts.sessions, counts.timers)
            assert left == (0, 0, 0, 0), (name, counts)
            assert not end.counters.unexpected, (name, end.counters.unexpected)


def kind(data: bytes) -> str:
    """`INVITE` for a request, `200 INVITE` for a response."""
    first, second = data.split(b" ", 2)[:2]
    if first != b"SIP/2.0":
        return first.decode()
    cseq = data.partition(b"\r\nCSeq: ")[2].partition(b"\r\n")[0].decode()
    return f"{second.decode()} {cseq.split()[1]}"
