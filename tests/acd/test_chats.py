"""Chats beside calls: one agent has several, calls come first, and nobody loses what he has."""

import base64
import zlib

import pytest

from acd.agent import AgentState
from acd.commands import ConfigurationRefused, Connect, HangUpOffer, Offer, WrapUpEnded
from acd.counterfactual import Change, counterfactual
from acd.events import (
    CallAssigned,
    CallPulled,
    CallQueued,
    Configured,
    ConversationEnd,
    ConversationEnded,
    OfferAnswered,
    OfferPickedUp,
    OfferRefused,
    PhoneBusy,
    SwitchRestarted,
    WantedState,
    WrapUpDone,
)
from acd.explaining import Bar, choices
from acd.journal import decode, replay
from acd.queued_call import CallState
from acd.router import Router
from acd.settings import AgentSettings, NoAgents
from acd.strategies import Strategy
from acd.work import Channel
from tests.acd.stage import SECOND, Stage, only, support

CHAT = Channel.CHAT


def desk(*capacities: int, **settings: object) -> Stage:
    """Ana, Luis and so on, with room for so many chats each; ready in that order."""
    names = ("ana", "luis", "eva")[: len(capacities)]
    agents = [AgentSettings(name, capacity={CHAT: n}) for name, n in zip(names, capacities, strict=True)]
    stage = Stage([support(**{"wrap_up_us": 0, **settings})], agents)
    stage.login(*names)
    return stage


def chat(stage: Stage, *calls: str) -> None:
    for call in calls:
        stage.step(CallQueued(call, "support", stage.now_us, channel=CHAT))


def offer(stage: Stage, call: str) -> str:
    return [one.offer for one in stage.all(Offer) if one.call == call][-1]


def answer(stage: Stage, *calls: str) -> None:
    for call in calls:
        only(stage.step(OfferAnswered(offer(stage, call))), Connect)


def test_an_agent_has_as_many_chats_as_he_may_and_the_next_one_waits() -> None:
    stage = desk(2)
    chat(stage, "c1", "c2", "c3")
    assert stage.offered() == [("c1", "ana"), ("c2", "ana")]
    assert [one.channel for one in stage.all(Offer)] == [CHAT, CHAT]
    answer(stage, "c1", "c2")
    stage.end("c1", "ana")
    assert stage.offered()[2:] == [("c3", "ana")]


def test_those_who_are_there_at_once_fill_all_the_room() -> None:
    stage = desk(2, 1)
    stage.set("ana", WantedState.PAUSED)
    stage.set("luis", WantedState.PAUSED)
    chat(stage, "c1", "c2", "c3", "c4")
    stage.set("ana", WantedState.READY)
    assert stage.offered() == [("c1", "ana"), ("c2", "ana")]
    stage.set("luis", WantedState.READY)
    assert stage.offered()[2:] == [("c3", "luis")]


def test_a_call_finds_who_chats_and_no_chat_finds_who_is_in_a_call() -> None:
    stage = desk(2)
    chat(stage, "c1")
    answer(stage, "c1")
    stage.queue("v1")
    assert stage.offered()[1:] == [("v1", "ana")]
    chat(stage, "c2")
    stage.answer("ana")
    assert len(stage.offered()) == 2
    stage.end("v1", "ana")
    assert stage.offered()[2:] == [("c2", "ana")]
    call = stage.router.call("c1")
    assert call is not None
    assert call.state is CallState.TALKING


def test_a_call_goes_to_the_agent_and_the_chat_to_his_colleague() -> None:
    """Both come to wait before anybody is there; each is offered one thing at first."""
    stage = desk(1, 1)
    for agent in ("ana", "luis"):
        stage.set(agent, WantedState.OFFLINE)
    chat(stage, "c1")
    stage.queue("v1")
    stage.set("ana", WantedState.READY)
    assert stage.offered() == [("v1", "ana")]
    stage.set("luis", WantedState.READY)
    assert stage.offered()[1:] == [("c1", "luis")]


