"""What is wrong with the switch now."""

from fastapi import Depends, Response

from switch.access.rights import Right
from switch.api.answers import Items, answer, many
from switch.api.part import Part
from switch.api.services import Services
from switch.events.alarms import AlarmRow


def routes(services: Services) -> Part:
    """`/alarms`."""
    router = Part(tags=["alarms"], dependencies=[Depends(services.needs(Right.ADMINISTER))])

    @router.get("/alarms", responses=many(AlarmRow))
    async def alarms() -> Response:
        """Every alarm that lasts, the oldest first; events tell of each as it comes and goes."""
        return answer(Items(services.alarms.standing()))

    return router
