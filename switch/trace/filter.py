"""Which messages somebody wants to see: every criterion that is given must be met."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from switch.config.addresses import Source, source
from switch.config.patterns import expression, is_plain
from switch.trace.message import Message


@dataclass(frozen=True, slots=True)
class Filter:
    """Made by `read_filter`; an empty one takes everything."""

    number: re.Pattern[str] | None = None
    methods: frozenset[str] = frozenset()
    address: Source | None = None
    call: str | None = None
    text: str | None = None
    """In small letters."""

    def takes(self, message: Message) -> bool:
        """Whether the message is wanted."""
        return (
            (self.call is None or self.call in (message.call, message.sip_call_id))
            and (not self.methods or message.method.upper() in self.methods)
            and (self.address is None or self._meets(message))
            and (self.number is None or any(map(self.number.search, message.users)))
            and (self.text is None or self.text in message.text.lower())
        )

    def _meets(self, message: Message) -> bool:
        assert self.address is not None
        return any(
            ip_address(host) in self.address.network and self.address.port in (None, port)
            for host, port in (message.source, message.destination)
        )


def read_filter(
    number: str | None = None,
    method: str | None = None,
    address: str | None = None,
    call: str | None = None,
    text: str | None = None,
) -> Filter:
    """The criteria as people write them. Raises ValueError in words.

    `number` is a part of a number or user in Request-URI, From, To or P-Asserted-Identity, or the pattern of
    a whole one (as in `routes`); `method` one or more, with commas between, whose responses count too;
    `address` an address, a network, or address:port, of either end; `call` our id or the SIP Call-ID.
    """
    methods = [each.strip().upper() for each in (method or "").split(",")]
    return Filter(
        number=None if number is None else _number(number),
        methods=frozenset(each for each in methods if each),
        address=None if address is None else _address(address),
        call=call,
        text=None if text is None else text.lower(),
    )


def _number(written: str) -> re.Pattern[str]:
    found = expression(written)
    return re.compile(found if is_plain(written) else rf"\A(?:{found})\Z", re.IGNORECASE)


def _address(written: str) -> Source:
    try:
        return source(written)
    except ValueError as error:
        raise ValueError(f"address: {error}") from None
