"""A small contact centre for the tests: its configuration, its phones and its callers."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.peers.phone import Phone, Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

Tell = Callable[[str, Callable[[], str]], None]
"""What the fixture `tell_on_failure` is."""

SECRETS = {"1001": "secret-of-1001", "1002": "secret-of-1002", "1003": "secret-of-1003"}
AGENTS = {"1001": "ana", "1002": "luis", "1003": "marta"}
NUMBER = "+34911000000"


def centre(phones: int = 1, queue: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """Sections for `Switch.running`: phones with an agent each, a queue on NUMBER, lines on 600 and 602."""
    users = list(SECRETS)[:phones]
    return {
        "phones": {user: {"secret": SECRETS[user]} for user in users},
        "agents": {AGENTS[user]: {"phone": user, "skills": {"support": 5}} for user in users},
        "queues": {"support": {"requires": "support >= 1", "wrap_up": "1s", **(queue or {})}},
        "routes": [
            {"trunk": "carrier", "to": "600", "go": "echo"},
            {"trunk": "carrier", "to": "602", "go": "tone"},
            {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
            {"phone": "*", "to": "10??", "go": "phone"},
            {"phone": "*", "to": "0*", "strip": 1, "go": "trunk:carrier"},
        ],
        **sections,
    }


async def desks(stack: AsyncExitStack, switch: Switch, count: int) -> list[Phone]:
    """So many registered phones in one process, each with its agent ready, one after another."""
    phones = await stack.enter_async_context(Phones.running())
    desks = []
    for user in list(SECRETS)[:count]:
        desk = await phones.phone(user, SECRETS[user], switch.sip)
        await desk.register()
        await switch.agent_is(AGENTS[user], "ready")
        desks.append(desk)
    return desks


async def left_over(switch: Switch) -> dict[str, float]:
    """What is alive: transactions, dialogs, calls, recordings, ports."""
    metrics = await switch.metrics()
    names = ("sip_transactions_active", "sip_dialogs_active", "calls_active", "recordings_active")
    alive = {name: metrics.value(f"centralita_{name}") for name in names}
    by_state = metrics.by("centralita_rtp_ports", "state")
    return {**alive, "ports": by_state["open"] + by_state["closing"]}


@asynccontextmanager
async def phone_and_carrier(tell_on_failure: Tell, carrier: Sipp) -> AsyncIterator[tuple[Switch, Phone]]:
    """A registered phone whose calls to 0... go to that SIPp, which is asked for nothing else."""
    proxy = f"sip:{carrier.address}:{carrier.port}"
    trunk = {"accept_from": ["127.0.0.9/32"], "proxy": proxy, "options": 0}
    tell_on_failure("carrier", carrier.story)
    async with Switch.running(**centre(1, trunks={"carrier": trunk})) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        phone = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await phone.register()
        yield switch, phone


def ending(record: dict[str, Any]) -> tuple[str, str, str]:
    """How a call ended: result, reason, by whom."""
    return record["result"], record["reason"], record["ended_by"]
