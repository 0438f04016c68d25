"""`go: phone` and `go: trunk:NAME`: one party reaches another; answer, ringing and refusal cross."""

from switch.calls.flow import Call, Flow
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections


def to_phone(name: str, caller: Caller) -> Flow:
    """Ring a phone of ours."""

    async def ring_the_phone(call: Call) -> None:
        await call.dial_phone(name, caller)

    return ring_the_phone


def to_trunk(name: str, number: str, caller: Caller, redirections: Redirections = ()) -> Flow:
    """Call out over a trunk; `redirections` are those of a call that is only passed on."""

    async def call_out(call: Call) -> None:
        await call.dial_trunk(name, number, caller, redirections)

    return call_out
