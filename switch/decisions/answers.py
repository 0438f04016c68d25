"""What an outside program is told and says: JSON, read with suspicion."""

from typing import Annotated, Final

import msgspec

from acd.commands import AskDecision
from acd.skills import SkillError, parse
from switch.config.schema import Config

MOST_BYTES: Final = 16 * 1024
"""Of an answer."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Priority = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
_Requirement = Annotated[str, msgspec.Meta(max_length=500)]


class Question(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Of one caller: who he is, where he has come, and who is free for him (50 names at most)."""

    call: str
    queue: str
    from_: str
    to: str
    priority: int
    waiting: int
    free: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it may be left out: what is left out stays as it is."""

    priority: _Priority | None = None
    requires: _Requirement | None = None
    agent: _Name | None = None
    queue: _Name | None = None


class WrongAnswer(ValueError):
    """It cannot be used, in words."""


def question(command: AskDecision, from_: str, to: str) -> bytes:
    """The body of the request."""
    return msgspec.json.encode(
        Question(
            call=command.call,
            queue=command.queue,
            from_=from_,
            to=to,
            priority=command.priority,
            waiting=command.waiting,
            free=command.free,
        )
    )


def read(body: bytes, config: Config) -> Answer:
    """Of the body of a 200; an empty one says nothing. Raises WrongAnswer."""
    if not body.strip():
        return Answer()
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WrongAnswer(f"cannot be read: {error}") from None
    if answer.agent is not None and answer.agent not in config.agents:
        raise WrongAnswer(f"there is no agent {answer.agent!r}")
    if answer.queue is not None and answer.queue not in config.queues:
        raise WrongAnswer(f"there is no queue {answer.queue!r}")
    if answer.requires is not None:
        try:
            parse(answer.requires)
        except SkillError as error:
            raise WrongAnswer(f"requires: {error}") from None
    return answer
