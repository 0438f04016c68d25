"""Route headers of what comes to us (RFC 3261 section 16.4): ours go, a strict router's work is undone."""

from collections.abc import Callable

from sip.syntax.message import Request
from sip.syntax.uri import Uri


def arrive(request: Request, is_ours: Callable[[Uri], bool]) -> None:
    """Make the Request-URI the one that was meant. Raises Malformed.

    A strict router before us has put our own address in the Request-URI and what was there last in Route.
    Routes that do not name us are left: we go nowhere because of them.
    """
    routes = list(zip(request.headers.all("Route"), request.routes, strict=True))
    target = request.target
    if routes and not target.user and is_ours(target):
        request.uri = str(routes.pop()[1].uri)
    while routes and is_ours(routes[0][1].uri):
        del routes[0]
    request.headers.remove("Route")
    for value, _ in routes:
        request.headers.add("Route", value)
