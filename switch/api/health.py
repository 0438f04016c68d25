"""Is it alive, is it ready, and its metrics."""

from fastapi import Depends, Response

from switch.access.rights import Right
from switch.api.answers import answer, octets, one
from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.rows import Readiness
from switch.api.services import NeedsUnlessLocal, Services
from switch.metrics.exposition import CONTENT_TYPE, render


def routes(services: Services) -> Part:
    """`/livez`, `/readyz`, `/metrics`."""
    router = Part(tags=["health"])

    @router.get("/livez", response_class=Response, responses=octets("text/plain"))
    async def live() -> Response:
        """The process answers."""
        return Response("alive\n", media_type="text/plain")

    @router.get("/readyz", responses=one(Readiness))
    async def ready() -> Response:
        """The switch takes calls; 503 while it starts or drains."""
        readiness = services.backend.readiness()
        if not readiness.ready:
            raise Failure(Kind.NOT_READY, readiness.detail)
        return answer(readiness)

    @router.get(
        "/metrics",
        response_class=Response,
        responses=octets("text/plain"),
        dependencies=[Depends(NeedsUnlessLocal(services, Right.METRICS))],
    )
    async def metrics() -> Response:
        """Everything that is counted, for Prometheus. From another machine it needs the token."""
        return Response(await render(services.metrics.collect()), media_type=CONTENT_TYPE)

    return router
