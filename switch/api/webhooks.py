"""Webhooks: how they fare, a test, and another attempt."""

import time
from urllib.parse import urlsplit

from fastapi import Depends, Response

from switch.access.rights import Right
from switch.api.answers import answer, many, one
from switch.api.backend import Unknown
from switch.api.pages import Asked
from switch.api.part import Part
from switch.api.services import Services
from switch.records import utc
from switch.webhooks.hook import Hook
from switch.webhooks.rows import WebhookRow, WebhookTested


def routes(services: Services) -> Part:
    """`/webhooks`."""
    administer = [Depends(services.needs(Right.ADMINISTER))]
    router = Part(prefix="/webhooks", tags=["webhooks"], dependencies=administer)
    hooks = services.webhooks

    def find(name: str) -> Hook:
        if (hook := hooks.hooks.get(name)) is None:
            raise Unknown(f"no webhook {name!r}")
        return hook

    @router.get("", responses=many(WebhookRow))
    async def webhooks(page: Asked) -> Response:
        """Every webhook."""
        return answer(page.of([_row(hook) for hook in hooks.hooks.values()], lambda row: row.name))

    @router.get("/{name}", responses=one(WebhookRow))
    async def webhook(name: str) -> Response:
        """One webhook."""
        return answer(_row(find(name)))

    @router.post("/{name}/test", responses=one(WebhookTested))
    async def test(name: str) -> Response:
        """Tell it an event of type `test` now, out of turn, once; and say what it answers."""
        began = time.monotonic()
        posted = await find(name).test()
        return answer(
            WebhookTested(
                outcome=posted.outcome,
                status=posted.status,
                error=posted.error,
                seconds=round(time.monotonic() - began, 3),
            )
        )

    @router.post("/{name}/retry", responses=one(WebhookRow))
    async def retry(name: str) -> Response:
        """Tell it what waits, now, though it was given up."""
        find(name).retry()
        return answer(_row(find(name)))

    return router


def _row(hook: Hook) -> WebhookRow:
    place, last = urlsplit(hook.settings.url), hook.last
    return WebhookRow(
        name=hook.name,
        url=f"{place.scheme}://{place.netloc}{place.path}",
        events=hook.settings.events,
        queues=hook.settings.queues,
        state=hook.state,
        waiting=hook.outbox.count,
        waiting_bytes=hook.outbox.size,
        taken_seq=hook.outbox.taken or None,
        taken=hook.taken,
        failures=hook.failures,
        dropped=hook.dropped,
        last_outcome=None if last is None else last.outcome,
        last_status=None if last is None else last.status,
        last_error=None if last is None else last.error,
        next_attempt_at=None if hook.next_at_us is None else utc(hook.next_at_us),
    )
