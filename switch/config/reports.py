"""`reports`: what is mailed regularly, and `mail`: the server that takes it."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from switch.config import values
from switch.config.section import Count, Positive, Secret, Section, Whole, Words
from switch.language import Language
from switch.reports.periods import Every, read_every
from switch.reports.question import Format, Name

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class MailTls(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


def _address(value: object) -> str:
    """An address of mail."""
    written = values.text(value)
    if not _ADDRESS.fullmatch(written):
        raise values.expected(value, "an address of mail", "boss@example.com")
    return written


def _every(value: object) -> Every:
    """When a report is due."""
    return value if isinstance(value, Every) else read_every(values.text(value))


def _interval(value: object) -> int:
    """Minutes of an interval."""
    minutes = values.whole(value)
    if minutes not in (15, 30, 60):
        raise ValueError("an interval has 15, 30 or 60 minutes")
    return minutes


Address = Annotated[str, BeforeValidator(_address)]


class Mail(Section):
    """`mail`"""

    host: Words
    port: Annotated[Count, Field(ge=1, le=65535)] = 587
    tls: MailTls = MailTls.STARTTLS
    ca: Words | None = None
    """Roots of the server's certificate, a PEM file; None trusts those of this machine."""
    user: Words | None = None
    """None does not log in."""
    secret: Secret = SecretStr("")
    """The user's password; from `secret_file` where that is given."""
    secret_file: Words | None = None
    sender: Annotated[Address, Field(alias="from")]
    timeout: Positive = 60.0
    """So long one answer of the server may take."""
    give_up_after: Positive = 86_400.0
    """So long a mail that cannot be delivered is tried again."""


class ScheduledReport(Section):
    """One of `reports`"""

    report: Name
    every: Annotated[Every, BeforeValidator(_every)]
    to: Annotated[tuple[Address, ...], BeforeValidator(values.one_or_several), AfterValidator(values.some)]
    format: Annotated[
        tuple[Format, ...], BeforeValidator(values.one_or_several), AfterValidator(values.some)
    ] = (Format.XLSX,)
    language: Language | None = None
    """None: that of the server..."""
    zone: Annotated[str, BeforeValidator(values.timezone)] | None = None
    """...and its `timezone`."""
    interval: Annotated[Whole, BeforeValidator(_interval)] = 30
    queue: Words | None = None
    agent: Words | None = None
    skill: Words | None = None
    number: Words | None = None