def test_chats_go_round() -> None:
    stage = desk(3, 3)
    for number in range(4):
        chat(stage, f"c{number}")
        answer(stage, f"c{number}")
        stage.wait(1)
    assert [agent for _, agent in stage.offered()] == ["ana", "luis", "ana", "luis"]


def test_the_state_for_people_is_that_of_the_call_or_of_the_busiest_chat() -> None:
    stage = desk(2, wrap_up_us=5 * SECOND)
    chat(stage, "c1")
    assert stage.state("ana") is AgentState.RINGING
    answer(stage, "c1")
    chat(stage, "c2")
    assert stage.state("ana") is AgentState.ON_CALL
    stage.queue("v1")
    assert stage.state("ana") is AgentState.RINGING
    stage.step(OfferRefused(offer(stage, "v1"), 486))
    stage.step(OfferRefused(offer(stage, "c2"), 486))
    assert stage.state("ana") is AgentState.ON_CALL
    stage.end("c1", "ana", ConversationEnd.AGENT_HUNG_UP)
    assert stage.state("ana") is AgentState.WRAP_UP
    assert stage.router.facts.agents["ana"].state is AgentState.READY


def test_a_chat_is_wrapped_up_by_itself() -> None:
    stage = desk(2, wrap_up_us=5 * SECOND)
    chat(stage, "c1", "c2")
    answer(stage, "c1", "c2")
    chat(stage, "c3", "c4")
    stage.end("c1", "ana")
    stage.wait(2)
    stage.end("c2", "ana")
    assert len(stage.offered()) == 2
    ended = only(stage.step(WrapUpDone("ana", "c2")), WrapUpEnded)
    assert (ended.call, ended.wrap_up_us) == ("c2", 0)
    assert stage.offered()[2:] == [("c3", "ana")]
    assert [one.call for one in stage.wait(3) if isinstance(one, WrapUpEnded)] == ["c1"]
    assert stage.offered()[3:] == [("c4", "ana")]


def test_who_refuses_a_chat_is_held_off_from_chats_alone() -> None:
    stage = desk(2)
    chat(stage, "c1")
    stage.step(OfferRefused(offer(stage, "c1"), 486))
    assert len(stage.offered()) == 1
    stage.queue("v1")
    assert stage.offered()[1:] == [("v1", "ana")]
    stage.hang_up("v1")
    stage.refuse("ana", 487)
    stage.wait(5)
    assert stage.offered()[2:] == [("c1", "ana")]


def test_a_chat_that_nothing_comes_back_from_says_nothing_of_the_phone() -> None:
    stage = desk(1)
    chat(stage, "c1")
    stage.wait(4)
    agent = stage.router.facts.agents["ana"]
    assert agent.reachable
    assert agent.may_take(Channel.VOICE)


def test_logging_out_takes_what_is_offered_and_leaves_what_is_talked() -> None:
    stage = desk(2)
    chat(stage, "c1")
    answer(stage, "c1")
    chat(stage, "c2")
    stage.set("ana", WantedState.OFFLINE)
    stage.step(OfferRefused(offer(stage, "c2"), 487))
    assert [one.conversation is not None for one in stage.router.facts.agents["ana"].chats] == [True]
    assert stage.state("ana") is AgentState.ON_CALL
    stage.end("c1", "ana")
    assert stage.state("ana") is AgentState.OFFLINE


def test_who_vanishes_from_a_chat_loses_that_one_alone() -> None:
    stage = desk(2, 1)
    chat(stage, "c1")
    answer(stage, "c1")
    stage.step(ConversationEnded("c1", "ana", ConversationEnd.AGENT_LOST))
    assert stage.offered()[1:] == [("c1", "luis")]
    assert stage.router.facts.agents["ana"].reachable


