"""What must fit together in `mail` and `reports`."""

from collections.abc import Callable, Iterator

from switch.config.document import Path
from switch.config.reports import MailTls
from switch.config.schema import Config
from switch.reports.catalogue import refused
from switch.reports.question import Filters


def faults(config: Config, has: Callable[..., bool]) -> Iterator[tuple[Path, str]]:
    """Every mistake, and where it is. `has` tells whether something stands in the file, right or wrong."""
    if config.reports and not has("mail"):
        yield ("reports",), "need a server that takes them; give mail with host and from"
    mail = config.mail
    if mail is not None:
        has_secret = bool(mail.secret.get_secret_value())
        if has_secret and mail.secret_file is not None:
            yield ("mail", "secret_file"), "stands beside secret; give one of them"
        if mail.user is not None and not has_secret and mail.secret_file is None:
            yield ("mail", "user"), "needs secret or secret_file"
        if mail.user is not None and mail.tls is MailTls.NONE:
            yield ("mail", "tls"), "a password goes over no line in the clear; write starttls or implicit"
    for i, report in enumerate(config.reports):
        if report.queue is not None and not has("queues", report.queue):
            yield ("reports", i, "queue"), f"no queue is called '{report.queue}'"
        if report.agent is not None and not has("agents", report.agent):
            yield ("reports", i, "agent"), f"no agent is called '{report.agent}'"
        filters = Filters(queue=report.queue, agent=report.agent, skill=report.skill, number=report.number)
        for fault in refused(report.report, filters):
            key, _, why = fault.partition(": ")
            yield ("reports", i, key), why
        if report in config.reports[:i]:
            yield ("reports", i), "is there twice"
