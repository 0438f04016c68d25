"""Scheduled reports against a real mail server: TLS, login, refusals, and each period once."""

import asyncio
import errno
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from switch.config.schema import Config
from switch.history.database import connect
from switch.records import to_us
from switch.reports.deliveries import Deliveries, name_of
from switch.reports.marks import locked, read_mark, write_mark
from switch.reports.outcomes import MailOutcome
from switch.reports.runner import Runner
from tests.peers.certificates import Authority
from tests.peers.ports import free_port
from tests.peers.tables import URL, share_tables
from tests.switch.reports.history import many, written

HOST = "127.7.25.1"
DUE = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
"""07:00 in Madrid, on the day after the calls."""
IN_TIME_S = 20.0


class MailServer:
    """Takes mail for everybody but those who have left, as often as it is not told to fail."""

    def __init__(self, authority: Authority | None, port: int = 0) -> None:
        self.port = port or free_port(HOST)
        self.mails: list[EmailMessage] = []
        self.failures = 0
        context = None
        if authority is not None:
            issued = authority.issue(HOST)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(issued.certificate, issued.private_key)
        self.controller = Controller(
            self,
            hostname=HOST,
            port=self.port,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=context is not None,
            authenticator=self._right,
            ready_timeout=IN_TIME_S,
        )

    @staticmethod
    def _right(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"reports", b"s3cret")
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.failures:
            self.failures -= 1
            return "451 try again later"
        content = envelope.original_content or b""
        self.mails.append(message_from_bytes(content, EmailMessage, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server(authority: Authority | None = None, port: int = 0) -> Iterator[MailServer]:
    server = MailServer(authority, port)
    server.controller.start()
    try:
        yield server
    finally:
        server.controller.stop()


def configured(tmp_path: Path, port: int, mail: dict[str, Any], **report: Any) -> Config:
    return Config.model_validate(
        {
            "server": {"data_dir": str(tmp_path), "language": "es"},
            "mail": {"host": HOST, "port": str(port), "from": "centralita@example.com"} | mail,
            "reports": [{"report": "calls", "every": "daily at 07:00", "to": "boss@example.com"} | report],
        }
    )


@asynccontextmanager
async def delivering(
    config: Config, now: datetime, retry_s: tuple[float, float] = (0.05, 0.1)
) -> AsyncIterator[Deliveries]:
    """Deliveries whose clock stands at `now` when they begin."""
    loop, runner = asyncio.get_running_loop(), Runner()
    ahead_us = to_us(now) - round(loop.time() * 1e6)

    async def settled() -> None:
        """All is written."""

    folder = config.path("mailed")
    folder.mkdir(exist_ok=True)
    deliveries = Deliveries(runner, folder, lambda: ahead_us + round(loop.time() * 1e6), settled, retry_s)
    deliveries.configure(config)
    try:
        yield deliveries
    finally:
        runner.close()
        await deliveries.close()


async def until(deliveries: Deliveries, **wanted: int) -> None:
    """The counts are at least so."""
    await so(lambda: all(deliveries.counts[MailOutcome(name)] >= count for name, count in wanted.items()))


async def so(condition: Callable[[], bool], within_s: float = IN_TIME_S) -> None:
    """It is."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - counters and files tell nobody
            await asyncio.sleep(0.02)


@pytest.fixture
async def history(tmp_path: Path) -> Path:
    """A day of calls."""
    share_tables(tmp_path)
    engine = connect(URL, tmp_path)
    await written(engine, tmp_path, 30)
    await engine.dispose()
    return tmp_path


def marks_of(config: Config) -> Path:
    return config.path("mailed") / f"{name_of(config.reports[0])}.json"


async def test_a_report_is_mailed_at_its_minute_over_tls(history: Path) -> None:
    authority = Authority(history / "certificates")
    login = {"user": "reports", "secret": "s3cret", "ca": str(authority.certificate.absolute())}
    with mail_server(authority) as server:
        config = configured(history, server.port, login, format=["xlsx", "csv-es", "table"])
        async with delivering(config, DUE - timedelta(seconds=0.5)) as deliveries:
            await until(deliveries, delivered=1)
        (mail,) = server.mails
        assert deliveries.counts.total() == 1
    assert mail["Subject"] == "Lista de llamadas: 2026-11-21"
    assert (mail["To"], mail["From"]) == ("boss@example.com", "centralita@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    files = {str(part.get_filename()): part.get_content() for part in mail.iter_attachments()}
    assert sorted(files) == ["calls-2026-11-21-es.csv", "calls-2026-11-21.xlsx"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "CALL0029" in body.get_content()
    page = openpyxl.load_workbook(BytesIO(files["calls-2026-11-21.xlsx"])).active
    cells = [str(cell) for row in page.iter_rows(values_only=True) for cell in row]
    assert [f"CALL{i:04}" in cells for i in range(30)] == [True] * 30
    assert read_mark(marks_of(config)) == DUE
    assert not list(config.path("mailed").glob("tmp*"))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"secret": "wrong"}, "535"),
        ({"ca": None}, "certificate verify failed"),
        ({"tls": "none", "user": None}, "530"),
    ],
)
async def test_a_server_that_is_not_convinced(
    history: Path, wrong: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(history / "certificates")
    login = {"user": "reports", "secret": "s3cret", "ca": str(authority.certificate.absolute())} | wrong
    with mail_server(authority) as server:
        config = configured(history, server.port, {key: it for key, it in login.items() if it is not None})
        async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
            await until(deliveries, retried=1)
        assert server.mails == []
    assert why in capsys.readouterr().out
    through = read_mark(marks_of(config))
    assert through is not None
    assert through < DUE


async def test_a_mail_is_tried_again_until_it_is_taken(history: Path) -> None:
    port = free_port(HOST)
    config = configured(history, port, {"tls": "none"}, to=["boss@example.com", "gone@example.com"])
    async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
        await until(deliveries, retried=1)  # nobody listens there
        with mail_server(port=port) as server:
            server.failures = 2
            await until(deliveries, delivered=1, refused=1)
            assert server.failures == 0
            assert len(server.mails) == 1
            assert deliveries.counts[MailOutcome.RETRIED] >= 3


async def test_a_full_disk_does_not_end_a_schedule(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mkdtemp, failures = tempfile.mkdtemp, [OSError(errno.ENOSPC, "No space left on device")]

    def full(*, dir: Path) -> str:
        if failures:
            raise failures.pop()
        return mkdtemp(dir=dir)

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with mail_server() as server:
        config = configured(history, server.port, {"tls": "none"})
        async with delivering(config, DUE - timedelta(seconds=0.2)) as deliveries:
            await until(deliveries, retried=1, delivered=1)
    assert len(server.mails) == 1


async def test_who_cannot_be_reached_is_given_up(history: Path) -> None:
    config = configured(history, free_port(HOST), {"tls": "none", "give_up_after": "1ms"})
    async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
        await so(lambda: read_mark(marks_of(config)) == DUE)
    assert deliveries.counts[MailOutcome.FAILED] == 1
    assert deliveries.counts[MailOutcome.RETRIED] == 0


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_what_no_pdf_holds_is_given_up_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of these calls, 11 hours are of the day that is told of: over 100,000."""
    share_tables(tmp_path)
    engine = connect(URL, tmp_path)
    await many(engine, 221_000)
    await engine.dispose()
    with mail_server() as server:
        config = configured(tmp_path, server.port, {"tls": "none"}, format=["pdf", "csv"])
        async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
            await so(lambda: read_mark(marks_of(config)) == DUE, 240.0)
        assert deliveries.counts.total() == deliveries.counts[MailOutcome.FAILED] == 1
        assert server.mails == []
    told = capsys.readouterr().out
    assert "a PDF holds 100,000 rows at most, and this report has more: ask for xlsx or csv" in told


async def test_what_was_due_while_no_switch_ran_is_mailed_late_and_once(history: Path) -> None:
    with mail_server() as server:
        config = configured(history, server.port, {"tls": "none"})
        marks = marks_of(config)
        write_mark(marks, DUE - timedelta(hours=20))
        for _ in range(2):  # a switch that is started again, and again
            async with delivering(config, DUE + timedelta(days=1, hours=1)) as deliveries:
                await so(lambda: read_mark(marks) == DUE + timedelta(days=1))
        assert [mail["Subject"] for mail in server.mails] == [
            "Lista de llamadas: 2026-11-21",
            "Lista de llamadas: 2026-11-22",
        ]
        assert deliveries.counts[MailOutcome.DELIVERED] == 0


async def test_two_processes_never_deliver_the_same(history: Path) -> None:
    with mail_server() as server:
        config = configured(history, server.port, {"tls": "none"})
        marks = marks_of(config)
        marks.parent.mkdir()
        with locked(marks):  # the child of a switch that was killed is at it
            async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
                await until(deliveries, retried=2)
                write_mark(marks, DUE)
        async with delivering(config, DUE - timedelta(seconds=0.1)) as deliveries:
            pass
        assert server.mails == []


async def test_the_same_period_again_is_the_same_to_the_byte(history: Path) -> None:
    with mail_server() as server:
        config = configured(history, server.port, {"tls": "none"}, format=["csv", "pdf", "json"])
        for _ in range(2):
            write_mark(marks_of(config), DUE - timedelta(hours=1))
            async with delivering(config, DUE) as deliveries:
                await until(deliveries, delivered=1)
        first, second = server.mails
        assert first["Message-ID"] == second["Message-ID"]
        assert [part.get_content() for part in first.iter_attachments()] == [
            part.get_content() for part in second.iter_attachments()
        ]


async def test_a_mark_that_is_none_of_ours_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, 25, {"tls": "none"})
    marks_of(config).parent.mkdir()
    marks_of(config).write_text(json.dumps({"through": "never"}))
    async with delivering(config, DUE) as deliveries:
        await until(deliveries, failed=1)
    assert "remove it to begin from now" in capsys.readouterr().out
