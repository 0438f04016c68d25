"""A proxy that forks (RFC 3261 section 16), between one caller and several phones; a wire that knows it."""

from heapq import heappop, heappush
from random import Random

from sip.endpoint import Endpoint
from sip.events import Event, IncomingInvite, Outgoing, SessionId
from sip.flow import Address, Flow
from tests.sip.wire import ALICE, ANSWER, OFFER, endpoint, kind

PHONES = tuple((f"192.0.2.{number}", 5060) for number in (2, 3, 4))


class Forked:
    """Alice's INVITE goes to each phone. What a phone refuses stays with the proxy until nobody is left."""

    def __init__(self, seed: int, loss: float = 0.0, jitter_s: float = 0.0) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.jitter_s = jitter_s
        self.now = 0.0
        self.alice = endpoint("alice")
        self.phones = {address: endpoint(f"phone{address[0][-1]}") for address in PHONES}
        self.heard: list[Event] = []
        self.ringing: dict[Address, SessionId] = {}
        self.told: dict[Address, list[Event]] = {address: [] for address in PHONES}
        self._refused: set[Address] = set()
        self._answered = False
        self._flying: list[tuple[float, int, Address, Address, bytes]] = []
        self._sent = 0
        self.session = self.alice.invite(
            Outgoing(
                "sip:bob@192.0.2.2",
                Flow("udp", ALICE, PHONES[0]),
                "<sip:alice@192.0.2.1>",
                "<sip:bob@192.0.2.2>",
                OFFER,
                supports_reliable=True,
            ),
            self.now,
        )

    def ends(self) -> dict[Address, Endpoint]:
        """Everybody, by address."""
        return {ALICE: self.alice, **self.phones}

    def answer(self, address: Address) -> None:
        """One phone is picked up."""
        self.phones[address].accept(self.ringing[address], ANSWER, self.now)

    def flush(self) -> None:
        """Put on the wire what all have to send and take what all have heard."""
        busy = True
        while busy:
            busy = False
            for address, end in self.ends().items():
                for event in end.events():
                    busy = True
                    self._hear(address, event)
                for data, flow in end.datagrams():
                    busy = True
                    self._send(address, flow.remote, data)

    def _hear(self, address: Address, event: Event) -> None:
        if address == ALICE:
            self.heard.append(event)
            return
        self.told[address].append(event)
        if isinstance(event, IncomingInvite):
            self.ringing[address] = event.session
            reliable = self.random.random() < 0.5
            self.phones[address].progress(event.session, 180, self.now, reliable=reliable)

    def _send(self, source: Address, target: Address, data: bytes) -> None:
        name = kind(data)
        if name in ("INVITE", "CANCEL"):
            for phone in self.phones:
                self._fly(source, phone, data)
        elif name == "ACK" and self._refused == set(self.phones):
            pass  # of the refusal that the proxy has passed on
        elif name.endswith(" INVITE") and name[0] in "3456":
            self._refuse(source, data)
        elif name.endswith(" CANCEL"):
            pass  # the proxy has answered it
        else:
            if name == "200 INVITE":
                self._win(source)
            self._fly(source, target, data)

    def _win(self, winner: Address) -> None:
        """The proxy cancels the other branches (section 16.7 step 10)."""
        if not self._answered:
            self._answered = True
            for phone, session in self.ringing.items():
                if phone != winner:
                    self.phones[phone].reject(session, 487, self.now)

    def _refuse(self, phone: Address, data: bytes) -> None:
        """The proxy acknowledges it, and passes on the last one if nobody has answered."""
        self._refused.add(phone)
        lines = data.decode().split("\r\n")
        kept = [line for line in lines if line.startswith(("Via", "From", "To", "Call-ID"))]
        ack = "\r\n".join(["ACK sip:bob@192.0.2.2 SIP/2.0", *kept, "CSeq: 1 ACK", "", ""])
        self._fly(PHONES[0], phone, ack.encode(), lossy=False)
        if self._refused == set(self.phones) and not self._answered:
            self._fly(phone, ALICE, data, lossy=False)

    def _fly(self, source: Address, target: Address, data: bytes, lossy: bool = True) -> None:
        self._sent += 1
        if lossy and self.random.random() < self.loss:
            return
        when = self.now + 0.01 + self.random.random() * self.jitter_s
        heappush(self._flying, (when, self._sent, source, target, data))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        self.flush()
        while (upcoming := self._next()) is not None and upcoming <= until:
            self.now = max(self.now, upcoming)
            while self._flying and self._flying[0][0] <= self.now:
                _, _, source, target, data = heappop(self._flying)
                at_proxy = source == ALICE or target == ALICE
                seen = PHONES[0] if target == ALICE and at_proxy else source
                self.ends()[target].receive(data, Flow("udp", target, seen), self.now)
                self.flush()
            for end in self.ends().values():
                end.on_deadline(self.now)
            self.flush()
        self.now = until

    def _next(self) -> float | None:
        times = [when for end in self.ends().values() if (when := end.deadline()) is not None]
        return min([*times, self._flying[0][0]]) if self._flying else min(times, default=None)

    def settle(self) -> None:
        """Let time pass until nothing is left to happen."""
        for _ in range(100):
            self.run(100)
            if self._next() is None:
                return
        raise AssertionError("this never ends")

    def assert_nothing_left(self) -> None:
        """No transaction, dialog, session or timer anywhere, and no row missing from any table."""
        for address, end in self.ends().items():
            counts = end.counts()
            left = (counts.transactions, counts.dialogs, counts.sessions, counts.timers)
            assert left == (0, 0, 0, 0), (address, counts)
            assert not end.counters.unexpected, (address, end.counters.unexpected)
