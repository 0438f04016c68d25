"""No secret is told: a switch in trouble on every side logs all it can, and all that it says is read."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.carrier import Carrier, Digest
from tests.peers.phone import Phones
from tests.peers.postgresql import Postgresql
from tests.peers.switch import IN_TREE, Switch

PHONES = {"1001": "hush-phone-one", "1002": "hush-phone-two"}
CONFIGURED = {
    **PHONES,
    "carrier": "s3cret",  # as tests/peers/carrier.py has it
    "digest": "hush-accepted-digest",
    "database": "hush-database",
    "webhook": "hush-webhook-signature",
    "crm": "hush-webhook-url",
    "mail": "hush-mail",
    "hep": "hush-hep",
}
ON_THE_WIRE = (rb'response="([0-9a-f]{16,})"', rb'cnonce="([^"]{8,})"', rb"inline:([A-Za-z0-9+/]{30,})")
V1 = "/api/v1"


def sections(carrier: Carrier, database: Postgresql) -> dict[str, Any]:
    """Everything that takes a secret, much of it towards a place where nobody is."""
    nobody = ports.free_port("127.0.0.1")
    out = {
        "registration": {"registrar": carrier.uri, "user": "us", "domain": "carrier.example"},
        "credentials": {"user": "us", "secret": CONFIGURED["carrier"]},
        "accept_digest": {"user": "them", "secret": CONFIGURED["digest"]},
    }
    given = centre(2)
    return given | {
        "database": {"url": database.url.replace("centralita@", f"centralita:{CONFIGURED['database']}@")},
        "phones": {name: {"secret": secret, "srtp": "required"} for name, secret in PHONES.items()},
        "media": {"srtp_keys_in_clear": True},
        "logs": {"level": "debug"},
        "trace": {"hep": f"127.0.0.1:{nobody}", "hep_secret": CONFIGURED["hep"]},
        "trunks": {"out": out},
        "routes": [{"phone": "*", "to": "10??", "go": "phone"}],
        "webhooks": {
            "crm": {
                "url": f"http://127.0.0.1:{nobody}/?key={CONFIGURED['crm']}",
                "secret": CONFIGURED["webhook"],
                "private": True,
                "events": ["*"],
            }
        },
        "mail": {
            "host": "127.0.0.1",
            "port": nobody,
            "tls": "implicit",
            "user": "centralita",
            "secret": CONFIGURED["mail"],
            "from": "centralita@centralita.example",
        },
    }


def readable(document: dict[str, Any], call: str) -> Iterator[str]:
    """What the API gives to read about the switch and that call, streams aside."""
    names = {"call": call, "name": "1001"}
    for path, methods in document["paths"].items():
        if "get" in methods and path not in (f"{V1}/trace", f"{V1}/trace.pcap"):
            yield re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "1"), path)


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


async def test_of_no_secret_a_word_is_said(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        database = stack.enter_context(Postgresql.running())
        carrier = await stack.enter_async_context(Carrier.running(digest=Digest(("SHA-256", "MD5"))))
        switch = await stack.enter_async_context(Switch.running(**sections(carrier, database)))
        tell_on_failure("switch", switch.story)
        admin = (switch.data_dir / "admin.token").read_text().strip()
        made = await switch.request("POST", f"{V1}/tokens", json={"name": "eva", "role": "supervisor"})
        token = made.json()["secret"]
        wrong = await switch.request("GET", f"{V1}/queues", headers={"Authorization": f"Bearer {token}x"})
        assert wrong.status_code == 401

        desks = await stack.enter_async_context(Phones.running())
        one, two = [
            await desks.phone(name, secret, switch.sip, srtp="mandatory") for name, secret in PHONES.items()
        ]
        for desk in (one, two):
            await desk.register()
        await two.behave("answer")
        talk = await (await one.dial(f"sip:1002@{switch.sip}")).until("established")
        (active,) = await switch.items(f"{V1}/calls?state=active")
        levels = await switch.request("PUT", f"{V1}/logs", json={"level": "debug", "call": active["id"]})
        assert levels.status_code == 200
        eva = {"Authorization": f"Bearer {token}"}
        assert (await switch.request("GET", f"{V1}/calls/{active['id']}", headers=eva)).status_code == 200
        await talk.hang_up()
        (record,) = await switch.ended_calls(1)
        assert {leg["encryption"] for leg in record["legs"]} == {"sdes"}

        wire = b"".join(datagram.payload for datagram in switch.wire())
        secrets = {admin, token, *CONFIGURED.values()}
        for pattern in ON_THE_WIRE:
            found = {value.decode() for value in re.findall(pattern, wire)}
            assert found, pattern
            secrets |= found

        said: dict[str, str] = {}
        document = await switch.get("/api/openapi.json")
        for path in readable(document, record["id"]):
            answer = await switch.request("GET", path)
            assert answer.status_code < 500, answer.text
            said[path] = answer.text
        assert "inline:****" in said[f"{V1}/calls/{record['id']}/trace"]
        for words in (("doctor",), ("call", "trace", record["id"])):
            code, said[words[0]] = await command(switch, *words)
            assert code == 0, said
        await asyncio.to_thread(database.stop)
        await switch.request("GET", f"{V1}/calls?state=ended")
        said["doctor, the database away"] = (await command(switch, "doctor"))[1]
        await switch.request("POST", f"{V1}/reload")
        switch.drain()
        switch.drain()
        await switch.exited()
        said["log"] = switch.log()

    assert "debug" in said["log"]
    told = {(place, secret) for place, text in said.items() for secret in secrets if secret in text}
    assert told == set()
