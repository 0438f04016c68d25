"""A report as a mail: composed, and handed to the server, in the child process."""

import hashlib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from switch.reports.formats import FORMS
from switch.reports.question import Format
from switch.reports.request import Letter, Output, Server
from switch.reports.sheet import Sheet


class NotDelivered(Exception):
    """The server did not take the mail, and why."""


async def deliver(letter: Letter, sheet: Sheet, outputs: tuple[Output, ...]) -> tuple[str, ...]:
    """The addresses that the server refused while it took the mail for others. Raises NotDelivered."""
    server = letter.server
    try:
        refused, _ = await aiosmtplib.send(
            compose(letter, sheet, outputs),
            sender=server.sender,
            recipients=list(letter.to),
            hostname=server.host,
            port=server.port,
            timeout=server.timeout_s,
            username=server.user,
            password=server.secret if server.user is not None else None,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=_context(server),
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise NotDelivered(f"{server.host}:{server.port}: {_said(error)}") from error
    return tuple(refused)


def compose(letter: Letter, sheet: Sheet, outputs: tuple[Output, ...]) -> EmailMessage:
    """The mail. Composed again for the same period it has the same Message-ID, by which a server or a reader
    knows it."""
    message = EmailMessage()
    period = next((value for _, value in sheet.lines), "")
    message["Subject"] = _header(f"{sheet.title}: {period}")
    message["From"] = letter.server.sender
    message["To"] = ", ".join(letter.to)
    message["Date"] = format_datetime(letter.due)
    message["Message-ID"] = f"<{_id(letter)}@{letter.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told us
    tables = [Path(output.path) for output in outputs if output.format is Format.TABLE]
    lines = [sheet.title, *(f"{name}: {value}" for name, value in sheet.lines)]
    message.set_content(
        "\n".join(path.read_text(encoding="utf-8") for path in tables) or "\n".join(lines) + "\n"
    )
    for output in outputs:
        if output.format is not Format.TABLE:
            _attach(message, output)
    return message


def _attach(message: EmailMessage, output: Output) -> None:
    path = Path(output.path)
    main, _, sub = FORMS[output.format].media_type.partition(";")[0].partition("/")
    message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)


def _id(letter: Letter) -> str:
    of = f"{Path(letter.marks).stem} {letter.due.isoformat()}"
    return f"report.{hashlib.sha256(of.encode()).hexdigest()[:32]}"


def _header(text: str) -> str:
    return " ".join(text.split())


def _context(server: Server) -> ssl.SSLContext | None:
    return None if server.tls == "none" else ssl.create_default_context(cafile=server.ca)


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
