"""Calls between SIPps: a carrier calls through the switch, another is called, each by a scenario of its own.

The addresses are the process's own.
"""

from html import escape
from typing import Any

from sip.syntax.message import Request
from tests.e2e.centre import Tell, centre, left_over
from tests.e2e.test_stir_shaken import Signing
from tests.peers import ports
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

NEAR, FAR, MOVED, SIGNING = (ports.own_address() for _ in range(4))
TO = {
    "far": "9600",
    "streaming": "96000",
    "insisting": "96100",
    "proving": "96200",
    "full": "96300",
    "failing": "96400",
    "relaying": "96500",
    "informed": "96600",
    "moved": "97600",
    "national": "+34922000000",
    "asserting": "+34922000001",
    "trusted": "+34922000002",
    "told": "+34922000003",
    "signed": "+34922000004",
}
"""Whom to dial for the carrier at FAR as each trunk has it."""
PROOF = {"user": "us", "secret": "s3cret"}


def sections(signatures: Signing) -> dict[str, Any]:
    """NEAR and SIGNING call through us; FAR is called, and calls too."""
    far = {"proxy": f"sip:{FAR}", "options": 0}
    asserting = {"header": "p-asserted-identity"}
    spanish = {"country": "ES", "inbound": "e164"}
    targets = [{"uri": f"sip:{address}", "priority": n} for n, address in enumerate((FAR, MOVED))]
    trunks = {
        "near": {"accept_from": [f"{NEAR}/32"], "caller_id": {"trust": True}},
        "signing": {
            "accept_from": [f"{SIGNING}/32"],
            "stir": {"verify": {**signatures.verify, "on_failure": "reject"}},
        },
        "far": {**far, "accept_from": [f"{FAR}/32"], "numbers": spanish},
        "streaming": {"proxy": f"sip:{FAR};transport=tcp"},
        "insisting": {**far, "prack": "required"},
        "proving": {**far, "credentials": PROOF},
        "failing": {"targets": targets, "options": 0},
        "relaying": {**far, "dtmf": "info-relay"},
        "informed": {**far, "dtmf": "info"},
        "national": {**far, "numbers": {"country": "ES", "outbound": "national"}},
        "asserting": {**far, "caller_id": asserting},
        "trusted": {**far, "caller_id": {**asserting, "trust": True}},
        "told": {**far, "caller_id": {"redirection": "history-info"}},
        "signed": {**far, "stir": {"sign": signatures.sign}},
        "moved": {"proxy": f"sip:{MOVED}"},
        "known": {"accept_digest": {"user": "known", "secret": "s3cret"}},
        "full": {"proxy": f"sip:{MOVED}", "max_calls": 0},
    }
    routes = [
        *({"trunk": "near", "to": number, "go": f"trunk:{it}", "transit": True} for it, number in TO.items()),
        {"trunk": "signing", "to": "*", "go": "echo"},
        {"trunk": "far", "to": "*", "go": "trunk:moved", "transit": True},
        {"trunk": "*", "to": "600", "go": "echo"},
    ]
    media = {"silence_timeout": "0"}
    return centre(1, sip={"t1": "50ms"}, media=media, trunks=trunks, routes=routes)


async def between(
    switch: Switch, tell: Tell, caller: str, callee: str, *, trunk: str = "far", **values: Any
) -> tuple[Sipp, Sipp]:
    """A call of one scenario that the other takes; both are content, and nothing goes on in the switch."""
    tell("switch", switch.story)
    given = {"switch": switch.sip, "number": TO[trunk], "talk_ms": 100, "ring_ms": 50, **PROOF, **values}
    async with Sipp.running(callee, address=FAR, **given) as far:
        tell("callee", far.story)
        async with Sipp.running(caller, target=switch.sip, address=NEAR, **given) as near:
            tell("caller", near.story)
            assert (await near.finished()).failed == 0
            assert (await far.finished()).failed == 0
    await calm(switch)
    return near, far


async def alone(
    switch: Switch, tell: Tell, scenario: str, number: str, *, address: str = NEAR, **values: Any
) -> Sipp:
    """A call of one scenario that the switch itself takes, or refuses."""
    tell("switch", switch.story)
    given = {"number": number, "talk_ms": 100, **PROOF, **values}
    async with Sipp.running(scenario, target=switch.sip, address=address, **given) as near:
        tell("caller", near.story)
        assert (await near.finished(timeout_s=90.0)).failed == 0
    await calm(switch)
    return near


async def calm(switch: Switch) -> None:
    """Of the calls nothing is left but transactions that wait for late messages."""

    async def left() -> dict[str, float]:
        return {
            name: value for name, value in (await left_over(switch)).items() if "transactions" not in name
        }

    await switch.until(left, lambda left: not any(left.values()))


def told(header: str, pattern: str) -> str:
    """SIPp's action that wants the INVITE to have such a header; with no pattern, to have none of that name.

    Without a header the pattern is looked for in the whole message.
    """
    where = f'search_in="hdr" header="{header}:"' if header else 'search_in="msg"'
    check = 'check_it="true"' if pattern else 'check_it_inverse="true"'
    return f'<ereg regexp="{escape(pattern or ".+")}" {where} {check} assign_to="seen"/>'


def different(sipp: Sipp, method: str) -> list[Request]:
    """The requests of that method that came, repetitions left out."""
    by_cseq = {request.cseq.number: request for request in sipp.heard(method)}
    return list(by_cseq.values())
