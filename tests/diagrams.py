"""Draws every state machine from its table: `python -m tests.diagrams` writes the page in docs/reference."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from acd import offer, queued_call
from sip.accounts import registration as registering
from sip.dialogs import early, renegotiation, session_table, session_timer
from sip.dialogs import reliable_provisional as reliable
from sip.subscriptions import subscription_table
from sip.transactions import transaction_table
from switch.calls import offering
from switch.decisions import breaker
from switch.trunks import health

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "state-machines.md"

_HEAD = """# State machines

Drawn from the tables by `python -m tests.diagrams`; a test fails when this page is older than they are.
An arrow carries what happens and, after the stroke, what is done, in order. What is expected in a state and
changes nothing there has no arrow. Timers are named by what they wait for.
"""


class Drawing(NamedTuple):
    """One machine: where its table stands, its states' first ones, and the rows."""

    title: str
    source: str
    firsts: tuple[Any, ...]
    table: Mapping[Any, Any]


def drawings() -> Iterator[Drawing]:
    """All machines, those of the protocol first."""
    for name, table in transaction_table.TABLES.items():
        title = f"Transaction: {name} (RFC 3261 section 17, RFC 6026)"
        yield Drawing(
            title, "sip/transactions/transaction_table.py", (transaction_table.State.INITIAL,), table
        )
    for state, side in ((session_table.State.CALLING, "caller"), (session_table.State.INCOMING, "callee")):
        title = f"Session, as the {side} (RFC 3261 sections 9, 13, 14 and 15)"
        yield Drawing(
            title, "sip/dialogs/session_table.py", (state,), _reachable(session_table.SESSION, state)
        )
    yield from (
        Drawing(title, f"{module.__name__.replace('.', '/')}.py", (next(iter(module.State)),), table)
        for title, module, table in (
            ("Early dialog of a call of ours (RFC 3262)", early, early.EARLY),
            ("Reliable responses to a call of theirs (RFC 3262)", reliable, reliable.RELIABLE),
            (
                "Our offers in a dialog (RFC 3261 section 14, RFC 3311)",
                renegotiation,
                renegotiation.RENEGOTIATION,
            ),
            (
                "Subscription of a peer (RFC 6665 section 4.2)",
                subscription_table,
                subscription_table.SUBSCRIPTION,
            ),
            ("Session timer (RFC 4028)", session_timer, session_timer.REFRESH),
            ("Registration with a carrier (RFC 3261 section 10)", registering, registering.REGISTRATION),
        )
    )
    yield Drawing("Offer of a call to an agent", "acd/offer.py", (offer.OfferState.INVITED,), offer.TABLE)
    yield Drawing(
        "Call in a queue", "acd/queued_call.py", (queued_call.CallState.ENTERING,), queued_call.TABLE
    )
    rows = {pair: (following, ()) for pair, following in health.HEALTH.items()}
    yield Drawing("Health of a target of a trunk", "switch/trunks/health.py", (health.UP,), rows)
    asked = {pair: (following, ()) for pair, (following, _) in breaker.BREAKER.items()}
    yield Drawing(
        "Whether a queue's outside program is asked",
        "switch/decisions/breaker.py",
        (breaker.State.ASKED,),
        asked,
    )
    first = offering.State.INVITED
    yield Drawing("Ringing of an offer", "switch/calls/offering.py", (first,), offering.OFFERING)


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(drawing) for drawing in drawings())])


def _section(drawing: Drawing) -> str:
    lines = [f"## {drawing.title}", "", f"The table is in [{drawing.source}](../../{drawing.source}).", ""]
    return "\n".join([*lines, "```mermaid", *_diagram(drawing), "```", ""])


def _diagram(drawing: Drawing) -> Iterator[str]:
    yield "stateDiagram-v2"
    states = dict.fromkeys(state for pair in _arrows(drawing.table) for state in pair)
    yield from (f'    state "{_words(state)}" as {_name(state)}' for state in states)
    yield from (f"    [*] --> {_name(state)}" for state in drawing.firsts)
    for (before, after), labels in _arrows(drawing.table).items():
        yield f"    {_name(before)} --> {_name(after)} : {'<br>'.join(labels)}"
    for state in states:
        if not any(before is state and after is not state for before, after in _arrows(drawing.table)):
            yield f"    {_name(state)} --> [*]"


def _arrows(table: Mapping[Any, Any]) -> dict[tuple[Any, Any], list[str]]:
    """What leads from one state to another, each with its actions."""
    arrows: dict[tuple[Any, Any], list[str]] = {}
    for (state, event), (following, *_, actions) in table.items():
        if following is not state or actions:
            done = f" / {', '.join(map(_words, actions))}" if actions else ""
            arrows.setdefault((state, following), []).append(_words(event) + done)
    return arrows


def _reachable(table: Mapping[Any, Any], first: Any) -> Mapping[Any, Any]:
    """The rows that matter to who begins there."""
    known, todo = {first}, [first]
    while todo:
        state = todo.pop()
        for (before, _), (after, _) in table.items():
            if before is state and after not in known:
                known.add(after)
                todo.append(after)
    return {pair: row for pair, row in table.items() if pair[0] in known}


def _words(member: Enum) -> str:
    text = member.value if isinstance(member.value, str) else member.name.lower()
    return text.replace("_", " ").replace(":", "")


def _name(member: Enum) -> str:
    return member.name.lower()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
