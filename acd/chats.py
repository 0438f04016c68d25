"""What follows from chats for the agent who has them, where it is not what follows from calls."""

from acd.agent import Agent
from acd.board import Board
from acd.deadlines import Due
from acd.offer import OpenOffer
from acd.work import Channel, Work

_CHAT = Channel.CHAT


def settle(board: Board, agent: Agent) -> None:
    """Bring the lines of those who are free for chats up to date."""
    name = agent.settings.name
    if not agent.may_take(_CHAT):
        board.chats.engage(agent)
    elif name not in board.chats.agents:
        board.freed_for_chats[name] = agent


def of(offer: OpenOffer, agent: Agent) -> Work:
    """The chat that the offer, which runs, began."""
    return next(chat for chat in agent.chats if chat.offer == offer.id)


def end_offer(offer: OpenOffer, agent: Agent) -> None:
    """The offer is over: a conversation goes on, or nothing is left of it."""
    chat = of(offer, agent)
    chat.offer = None
    if chat.conversation is None:
        agent.chats.remove(chat)


def offered(board: Board, agent: Agent) -> None:
    """One more runs: he stands in lines while he has room, at another place."""
    if agent.settings.name in board.chats.agents and not agent.may_take(_CHAT):
        board.chats.engage(agent)
    board.line_up_again(agent)


def talked(board: Board, agent: Agent) -> None:
    """One was begun or ended: it is as if he had become ready now."""
    if agent.idle_since_us is not None:
        agent.idle_since_us = board.now_us
    board.line_up_again(agent)


def hold_off(board: Board, agent: Agent, for_us: int) -> None:
    """He is offered none for a while."""
    if for_us > 0:
        agent.chats_retry_at_us = board.now_us + for_us
        board.touch(agent)
        board.deadlines.arm(agent.chats_retry_at_us, Due.CHATS_RETRY, agent.settings.name)


def retry(board: Board, agent: Agent) -> None:
    """He may have another one now."""
    agent.chats_retry_at_us = None
    board.touch(agent)
