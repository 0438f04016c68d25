"""Tokens of programs: given, shown and taken back."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from switch.access.holder import Holder
from switch.access.rights import Right, Role
from switch.access.rows import TokenMade, TokenRow
from switch.access.tokens import BadToken
from switch.api.answers import answer, many, one
from switch.api.backend import Unknown
from switch.api.inputs import WHOLE, body
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services

_QUARTER_S: Final = 90 * 86400
_CENTURY_S: Final = 36500 * 86400
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=100)]


class TokenWanted(BaseModel):
    """For whom, for what, and for how long."""

    model_config = body({"name": "wall", "role": "wallboard", "queues": ["support"], "expires_in_s": 2592000})

    name: Name
    role: Role
    queues: Names = ()
    agents: Names = ()
    expires_in_s: Annotated[int, Field(strict=True, ge=1, le=_CENTURY_S), WHOLE] | None = _QUARTER_S
    """null: it never does."""


def routes(services: Services) -> Part:
    """`/tokens`."""

    async def are_read() -> None:
        if not services.tokens.are_read:
            raise _away()

    router = Part(prefix="/tokens", tags=["tokens"], dependencies=[Depends(are_read)])
    Administer = Annotated[Holder, Depends(services.needs(Right.ADMINISTER))]

    @router.get("", responses=many(TokenRow), dependencies=[Depends(services.needs(Right.ADMINISTER))])
    async def tokens(page: Asked) -> Response:
        """Every token that there ever was, newest first; of none its secret."""
        return answer(page.of(services.tokens.rows(), lambda row: row.id))

    @router.post("", status_code=201, responses=one(TokenMade, HTTPStatus.CREATED))
    async def add(wanted: TokenWanted, holder: Administer) -> Response:
        """A new token; its secret is in this answer and nowhere else."""
        for queue in wanted.queues:
            _known(services.backend.queue, queue)
        for agent in wanted.agents:
            _known(services.backend.agent, agent)
        lasts = None if wanted.expires_in_s is None else timedelta(seconds=wanted.expires_in_s)
        try:
            made = await services.tokens.add(
                wanted.name, wanted.role, holder, queues=wanted.queues, agents=wanted.agents, lasts=lasts
            )
        except BadToken as error:
            raise Failure(Kind.CONFLICT, str(error)) from None
        except (SQLAlchemyError, OSError) as error:
            raise _away() from error
        response = answer(made, HTTPStatus.CREATED)
        response.headers["Cache-Control"] = "no-store"
        return response

    @router.delete(
        "/{name}", responses=one(TokenRow), dependencies=[Depends(services.needs(Right.ADMINISTER))]
    )
    async def revoke(name: str) -> Response:
        """Take it back, at once; who listens to events by it hears no more."""
        try:
            token = await services.tokens.revoke(name)
        except (SQLAlchemyError, OSError) as error:
            raise _away() from error
        if token is None:
            raise Unknown(f"no token {name!r} in force")
        return answer(token)

    return router


def _known(look: Callable[[str], object], name: str) -> None:
    try:
        look(name)
    except Unknown as error:
        raise Failure(Kind.CONFLICT, str(error)) from None


def _away() -> Failure:
    return Failure(Kind.DATABASE_AWAY, "the database, which keeps tokens, is not available now")
