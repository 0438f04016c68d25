"""The peer's fault: a message that cannot be understood, with the status that says so."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Every fault there is: a closed list, for the `reason` of `sip_parse_errors_total`.

    The value is the reason phrase of the answer. Faults that are limits: see `sip.syntax.limits`.
    """

    # The message as a whole (RFC 3261 sections 7 and 18.3)
    HEADERS_NOT_ENDED = "Headers Not Ended"
    FOLDED_START_LINE = "Folded Start Line"
    MALFORMED_START_LINE = "Malformed Start Line"
    VERSION_NOT_SUPPORTED = "Version Not Supported"
    MALFORMED_HEADER_LINE = "Malformed Header Line"
    CONTROL_CHARACTER = "Control Character In Header"
    REPEATED_HEADER = "Repeated Header"
    VIA_MISSING = "Via Missing"
    FROM_MISSING = "From Missing"
    TO_MISSING = "To Missing"
    CALL_ID_MISSING = "Call-ID Missing"
    CSEQ_MISSING = "CSeq Missing"
    CONTACT_MISSING = "Contact Missing"
    CONTENT_LENGTH_MISSING = "Content-Length Missing"
    RACK_MISSING = "RAck Missing"
    HEADER_MISSING = "Header Missing"
    MALFORMED_CONTENT_LENGTH = "Malformed Content-Length"
    BODY_TOO_SHORT = "Body Shorter Than Content-Length"
    # Values (section 25.1)
    EMPTY_VALUE = "Empty Value In List"
    NOT_CLOSED = "Quote Or Bracket Not Closed"
    MALFORMED_PARAMETER = "Malformed Parameter"
    DUPLICATE_PARAMETER = "Duplicate Parameter"
    MALFORMED_ADDRESS = "Malformed Address"
    MALFORMED_TAG = "Malformed Tag"
    MALFORMED_VIA = "Malformed Via"
    MALFORMED_CALL_ID = "Malformed Call-ID"
    MALFORMED_CSEQ = "Malformed CSeq"
    CSEQ_OF_ANOTHER_METHOD = "CSeq Is Of Another Method"
    MALFORMED_MAX_FORWARDS = "Malformed Max-Forwards"
    MALFORMED_SECONDS = "Malformed Seconds"
    MALFORMED_OPTION_TAG = "Malformed Option Tag"
    MALFORMED_CONTENT_TYPE = "Malformed Content-Type"
    MALFORMED_CONTENT_DISPOSITION = "Malformed Content-Disposition"
    MALFORMED_SESSION_EXPIRES = "Malformed Session-Expires"
    MALFORMED_RACK = "Malformed RAck"
    MALFORMED_REPLACES = "Malformed Replaces"
    MIXED_STAR = "Contact Mixes * And Addresses"
    # URIs (sections 19.1 and 25.1, RFC 3966)
    MALFORMED_URI = "Malformed URI"
    MALFORMED_HOST = "Malformed Host"
    MALFORMED_IPV6_ADDRESS = "Malformed IPv6 Address"
    MALFORMED_PORT = "Malformed Port"
    MALFORMED_TELEPHONE_NUMBER = "Malformed Telephone Number"
    MALFORMED_URI_PARAMETER = "Malformed URI Parameter"
    DUPLICATE_URI_PARAMETER = "Duplicate URI Parameter"
    MALFORMED_URI_HEADER = "Malformed URI Header"
    HEADERS_IN_REQUEST_URI = "Headers In Request-URI"
    UNSUPPORTED_SCHEME = "Unsupported URI Scheme"
    # Bodies (RFC 2046, RFC 5621)
    MALFORMED_MULTIPART = "Malformed Multipart Body"
    TWO_SESSION_DESCRIPTIONS = "More Than One Session Description"
    # Limits
    MESSAGE_TOO_LARGE = "Message Too Large"
    TOO_MANY_HEADERS = "Too Many Headers"
    HEADER_TOO_LONG = "Header Too Long"
    START_LINE_TOO_LONG = "Start Line Too Long"
    REQUEST_URI_TOO_LONG = "Request-URI Too Long"
    URI_TOO_LONG = "URI Too Long"
    ENTITY_TOO_LARGE = "Request Entity Too Large"
    TOO_MANY_VIAS = "Too Many Vias"
    TOO_MANY_ROUTES = "Too Many Routes"
    TOO_MANY_CONTACTS = "Too Many Contacts"
    TOO_MANY_VALUES = "Too Many Values In List"
    TOO_MANY_PARAMETERS = "Too Many Parameters"
    TOO_MANY_URI_PARAMETERS = "Too Many URI Parameters"
    TOO_MANY_URI_HEADERS = "Too Many URI Headers"
    MULTIPART_TOO_DEEP = "Multipart Body Too Deep"
    TOO_MANY_PARTS = "Too Many Parts In Body"
    TOO_MANY_EARLY_DIALOGS = "Too Many Early Dialogs"


@dataclass(frozen=True, slots=True)
class Partial:
    """What could be read of a malformed message: enough to tell who sent it and to form an answer.

    `method` is None for a response and for a request whose start line cannot be read. Every other
    value is the raw text of the header, None when it is missing.
    """

    method: str | None
    vias: list[str]
    from_: str | None
    to: str | None
    call_id: str | None
    cseq: str | None


class Malformed(Exception):
    """A message from the network breaks a rule: never our fault, and never worth more than an answer.

    `status` is the response to send when the message is a request (400, 413, 414, 416, 483, 505, 513),
    `where` the header that has the `fault`, if that helps; `partial` what could be read (None when nothing
    could).
    """

    def __init__(self, status: int, fault: Fault, partial: Partial | None = None, where: str = "") -> None:
        super().__init__(status, fault, partial, where)
        self.status = status
        self.fault = fault
        self.partial = partial
        self.where = where

    @property
    def reason(self) -> str:
        """The reason phrase of the answer: `Malformed Parameter: Via`."""
        return f"{self.fault}: {self.where}" if self.where else str(self.fault)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"
