"""`mail` and `reports`: what fits together, and every mistake by its key."""

from pathlib import Path

import pytest

from switch.config.errors import ConfigErrors
from switch.config.load import load
from switch.config.reports import MailTls
from switch.reports.question import Format

MAIL = "mail: {host: mail.example, from: us@example.com}\n"


def found(tmp_path: Path, text: str) -> list[str]:
    """The mistakes, without file and place."""
    file = tmp_path / "centralita.yaml"
    file.write_text(f"server: {{data_dir: {tmp_path}}}\n{text}", encoding="utf-8")
    with pytest.raises(ConfigErrors) as caught:
        load(file)
    return [f"{error.path}: {error.message}" for error in caught.value.errors]


def test_what_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "centralita.yaml"
    (tmp_path / "mail.secret").write_text("s3cret\n")
    file.write_text(
        f"server: {{data_dir: {tmp_path}}}\n"
        "mail: {host: mail.example, from: us@example.com, user: us, secret_file: mail.secret}\n"
        "reports: [{report: queues, every: daily at 07:00, to: boss@example.com}]\n"
    )
    config = load(file)
    assert config.mail is not None
    assert (config.mail.port, config.mail.tls) == (587, MailTls.STARTTLS)
    assert config.mail.secret.get_secret_value() == "s3cret"
    (report,) = config.reports
    assert (report.format, report.to, str(report.every)) == (
        (Format.XLSX,),
        ("boss@example.com",),
        "daily at 07:00",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{report: queues, every: daily at 07:00, to: boss}",
            "reports[0].to: 'boss' is not an address of",
        ),
        (
            "{report: queues, every: at noon, to: a@b.c}",
            "reports[0].every: 'at noon' is no time for a report",
        ),
        ("{report: queue, every: daily at 07:00, to: a@b.c}", "reports[0].report: "),
        (
            "{report: queues, every: daily at 07:00, to: a@b.c, queue: x}",
            "reports[0].queue: no queue is called 'x'",
        ),
        (
            "{report: agents, every: daily at 07:00, to: a@b.c, skill: x}",
            "reports[0].skill: the report agents is",
        ),
        (
            "{report: queues, every: daily at 07:00, to: a@b.c, interval: 20}",
            "reports[0].interval: an interval has",
        ),
    ],
)
def test_reports_that_cannot_be(tmp_path: Path, text: str, fault: str) -> None:
    (line,) = found(tmp_path, f"{MAIL}reports: [{text}]\n")
    assert line.startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "reports: [{report: queues, every: daily at 07:00, to: a@b.c}]",
            "reports: need a server that takes",
        ),
        ("mail: {host: m, from: a@b.c, user: us}", "mail.user: needs secret or secret_file"),
        (
            "mail: {host: m, from: a@b.c, user: us, secret: x, tls: none}",
            "mail.tls: a password goes over no line",
        ),
        ("mail: {host: m, from: a@b.c, secret_file: none}", "mail.secret_file: "),
    ],
)
def test_mail_that_cannot_be(tmp_path: Path, text: str, fault: str) -> None:
    (line,) = found(tmp_path, f"{text}\n")
    assert line.startswith(fault)
