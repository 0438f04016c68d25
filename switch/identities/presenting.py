"""What a carrier is told of caller and called: From, the identity headers, Privacy, who it was meant for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, assert_never

from sip.syntax.headers import quote
from sip.syntax.uri import Uri
from switch.config.patterns import expression
from switch.config.trunk import CallerId, CallerIdHeader
from switch.config.trunk import Redirection as RedirectionForm
from switch.identities.caller import Caller
from switch.identities.numbers import NotANumber, Numbering
from switch.identities.redirection import Redirections, diversion, history_info

ANONYMOUS: Final = '"Anonymous" <sip:anonymous@anonymous.invalid>'
"""RFC 3323 section 4.1.1.3."""


@dataclass(frozen=True, slots=True)
class Presented:
    """The lines of an INVITE to a carrier that say who calls whom.

    `number` is the called one as the carrier wants it. `caller` is the number that it is told to be the
    caller's, as we know it; empty where it is told none. `from_` is From without a tag; `headers` are the
    others.
    """

    number: str
    caller: str
    from_: str
    headers: tuple[tuple[str, str], ...] = ()

    def uri(self, host: str, port: int | None = None) -> str:
        """The Request-URI at a target."""
        return str(Uri("sip", self.number, host=host, port=port))

    def to(self, host: str, port: int | None = None) -> str:
        """The value of To."""
        return f"<{self.uri(host, port)}>"


class Presenting:
    """One trunk's policy."""

    def __init__(self, policy: CallerId, numbering: Numbering) -> None:
        self._policy = policy
        self._numbering = numbering
        self._allowed = re.compile("|".join(map(expression, policy.allowed)) or r"(?!)")

    def present(self, caller: Caller, number: str, domain: str, redirections: Redirections = ()) -> Presented:
        """`caller` calls `number`; `redirections` are those of a call that is only passed on.

        Raises NotANumber for a called number that the carrier could not read.
        """
        called = self._numbering.write(number)
        if not called:
            raise NotANumber("nobody is called")
        shown, display = self._shown(caller)
        withheld = caller.withheld or not shown
        if withheld and not (self._policy.trust and self._policy.header is not CallerIdHeader.NONE):
            shown, display = "", ""
        address = self._address(shown, display, domain) if shown else ANONYMOUS
        headers = [*self._identity(address, withheld)] if shown else []
        if withheld:
            headers.append(("Privacy", "id"))
        headers += self._redirections(redirections, called, domain)
        return Presented(called, shown, ANONYMOUS if withheld else address, tuple(headers))

    def _shown(self, caller: Caller) -> tuple[str, str]:
        """Number and name: the caller's own, or ours in their place. The names of our people stay here."""
        if caller.number and self._is_allowed(caller.number) and self._is_writable(caller.number):
            return caller.number, "" if caller.ours else caller.display
        return self._policy.number or "", ""

    def _is_allowed(self, number: str) -> bool:
        """As it came to us, or in the one form that all numbers have."""
        if self._allowed.fullmatch(number):
            return True
        found = self._numbering.e164(number)
        return found is not None and self._allowed.fullmatch(found) is not None

    def _is_writable(self, number: str) -> bool:
        try:
            self._numbering.write(number)
        except NotANumber:  # a name: no carrier could show it
            return False
        return True

    def _address(self, number: str, display: str, domain: str) -> str:
        address = f"<{Uri('sip', self._numbering.write(number), host=domain)}>"
        return f"{quote(display)} {address}" if display else address

    def _identity(self, address: str, withheld: bool) -> Iterable[tuple[str, str]]:
        header = self._policy.header
        match header:
            case CallerIdHeader.NONE:
                return
            case CallerIdHeader.P_ASSERTED_IDENTITY:
                yield "P-Asserted-Identity", address
            case CallerIdHeader.REMOTE_PARTY_ID:
                privacy = "full" if withheld else "off"
                yield "Remote-Party-ID", f"{address};party=calling;screen=yes;privacy={privacy}"
            case _:
                assert_never(header)

    def _redirections(
        self, redirections: Redirections, called: str, domain: str
    ) -> Iterable[tuple[str, str]]:
        if not redirections:
            return
        form, write, trusted = self._policy.redirection, self._numbering.write, self._policy.trust
        match form:
            case RedirectionForm.NONE:
                return
            case RedirectionForm.DIVERSION:
                yield "Diversion", diversion(redirections, domain, write, trusted)
            case RedirectionForm.HISTORY_INFO:
                yield "History-Info", history_info(redirections, called, domain, write, trusted)
            case _:
                assert_never(form)
