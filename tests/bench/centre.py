"""The contact centre of the signalling benchmark: addresses, agents, workloads, configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

SWITCH: Final = "127.78.0.1"
CALLERS: Final = "127.78.0.2"
AGENTS: Final = "127.78.0.3"
FAR_END: Final = "127.78.0.4"
CROWDED: Final = "127.78.0.5"
"""Where the switch with very many phones listens."""
PORT: Final = 5060

MOST_AGENTS: Final = 2400


@dataclass(frozen=True, slots=True)
class Workload:
    """What is dialled, how long the talk is, and how many agents there are for so many calls a second."""

    name: str
    number: str
    talk_s: float
    agents: Callable[[int], int]
    caller_waits: bool = True
    """Connect ends with the caller's 200; otherwise with the agent's."""


QUEUED: Final = Workload("queued (Q)", "101", 1.5, lambda rate: 3 * rate)
ANSWERED_FIRST: Final = Workload("answered first (A)", "102", 1.0, lambda rate: max(200, 2 * rate), False)
TWO_LEG: Final = Workload("two-leg", "103", 1.5, lambda rate: 0)


def phone(n: int) -> str:
    """The n-th phone, and the user under which it registers."""
    return str(10_000 + n)


def secret(n: int) -> str:
    """Its secret."""
    return f"secret-of-{phone(n)}"


def crowd(phones: int) -> dict[str, Any]:
    """The configuration of a switch with so many phones and nothing else."""
    return {
        "media": {"listen": CROWDED, "ports": "10000-10999"},
        "phones": {phone(n): {"secret": secret(n)} for n in range(phones)},
    }


def sections(agents: int = MOST_AGENTS) -> dict[str, Any]:
    """The configuration: agents enough for every load, limits that no load reaches, nothing recorded."""
    common = {"wrap_up": "0s", "record": False, "on_no_answer": "retry", "max_waiting": 100_000}
    unlimited = {"max_calls": 1_000_000, "max_cps": 1_000_000, "options": "0"}
    return {
        "media": {"listen": SWITCH, "ports": "10000-59999", "silence_timeout": "0s"},
        "trunks": {
            "carrier": {"accept_from": [f"{CALLERS}/32"], "proxy": f"sip:{CALLERS}:{PORT}", **unlimited},
            "far": {"accept_from": [f"{FAR_END}/32"], "proxy": f"sip:{FAR_END}:{PORT}", **unlimited},
        },
        "phones": {phone(n): {"secret": secret(n)} for n in range(agents)},
        "agents": {f"agent-{phone(n)}": {"phone": phone(n)} for n in range(agents)},
        "queues": {
            "on-agent": {"answer": "on-agent", **common},
            "at-once": {"answer": "at-once", **common},
        },
        "routes": [
            {"trunk": "carrier", "to": QUEUED.number, "go": "queue:on-agent"},
            {"trunk": "carrier", "to": ANSWERED_FIRST.number, "go": "queue:at-once"},
            {"trunk": "carrier", "to": TWO_LEG.number, "go": "trunk:far", "transit": True},
        ],
    }
