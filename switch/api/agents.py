"""The agents, now, and what an administrator may tell them to be."""

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, many, one
from switch.api.inputs import body
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.rows import AgentRow
from switch.api.services import Services
from switch.records import AgentState


class StateChange(BaseModel):
    """The state that is asked for, and why."""

    model_config = body({"state": "paused", "reason": "lunch"}, {"state": "ready", "phone": "1001"})

    state: Literal["ready", "paused", "offline"]
    reason: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=64)
    """Where the agent sits from now on."""


def routes(services: Services) -> Part:
    """`/agents`."""
    router = Part(prefix="/agents", tags=["agents"])
    See = Annotated[Holder, Depends(services.needs(Right.AGENTS_SEE))]
    Set = Annotated[Holder, Depends(services.needs(Right.AGENTS_SET))]

    @router.get("", responses=many(AgentRow))
    async def agents(holder: See, page: Asked) -> Response:
        """Every agent."""
        return answer(page.of(services.seen_by(holder).agents(), lambda row: row.name))

    @router.get("/{name}", responses=one(AgentRow))
    async def agent(name: str, holder: See) -> Response:
        """One agent."""
        return answer(services.seen_by(holder).agent(name))

    @router.post("/{name}/state", responses=one(AgentRow))
    async def set_state(name: str, change: StateChange, holder: Set) -> Response:
        """Make the agent ready, paused or offline; an agent in a call becomes so after it. With a phone the
        agent is logged in there first.
        """
        services.seen_by(holder).check_agent(name)
        state = AgentState(change.state)
        return answer(services.backend.set_agent_state(name, state, change.reason, change.phone))

    return router
