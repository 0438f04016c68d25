"""Webhooks: how they fare, a test, and another attempt."""

from urllib.parse import quote

from switch.cli.arguments import ConfigOption, CsvOption, JsonOption, WatchOption, WebhookArgument
from switch.cli.client import DEFAULT_CONFIG
from switch.cli.outcome import asking, leave
from switch.cli.show import Manner, Question, form, show
from switch.cli.tables import WEBHOOKS


def show_webhooks(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    csv: CsvOption = False,
    watch: WatchOption = False,
) -> None:
    """Webhooks: what waits for them, and what they answered last."""
    with asking(config) as client:
        show(client, Question(WEBHOOKS, "/webhooks"), Manner(form(json, csv), watch))


def probe(name: WebhookArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Tell a webhook an event of type `test`, once; whether it took it."""
    with asking(config) as client:
        answer = client.ask("POST", f"/webhooks/{quote(name, safe='')}/test", patient=True).json()
    if answer["outcome"] != "taken":
        leave(1, f"{name}: {answer['outcome']}: {answer['error']}")
    print(f"{name} took it: {answer['status']} in {answer['seconds']:g} s")


def retry(name: WebhookArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Tell a webhook what waits for it, now, though it was given up."""
    with asking(config) as client:
        row = client.ask("POST", f"/webhooks/{quote(name, safe='')}/retry").json()
    print(f"{name} is tried: {row['waiting']} events wait")
