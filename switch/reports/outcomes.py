"""What becomes of the mails of scheduled reports."""

from enum import StrEnum


class MailOutcome(StrEnum):
    """What became of a mail, or of a try."""

    DELIVERED = "delivered"
    LATE = "late"
    """Delivered, more than a minute after it was due."""
    RETRIED = "retried"
    """A try that failed; there will be another."""
    FAILED = "failed"
    """Given up."""
    REFUSED = "refused"
    """An address that the server refused while it took the mail for others."""
