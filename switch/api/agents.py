"""The agents, now, and what an administrator may tell them to be."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from switch.api.answers import Items, answer, many, one
from switch.api.backend import AgentRow
from switch.api.services import Services
from switch.records import AgentState


class StateChange(BaseModel):
    """The state that is asked for, and why."""

    model_config = ConfigDict(extra="forbid")

    state: Literal[AgentState.READY, AgentState.PAUSED, AgentState.OFFLINE]
    reason: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=64)
    """Where the agent sits from now on."""


def routes(services: Services) -> APIRouter:
    """`/agents`."""
    router = APIRouter(prefix="/agents", tags=["agents"])

    @router.get("", responses=many(AgentRow))
    async def agents() -> Response:
        """Every agent."""
        return answer(Items(services.backend.agents()))

    @router.get("/{name}", responses=one(AgentRow))
    async def agent(name: str) -> Response:
        """One agent."""
        return answer(services.backend.agent(name))

    @router.post("/{name}/state", responses=one(AgentRow))
    async def set_state(name: str, change: StateChange) -> Response:
        """Make the agent ready, paused or offline; an agent in a call becomes so after it. With a phone the
        agent is logged in there first.
        """
        backend = services.backend
        return answer(backend.set_agent_state(name, change.state, change.reason, change.phone))

    return router
