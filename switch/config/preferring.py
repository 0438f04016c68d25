"""Which agent comes first for a caller, and for how long."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from switch.config.document import Path
from switch.config.routing import Matching, Routing
from switch.config.section import Duration, Section
from switch.config.targets import QueueTarget

if TYPE_CHECKING:
    from switch.config.queue import Queue
    from switch.config.schema import Route


class PreferAgent(Section):
    """`queues.NAME.prefer_agent`"""

    first_for: Annotated[Duration, Field(alias="for")] = 20.0
    """Then everybody may have the caller; 0: at once, and he is only the likelier to get him
    (`routing.weights.sticky`)."""
    last_within: Duration = 0.0
    """The last agent of that number comes first if it was within that; 0: only whom a route names."""


def faults(
    routes: Sequence["Route"], queues: Mapping[str, "Queue"], has: Callable[[str, str], bool]
) -> Iterator[tuple[Path, str]]:
    """Routes that name an agent who cannot come first. `has` says whether a section has a name."""
    for i, route in enumerate(routes):
        path: Path = ("routes", i, "prefer_agent")
        if route.prefer_agent is None:
            continue
        if not has("agents", route.prefer_agent):
            yield path, f"no agent is called '{route.prefer_agent}'"
        if not isinstance(route.go, QueueTarget):
            yield path, "stands beside a go that leads to no queue; leave it out"
        elif route.go.name in queues and queues[route.go.name].prefer_agent is None:
            yield path, f"queue '{route.go.name}' prefers nobody; give it prefer_agent, such as {{for: 20s}}"


def doubts(queues: Mapping[str, "Queue"], routing: Routing) -> Iterator[tuple[Path, str]]:
    """Queues that ask for agents whom callers know, and make nothing of it."""
    if routing.matching is Matching.OPTIMAL and routing.weights.sticky:
        return
    for name, queue in queues.items():
        if queue.prefer_agent is not None and not queue.prefer_agent.first_for:
            message = (
                "warning: nobody comes first for 0s, and nothing else counts whom a caller knows; write a "
                "time such as 20s, or routing.matching: optimal with weights.sticky above 0"
            )
            yield ("queues", name, "prefer_agent", "for"), message
