"""An agent at a phone that does not want to be disturbed is paused, and ready again when it does not mind.

The phone has the last word on nothing: who is made ready, by whatever door, wants to be disturbed, and the
phone's key goes off. Who logs in at such a phone, or comes to sit there, is paused.
"""

from typing import Final, NamedTuple

from msgspec.structs import replace

from acd.agent import AgentState
from acd.router import Router
from switch.desk.desk import Desk
from switch.desk.wishes import Pause, Ready
from switch.preferences import NONE, PhonePreferences, Preferences

REASON: Final = "do-not-disturb"
"""Of such a pause."""
DOOR: Final = "agent"
_TAKES_CALLS: Final = (AgentState.READY, AgentState.RINGING)


class _Seen(NamedTuple):
    """An agent as we saw him last."""

    state: AgentState
    phone: str | None = None


class Quiet:
    """Every agent's and every phone's."""

    def __init__(self, preferences: PhonePreferences, desk: Desk, router: Router) -> None:
        """`router` knows what the agents were in the former run."""
        self._preferences = preferences
        self._desk = desk
        self._seen = {agent.name: _Seen(agent.state) for agent in router.agents()}
        preferences.listen(self._preferences_changed)
        desk.listen(self._agent_changed)

    def _preferences_changed(self, phone: str, before: Preferences, now: Preferences) -> None:
        agent = self._desk.agent_at(phone)
        view = self._desk.view(agent) if agent is not None else None
        if view is None or before.do_not_disturb == now.do_not_disturb or view.state is AgentState.OFFLINE:
            return
        if now.do_not_disturb and view.state is not AgentState.PAUSED:
            self._desk.ask(Pause(view.name, REASON))
        elif not now.do_not_disturb and view.reason == REASON:
            self._desk.ask(Ready(view.name))

    def _agent_changed(self, agent: str) -> None:
        view, phone = self._desk.view(agent), self._desk.phone_of(agent)
        if view is None:
            return
        before = self._seen.get(agent)
        self._seen[agent] = _Seen(view.state, phone)
        wanted = self._preferences.of(phone) if phone is not None else NONE
        if view.state is AgentState.PAUSED and view.reason == REASON and not wanted.do_not_disturb:
            self._desk.ask(Ready(agent))
        elif view.state not in _TAKES_CALLS or not wanted.do_not_disturb or phone is None:
            pass
        elif before is None or before.phone not in (None, phone) or before.state is AgentState.OFFLINE:
            self._desk.ask(Pause(agent, REASON))
        else:
            self._preferences.set(phone, replace(wanted, do_not_disturb=False), DOOR)
