"""The API by HTTPS: a program with a client of its own, the commands of this machine, and a renewal."""

import asyncio
import json
import ssl
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.e2e.centre import Tell, centre
from tests.peers.certificates import Authority
from tests.peers.switch import IN_TREE, Switch


async def command(switch: Switch, *words: str) -> tuple[int, str]:
    """What a command says, and its exit status."""
    child = await asyncio.create_subprocess_exec(
        *IN_TREE,
        *words,
        "--config",
        str(switch.config_file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(child.communicate(), 20)
    assert child.returncode is not None
    return child.returncode, said.decode()


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

        code, said = await command(switch, "queue", "show", "--json")
        assert (code, json.loads(said)["items"][0]["name"]) == (0, "support")

        authority.issue("new.example", file="api")
        assert await command(switch, "reload") == (0, "nothing changed\n")
        assert await status("new.example") == 200
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await status("pbx.example")
        assert (await command(switch, "queue", "show"))[0] == 0

        switch.write_config({**switch.config, "http": {"listen": switch.config["http"]["listen"]}})
        await switch.reload()
        assert (await switch.until(log, lambda log: "http.tls: only a restart" in log)).count(token) == 0
