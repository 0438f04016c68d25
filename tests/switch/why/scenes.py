"""Scenes of a stage whose journal is written as the switch writes it, and whose decisions are kept."""

from pathlib import Path

from acd.commands import Offer
from acd.events import WantedState
from acd.journal import Header, encode, encode_header
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from acd.why import Kept
from acd.why import encode as encode_decision
from switch.history.entries import Decided
from switch.persistence.recovery import SEGMENT, SNAPSHOT, encode_snapshot
from tests.acd.stage import Stage


def afternoon(call: str) -> Stage:
    """Ana gets the call, lets it ring, and Eva gets it then; luis lacks a level, leo is at lunch."""
    agents = [
        AgentSettings("ana", {"support": 8}),
        AgentSettings("eva", {"support": 6}),
        AgentSettings("luis", {"support": 4}),
        AgentSettings("leo", {"support": 9}),
    ]
    stage = Stage([QueueSettings("support", requires="support >= 5")], agents)
    stage.login("leo")
    stage.set("leo", WantedState.PAUSED, "lunch")
    stage.wait(1)
    stage.login("ana")
    stage.wait(4)
    stage.login("eva", "luis")
    stage.queue(call)
    stage.ring("ana")
    stage.wait(15)
    stage.refuse("ana", 487)
    stage.answer("eva")
    return stage


def offers(stage: Stage) -> list[Offer]:
    return stage.all(Offer)


def kept(offer: Offer) -> Kept:
    assert offer.decision is not None
    return Kept(encode_decision(offer.decision), offer.seal)


def entry(offer: Offer) -> Decided:
    """As the switch puts it into the history."""
    decided = Decided.of(offer)
    assert decided is not None
    return decided


def write(stage: Stage, directory: Path) -> None:
    """The stage's journal: one segment after one snapshot."""
    directory.mkdir(exist_ok=True)
    data = encode_header(Header("main", 1))
    for number, (now_us, event, commands) in enumerate(stage.steps, 1):
        data += encode(number, now_us, event, commands)
    (directory / f"{0:020d}{SNAPSHOT}").write_bytes(encode_snapshot(Router().snapshot()))
    (directory / f"{1:020d}{SEGMENT}").write_bytes(data)
