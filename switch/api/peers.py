"""Phones and trunks, now, and what is to become of calls to a phone."""

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from switch.access.holder import Holder
from switch.access.rights import Right
from switch.api.answers import answer, many, one
from switch.api.inputs import WHOLE, Flag, body
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.rows import PhoneRow, PreferencesRow, ProvisioningRow, TrunkRow
from switch.api.services import Services
from switch.preferences import Preferences

_Number = Field(default=None, min_length=1, max_length=64)


class Wanted(BaseModel):
    """All of it: what is left out is not wanted any more."""

    model_config = body({"busy": "1002", "no_answer": "1002", "no_answer_after": 20})

    do_not_disturb: Flag = False
    always: str | None = _Number
    busy: str | None = _Number
    no_answer: str | None = _Number
    no_answer_after: Annotated[int, Field(strict=True, ge=5, le=180), WHOLE] = 20


def routes(services: Services) -> Part:
    """`/phones` and `/trunks`."""
    router = Part(tags=["peers"])
    See = Annotated[Holder, Depends(services.needs(Right.PHONES_SEE))]
    Set = Annotated[Holder, Depends(services.needs(Right.PHONES_SET))]
    Provision = Annotated[Holder, Depends(services.needs(Right.PHONES_PROVISION))]
    Trunks = Annotated[Holder, Depends(services.needs(Right.TRUNKS_SEE))]

    @router.get("/phones", responses=many(PhoneRow))
    async def phones(holder: See, page: Asked) -> Response:
        """Every phone and its registrations."""
        return answer(page.of(services.seen_by(holder).phones(), lambda row: row.name))

    @router.get("/phones/{name}/preferences", responses=one(PreferencesRow))
    async def preferences(name: str, holder: See) -> Response:
        """Do not disturb, and where calls to the phone are forwarded."""
        services.seen_by(holder).phone(name)
        return answer(services.backend.preferences(name))

    @router.put("/phones/{name}/preferences", responses=one(PreferencesRow))
    async def set_preferences(name: str, wanted: Wanted, holder: Set) -> Response:
        """Set all of it; the phone's own keys show it."""
        services.seen_by(holder).phone(name)
        return answer(services.backend.set_preferences(name, Preferences(**wanted.model_dump())))

    @router.get("/phones/{name}/provisioning", responses=one(ProvisioningRow))
    async def provisioning(name: str, holder: Provision) -> Response:
        """Where a phone gets its files: a secret, as its password is."""
        services.seen_by(holder).phone(name)
        made = answer(services.backend.provisioning(name))
        made.headers["Cache-Control"] = "no-store"
        return made

    @router.get("/trunks", responses=many(TrunkRow))
    async def trunks(holder: Trunks, page: Asked) -> Response:
        """Every trunk and its health."""
        return answer(page.of(services.seen_by(holder).trunks(), lambda row: row.name))

    return router
