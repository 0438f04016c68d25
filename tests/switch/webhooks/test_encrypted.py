"""Over TLS: the address that was looked at is spoken to, and the certificate is that of the name."""

import asyncio
import ssl
from pathlib import Path

import pytest

from switch.config.webhook import Webhook
from switch.webhooks.outbox import Line
from switch.webhooks.post import Attempt, Poster
from tests.peers.certificates import Authority

LINE = Line(7, "alarm", b"{}")


@pytest.mark.parametrize(
    ("name", "outcome"), [("localhost", Attempt.TAKEN), ("other.example", Attempt.UNREACHABLE)]
)
async def test_who_has_the_names_certificate_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, outcome: Attempt
) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    names: list[str | None] = []
    hosts: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        hosts.append(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:")))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    context = authority.server(issued)
    context.sni_callback = lambda tls, asked, _: names.append(asked)
    context.verify_mode = ssl.CERT_NONE
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    settings = Webhook.model_validate(
        {"url": f"https://localhost:{port}/in", "secret": "x", "private": "yes"}
    )
    poster = Poster("crm", settings)
    posted = await poster.post(LINE, 1_800_000_000)
    await poster.close()
    server.close()
    assert posted.outcome is outcome, posted
    assert names == ["localhost"]
    if outcome is Attempt.TAKEN:
        assert [host.lower() for host in hosts] == [b"host: localhost:%d" % port]
    else:
        assert "certificate" in (posted.error or "").lower()