def test_supervisors_assign_chats_and_agents_pull_them_while_there_is_room() -> None:
    stage = desk(1, 1)
    chat(stage, "c1", "c2", "c3")
    assert stage.router.refusal(CallPulled(call="c3", agent="ana")) == "agent_engaged"
    stage.step(CallAssigned(call="c3", agent="luis"))
    answer(stage, "c1", "c2")
    stage.end("c1", "ana")
    assert len(stage.offered()) == 2
    stage.end("c2", "luis")
    assert stage.offered()[2:] == [("c3", "luis")]


def test_nobody_picks_up_a_chat_and_one_agent_at_a_time_is_offered_it() -> None:
    stage = desk(1, 1, strategy=Strategy.RING_ALL)
    chat(stage, "c1")
    assert stage.offered() == [("c1", "ana")]
    only(stage.step(OfferPickedUp(offer(stage, "c1"), "luis", "pickup")), HangUpOffer)


def test_where_nobody_takes_chats_nobody_is_there_for_them() -> None:
    stage = desk(0, no_agents=NoAgents.OVERFLOW)
    chat(stage, "c1")
    assert stage.router.call("c1") is None
    stage.queue("v1")
    assert stage.offered() == [("v1", "ana")]


@pytest.mark.parametrize("capacity", [{Channel.VOICE: 2}, {Channel.VOICE: 0}, {CHAT: -1}])
def test_a_capacity_that_cannot_be_is_refused(capacity: dict[Channel, int]) -> None:
    stage = desk(1)
    commands = stage.step(Configured([support()], [AgentSettings("ana", capacity=capacity)]))
    assert only(commands, ConfigurationRefused).problem.startswith("capacity: ana ")
    assert stage.router.facts.agents["ana"].settings.capacity == {CHAT: 1}


def test_with_less_capacity_chats_go_on_and_none_is_added() -> None:
    stage = desk(2)
    chat(stage, "c1", "c2")
    answer(stage, "c1", "c2")
    stage.step(Configured([support(wrap_up_us=0)], [AgentSettings("ana", capacity={CHAT: 1})]))
    chat(stage, "c3")
    stage.end("c1", "ana")
    assert len(stage.offered()) == 2
    stage.end("c2", "ana")
    assert stage.offered()[2:] == [("c3", "ana")]


def test_chats_that_may_return_do_and_the_others_are_over() -> None:
    stage = desk(2)
    chat(stage, "c1", "c2")
    answer(stage, "c1", "c2")
    stage.step(PhoneBusy("ana", 0))
    stage.step(SwitchRestarted(may_return=("c2",)))
    assert [one.call for one in stage.router.facts.agents["ana"].chats] == ["c2"]


def test_why_says_that_he_was_full_and_what_more_room_would_have_changed() -> None:
    stage = desk(1, 2)
    chat(stage, "c1", "c2")
    before = stage.router.snapshot()
    event = CallQueued("c3", "support", stage.now_us, channel=CHAT)
    made = only(stage.router.step(event, stage.now_us), Offer)
    choice = choices(before, event, stage.now_us, [made.offer])[made.offer]
    assert choice.decision.agent == "luis"
    ana = next(one for one in choice.agents if one.agent == "ana")
    assert [(one.bar, one.levels) for one in ana.hindrances] == [(Bar.FULL, {"chat": 1})]
    found = counterfactual(before, event, stage.now_us, choice)
    assert found is not None
    assert (found.change, found.who, found.level, found.was) == (Change.MORE_ROOM, "ana", 2, 1)
    assert found.then_agent == "ana"


