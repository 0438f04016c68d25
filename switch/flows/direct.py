"""`go: phone` and `go: trunk:NAME`: one party reaches another; answer, ringing and refusal cross."""

from switch.calls.flow import Call, Flow
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections


def to_phone(name: str, caller: Caller) -> Flow:
    """Ring a phone of ours."""

    async def ring_the_phone(call: Call) -> None:
        await call.dial_phone(name, caller)

    return ring_the_phone


def to_trunk(name: str, number: str, caller: Caller, way: Redirections = ()) -> Flow:
    """Call out over a trunk; `way` is how the call came here, where it is only passed on."""

    async def call_out(call: Call) -> None:
        await call.dial_trunk(name, number, caller, way)

    return call_out
