"""The transaction layer (RFC 3261 section 17): whose a message is, and the way to the wire."""

from collections.abc import Callable
from hashlib import blake2b

from sip.counters import Counters
from sip.flow import Address, Flow
from sip.syntax.message import Request, Response
from sip.syntax.status import phrase
from sip.transactions.reuse import return_flow
from sip.transactions.timers import Timers
from sip.transactions.transaction import Owner, Timing, Transaction
from sip.transactions.transaction_table import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    Input,
    State,
)
from sip.transactions.writing import BRANCH_COOKIE, NO_BODY, ReplyHead, RequestHead, via_value

MergeKey = tuple[str, str | None, int, str]
"""Call-ID, From tag, CSeq: what copies of one request on several paths share (section 8.2.2.2)."""


class Layer:
    """All transactions of an endpoint. Implements the TransactionHost of `Transaction`."""

    __slots__ = (
        "_waiting", "advertise", "clients", "counters", "merging", "servers", "timers", "timing", "token",
        "wire",
    )  # fmt: skip

    def __init__(
        self,
        token: Callable[[], str],
        advertise: Callable[[Flow], Address],
        timing: Timing,
        timers: Timers,
        counters: Counters,
    ) -> None:
        self.token = token
        self.advertise = advertise
        self.timing = timing
        self.timers = timers
        self.counters = counters
        self.wire: list[tuple[bytes, Flow]] = []
        self.clients: dict[str, Transaction] = {}
        self.servers: dict[str, Transaction] = {}
        self.merging: set[MergeKey] = set()
        self._waiting: dict[Flow, dict[Transaction, None]] = {}
        """Our requests without a final response, by the flow on which they went."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, all alike, made of a fresh token. `limit` is at most 2**32."""
        digest = blake2b(self.token().encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % limit

    def transmit(self, data: bytes, flow: Flow, method: str, status: int) -> None:
        """Put a message on the wire; `status` is 0 for a request."""
        self.counters.messages["out", method, status, flow.transport] += 1
        self.wire.append((data, flow))

    def settled(self, transaction: Transaction) -> None:
        """It has its final response."""
        waiting = self._waiting.get(transaction.flow)
        if waiting is not None:
            waiting.pop(transaction, None)
            if not waiting:
                del self._waiting[transaction.flow]

    def terminated(self, transaction: Transaction) -> None:
        """Forget this transaction."""
        if transaction.serves:
            self.servers.pop(transaction.key, None)
        else:
            self.clients.pop(transaction.key, None)
            self.settled(transaction)
        if transaction.merge_key is not None:
            self.merging.discard(transaction.merge_key)

    # Requests that we send

    def via(self, flow: Flow, branch: str = "") -> str:
        """A Via for a request on this flow, with a fresh branch unless one is given."""
        return via_value(flow, self.advertise(flow), branch or BRANCH_COOKIE + self.token())

    def call(
        self, method: str, head: RequestHead, message: bytes, flow: Flow, owner: Owner | None, now: float
    ) -> Transaction:
        """Send a request in a client transaction of its own. Without an owner nobody hears of it."""
        table = INVITE_CLIENT if method == "INVITE" else NON_INVITE_CLIENT
        transaction = Transaction(table, client_key(branch_of(head.via), method), method, flow, self)
        transaction.owner = owner
        transaction.head = head if method == "INVITE" else None
        self.clients[transaction.key] = transaction
        self._waiting.setdefault(flow, {})[transaction] = None
        transaction.send(message, Input.REQUEST, now)
        return transaction

    def resume(self, head: RequestHead, flow: Flow, owner: Owner) -> Transaction:
        """The client transaction of an INVITE that an earlier process has sent, and that rings."""
        transaction = Transaction(
            INVITE_CLIENT, client_key(branch_of(head.via), "INVITE"), "INVITE", flow, self
        )
        transaction.owner, transaction.head, transaction.state = owner, head, State.PROCEEDING
        self.clients[transaction.key] = transaction
        return transaction

    def cancel(self, invite: Transaction, lines: str, now: float) -> None:
        """Send the CANCEL of an INVITE of ours that has a provisional response and no final one (9.1)."""
        if (head := invite.head) is not None and invite.state is State.PROCEEDING:
            message = head.write("CANCEL", head.to, lines)
            self.call("CANCEL", head, message, invite.flow, None, now)

    def broken(self, flow: Flow, now: float) -> None:
        """Nothing can be sent on this flow: what waits for a response there fails (section 17.1.4)."""
        for transaction in list(self._waiting.get(flow, ())):
            transaction.step(Input.BROKEN, now)

    def client_of(self, response: Response) -> Transaction | None:
        """Section 17.1.3: the branch of the only Via and the method of CSeq; the source is no criterion."""
        vias = response.headers.lines("Via")
        if len(vias) != 1 or "," in vias[0]:
            return None  # section 8.1.3.3: not for us
        branch = branch_of(vias[0]) or response.top_via.branch or ""
        return self.clients.get(client_key(branch, response.cseq.method))

    # Requests that we answer

    def serve(self, request: Request, key: str, flow: Flow, owner: Owner, now: float) -> Transaction:
        """Begin a server transaction; `owner.arrived` is called before this returns. Raises Malformed."""
        table = INVITE_SERVER if request.method == "INVITE" else NON_INVITE_SERVER
        transaction = Transaction(table, key, request.method, flow, self)
        transaction.owner = owner
        transaction.way = return_flow(request.top_via, flow)
        transaction.request = request
        transaction.reply = ReplyHead.of(request, flow)
        if request.to_tag is None:
            transaction.merge_key = merge_key(request)
            self.merging.add(transaction.merge_key)
        self.servers[key] = transaction  # now that all of it has been read
        transaction.step(Input.REQUEST, now)
        return transaction

    def resume_server(self, key: str, flow: Flow, reply: ReplyHead) -> Transaction:
        """The server transaction of an INVITE that an earlier process has left without a final response."""
        transaction = Transaction(INVITE_SERVER, key, "INVITE", flow, self)
        transaction.reply, transaction.state = reply, State.PROCEEDING
        self.servers[key] = transaction
        return transaction

    def answer(
        self,
        transaction: Transaction,
        status: int,
        now: float,
        *,
        tag: str,
        lines: str = NO_BODY,
        body: bytes = b"",
        reason: str | None = None,
    ) -> bytes:
        """Give a server transaction its response; returns what was sent, b"" if it was answered before.

        `lines` are all header lines that the request does not give, those of the body included.
        """
        if transaction.reply is None:
            return b""
        message = transaction.reply.write(status, reason or phrase(status), tag, lines, body)
        transaction.tag = tag
        transaction.send(message, response_input(status), now, status)
        return message

    def is_merged(self, request: Request) -> bool:
        """Whether another copy of this request is being served (section 8.2.2.2)."""
        return request.to_tag is None and merge_key(request) in self.merging


def response_input(status: int) -> Input:
    """Which input of a table a status is."""
    if status < 200:
        return Input.PROVISIONAL
    return Input.SUCCESS if status < 300 else Input.FAILURE


def branch_of(via: str) -> str:
    """The branch of a Via that we wrote and that came back, "" if somebody has rewritten it."""
    return via.partition(";branch=")[2].partition(";")[0].strip()


def client_key(branch: str, method: str) -> str:
    """Section 17.1.3; INVITE and its CANCEL share a branch."""
    return f"{branch} {method}"


def server_key(request: Request, method: str) -> str:
    """Section 17.2.3: branch, sent-by and method; without the magic cookie what RFC 2543 compares.

    `method` is INVITE for an ACK, and the INVITE that a CANCEL names (section 9.2).
    """
    via = request.top_via
    if not is_rfc_2543(request):
        return f"{via.branch} {via.sent_by} {method}"
    return f"{request.call_id} {request.from_tag} {request.cseq.number} {via} {method}"


def is_rfc_2543(request: Request) -> bool:
    """Whether the branch names no transaction: no magic cookie, or nothing behind it (RFC 4475 3.2.1)."""
    branch = request.top_via.branch or ""
    return not branch.startswith(BRANCH_COOKIE) or branch == BRANCH_COOKIE


def merge_key(request: Request) -> MergeKey:
    """What copies of one request share."""
    return request.call_id, request.from_tag, request.cseq.number, request.method


def awaits_ack(transaction: Transaction) -> bool:
    """Whether an ACK that names this INVITE ends its transaction; the ACK of a 2xx is its dialog's."""
    return transaction.state in (State.COMPLETED, State.CONFIRMED)