JOURNAL = """
c-l)&%_}MLGBA{8U|`6d$n>mfNkM*o&XU~3%)E7JnMK7V@x`fyrKx$zsf<BDB_C@U8K*FwXJAX{W{fvrXkJoMS&+KQIX^EgGrhDZ
HDwu4ZE0%p#Cr^kOY#zPQ<oQ)78K+cl`Kn42U=7-sSzx?I595~!djA3npw<X3^e(@U9I>OCNz`R2V~^ur3R&@XBL;F0*zk^HU^}9
X<AWgamHar6QI_WZ@BJHVTNeUD{{c66>J|&uP0D%gNx9fDJ&4ZwOblmpdL!h$q5AcBxOl5khv(?a4FbhFz>7Z^HSmyOX5q5;hLHC
fd=;Xshdt=g^M+T4P5J=mX=!Nm{(j5c1k{ow*nN#x+c1YEFgFEJ)K)Ng^i#)jEHiF9?-yxGOJ!sVMlYv8n8QpGV{`b2-z8Cx`qrO
XWSJ&Z$5>Cpfik#aRxYiXI@?QWeO*nfg6DdrYyCnII$!%KhHHU1u2-}5xh7fzkD4?G_@!`qckr)zO;Z50Bpb#A^
"""
"""The journal of a stage with two agents and three calls, as it was written before there were channels."""

SNAPSHOT = """
c-p;Gy^a$x5Z>e@q~if75e?-@`B8GY?s^_#aqP*)I>%mYZ$b*B1PLKQfoP~v*q`L?0x5WaRq_DTG<gszY$sWA7a<M`q)2PeWM;nk
zVW=u`XCh*ycCB*u(*dPpDK730mpEhaxw5D_07BY^lj<I*HNN0((o=d?g-R4Q&AWSsb8B2ttk)G+AGBz^<d}87@)p!EYm(!RI8U0
Tr09oaJ@KZzylNjDaEQA>3jw~kb%K4%o7HEV0mi1+$8vfI9huTi;81c&svLGGbRF)%BOr~kCgi)f@K<_NC8=1yRR<+DZxKpN(iXZ
Ac3rA#)iA7&0v)ckj7o}?~G7nawsoD+Q)*xG7+5)$UMe~u?emwj*DHt*H~~%DAI<~d@+zH^rO&M)UdfvWZ{XprflaaKX~F59(b-L
G9K?rf|f(y)Q?m?r-VU~FHb^-FnDu@l=dC4{VEpoK*)<#V!^6XrV+caDHrx&s5%5TL!67q7)iDTvM4M&&OZOLY)P0N<cV2C)uB$#
{9lEd+KE1Co>ZM+`9`k%4?5)s`s9D5%Z3In&o}y%?xv6Tdwsk;U8HfC-yL+R9qO{FWS`;MyFa1C9BxkVG?Y|Gs)ydSvy)AOdzhu9
eZ<O}U68q^fF$mH@5rvq&0DqRTfwQ(cXxk${$rH7X!X7j$*hF6ckFQ0{|(pC7S{k#J9qoIT7QdcT;O_RAl;m#1L6|5pxl68_7H(v
CAP4(;_VkKw?CX;n@O^IyBIH(pdzO8)W(?mblaOciWLCyGASb4+~`Yybl1+*Zc5WoFp7r@)IO^=t5sa<kVd6lAu|G)+BL7rCIw>O
A9c=Jb=;`nPNh|=)ElSG(|Ut6E4603Rjal;kOio3Acmtj5FEzlkr%C8S&QF>j*u{#yUW3x{RGA6w*~
"""
"""The router's snapshot after it."""


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text.replace("\n", "")))


def test_what_was_written_before_there_were_channels_is_read_as_voice() -> None:
    replayed = Router()
    records = decode(unpacked(JOURNAL)).records
    assert replay(replayed, records) == len(records)
    restored = Router.restore(unpacked(SNAPSHOT))
    assert restored.state_hash() == replayed.state_hash()
    ana, luis = restored.facts.agents.values()
    assert (ana.wrap_up_until_us is not None, luis.offer is not None) == (True, True)
    assert not ana.chats
    assert {call.channel for call in restored.facts.calls.values()} == {Channel.VOICE}
