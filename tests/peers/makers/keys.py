"""The soft keys of a phone: what it asks for and shows by `as-feature-event` and by hoteling."""

import re
from hashlib import md5
from typing import TYPE_CHECKING, Literal, Self

from sip.syntax.message import Response
from tests.peers.makers.lamp import Lamp

if TYPE_CHECKING:
    from tests.peers.makers.desk import DeskPhone

CSTA = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"
HOTELING = "http://schema.broadsoft.com/hoteling"
AgentWish = Literal["loggedOn", "loggedOff", "ready", "notReady", "workingAfterCall"]


class Keys:
    """Both subscriptions of a phone for itself."""

    def __init__(self, phone: "DeskPhone", features: Lamp, hosting: Lamp) -> None:
        self.phone = phone
        self.features = features
        self.hosting = hosting

    @classmethod
    async def lit(cls, phone: "DeskPhone") -> Self:
        """Once the phone has been told all there is to show."""
        features = await phone.watch(phone.user, "as-feature-event")
        hosting = await phone.watch(phone.user, "x-broadworks-hoteling")
        return cls(phone, await features.until("Agent"), await hosting.until("HotelingEvent"))

    @property
    def agent(self) -> str:
        """The state that the agent's key shows: `NotReady`."""
        return self._last(r"<Agent(\w+)Event")

    def shows(self, element: str) -> str:
        """What the phone was told last of that element."""
        return self._last(rf"<{element}>([^<]*)<")

    async def set_do_not_disturb(self, on: bool) -> Response:
        return await self._ask("SetDoNotDisturb", f"<doNotDisturbOn>{str(on).lower()}</doNotDisturbOn>")

    async def forward(self, number: str) -> Response:
        """All calls to a number; to none with an empty one."""
        on = str(bool(number)).lower()
        content = (
            f"<forwardingType>forwardImmediate</forwardingType><activateForward>{on}</activateForward>"
            f"<forwardDN>{number}</forwardDN>"
        )
        return await self._ask("SetForwarding", content)

    async def set_agent(self, wish: AgentWish, reason: str = "", agent: str = "", pin: str = "") -> Response:
        """A state, with the reason of a pause; logging on, who it is."""
        self.phone.log.note("keys", "", f"{wish} {reason or agent}".rstrip())
        content = f"<requestedAgentState>{wish}</requestedAgentState>"
        if reason:
            content += (
                f"<extensions><AgentNotReadyReasonValue>{reason}</AgentNotReadyReasonValue></extensions>"
            )
        if agent:
            content = f"<agentID>{agent}</agentID><password>{pin}</password>{content}"
        return await self._ask("SetAgentState", content)

    async def host(self, agent: str, pin: str) -> None:
        """Let a guest in, who proves himself with what he is asked."""
        asked = len(self.hosting.told)
        await self._host(f"<guestAddress>{agent}</guestAddress>")
        await self.hosting.until_told(asked + 1)
        nonce = re.findall(r"<nonce>([^<]*)<", self.hosting.body)[-1]
        response = md5(f"{nonce}:{pin}".encode(), usedforsecurity=False).hexdigest()
        proof = f"<nonce>{nonce}</nonce><algorithm>MD5</algorithm><response>{response}</response>"
        proof = f"<authenticationData>{proof}</authenticationData>"
        await self._host(f"<guestAddress>{agent}</guestAddress>{proof}")

    async def dismiss(self) -> None:
        """The guest goes."""
        await self._host("<guestAddress/>")

    async def _host(self, content: str) -> Response:
        body = self._document("SetHoteling", HOTELING, content)
        return await self.hosting.renew(content_type="application/x-broadworks-hoteling+xml", body=body)

    async def _ask(self, service: str, content: str) -> Response:
        body = self._document(service, CSTA, f"<device/>{content}")
        return await self.features.renew(content_type="application/x-as-feature-event+xml", body=body)

    def _document(self, service: str, namespace: str, content: str) -> str:
        prefix = self.phone.maker.xml_prefix
        opening = f'<{prefix}{service} xmlns{":" if prefix else ""}{prefix.rstrip(":")}="{namespace}">'
        content = re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}", content)
        head = f'<?xml version="1.0" encoding="{self.phone.maker.xml_encoding}"?>\n'
        return f"{head}{opening}{content}</{prefix}{service}>"

    def _last(self, pattern: str) -> str:
        found = [text for told in self.features.told for text in re.findall(pattern, told.body.decode())]
        return found[-1] if found else ""
