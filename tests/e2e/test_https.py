"""The API by HTTPS: a program with a client of its own, the commands of this machine, and a renewal."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from switch.cli.client import Client, place
from tests.e2e.centre import Tell, centre
from tests.peers.certificates import Authority
from tests.peers.switch import Switch


async def command(switch: Switch, method: str, path: str) -> Any:
    """What a command on this machine is answered, which has read the configuration anew."""

    def ask() -> Any:
        client = Client(place(switch.config_file))
        try:
            return client.ask(method, path).json()
        finally:
            client.close()

    return await asyncio.to_thread(ask)


async def test_programs_and_commands_over_tls_and_the_renewal_of_its_certificate(
    tmp_path: Path, tell_on_failure: Tell
) -> None:
    authority = Authority(tmp_path / "tls")
    issued = authority.issue("pbx.example", file="api")
    tls = {"certificate": str(issued.certificate), "private_key": str(issued.private_key)}
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    async with Switch.running(**centre(1), http={"tls": tls}) as switch:
        tell_on_failure("switch", switch.story)
        assert f" {switch.url.replace('//', '')} " in switch.ready_line
        token = (switch.data_dir / "admin.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}

        async def status(name: str) -> int:
            """As a program that knows us by that name, and trusts the authority."""
            async with httpx.AsyncClient(base_url=switch.url, headers=headers, verify=trusting) as client:
                there = {"sni_hostname": name}
                return (await client.get("/api/v1/queues", extensions=there)).status_code

        async def log() -> str:
            return switch.log()

        assert await status("pbx.example") == 200
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await status("other.example")
        async with httpx.AsyncClient() as plain:
            with pytest.raises(httpx.TransportError):
                await plain.get(f"{switch.url.replace('https', 'http')}/livez")
        events = f"{switch.url.replace('https', 'wss')}/api/v1/events"
        async with connect(
            events, additional_headers=headers, ssl=trusting, server_hostname="pbx.example"
        ) as socket:
            assert json.loads(await socket.recv())["type"] == "snapshot"

        assert (await command(switch, "GET", "/queues"))["items"][0]["name"] == "support"

        authority.issue("new.example", file="api")
        assert (await command(switch, "POST", "/reload"))["applied"]
        assert await status("new.example") == 200
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await status("pbx.example")
        assert (await command(switch, "GET", "/queues"))["items"]

        switch.write_config({**switch.config, "http": {"listen": switch.config["http"]["listen"]}})
        await switch.reload()
        assert (await switch.until(log, lambda log: "http.tls: only a restart" in log)).count(token) == 0
