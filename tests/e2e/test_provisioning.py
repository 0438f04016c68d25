"""Phones' files from a real switch: by HTTP and HTTPS, rotated, and read by a softphone's own parser."""

import re
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from tests.e2e.centre import Tell
from tests.peers import ports
from tests.peers.certificates import Authority
from tests.peers.phone import Phones
from tests.peers.switch import Switch

SECRET = "\"quotes\" & 'more' <angles>"
DESK = {"mac": "00:15:65:aa:bb:cc", "keys": [{"lamp": "1002", "label": "Luis"}]}


def phones(rotation: int = 0) -> dict[str, Any]:
    return {
        "1001": {"secret": SECRET, "maker": "yealink", "provision": {**DESK, "rotation": rotation}},
        "1002": {"secret": "of-1002", "provision": {"rotation": 0}},
    }


async def test_a_phone_registers_with_what_its_file_says(tell_on_failure: Tell) -> None:
    address = ports.own_address()
    provisioning = {"listen": f"{address}:{ports.free_port(address)}"}
    async with (
        Switch.running(address=address, phones=phones(), provisioning=provisioning) as switch,
        httpx.AsyncClient() as fetcher,
        Phones.running() as desks,
    ):
        tell_on_failure("switch", switch.story)
        assert (switch.data_dir / "provisioning.key").stat().st_mode & 0o777 == 0o600
        where = await switch.get("/api/v1/phones/1001/provisioning")
        answer = await fetcher.get(f"{where['url']}{where['files'][0]}")
        assert answer.headers["cache-control"] == "no-store"
        told = dict(re.findall("^(.*?) = (.*)$", answer.text, re.MULTILINE))
        assert (told["account.1.password"], told["linekey.2.value"]) == (SECRET, "1002")

        place = f"{told['account.1.outbound_proxy.1.address']}:{told['account.1.outbound_proxy.1.port']}"
        page = await fetcher.get((await switch.get("/api/v1/phones/1002/provisioning"))["url"])
        cells = [cell.text for cell in _page(page.text).iter("td")]
        user, secret, _, proxy = cells[:4]
        assert (user, secret, proxy) == ("1002", "of-1002", place)
        desk = await desks.phone(str(user), str(secret), str(proxy))
        await desk.register()

        unknown = await fetcher.get(f"{provisioning_root(where['url'])}{'a' * 26}/{where['files'][0]}")
        forbidden = await fetcher.get(f"{where['url']}001565aabbcd.cfg")
        assert _all_of(unknown) == _all_of(forbidden)
        metrics = await switch.metrics()
        assert metrics.value("centralita_provisioning_requests_total", answer="given") == 2
        assert metrics.value("centralita_provisioning_requests_total", answer="refused") == 2
        assert SECRET not in switch.log()
        assert urlsplit(where["url"]).path.split("/")[2] not in switch.log()


async def test_a_softphone_fetches_its_account(tell_on_failure: Tell) -> None:
    """Linphone knows its name and the URL that the QR code holds, and nothing else."""
    address = ports.own_address()
    provisioning = {"listen": f"{address}:{ports.free_port(address)}"}
    settings = {"1002": {"secret": SECRET, "provision": {"transport": "tcp"}}}
    async with (
        Switch.running(address=address, phones=settings, provisioning=provisioning) as switch,
        Phones.running("linphone") as desks,
    ):
        tell_on_failure("switch", switch.story)
        tell_on_failure("linphone", desks.story)
        where = await switch.get("/api/v1/phones/1002/provisioning")
        desk = await desks.phone("1002", file=f"{where['url']}{where['files'][0]}")
        await desk.register()
        (row,) = await switch.items("/api/v1/phones")
        (contact,) = row["contacts"]
        assert (contact["transport"], contact["user_agent"].split("/")[0]) == ("tcp", "Linphonec")


async def test_https_its_renewal_and_new_paths(tmp_path: Path, tell_on_failure: Tell) -> None:
    authority = Authority(tmp_path / "tls")
    address = ports.own_address()
    issued = authority.issue("127.0.0.1", address, file="door")
    provisioning = {
        "listen": f"{address}:{ports.free_port(address)}",
        "certificate": str(issued.certificate),
        "private_key": str(issued.private_key),
    }
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    async with Switch.running(address=address, phones=phones(), provisioning=provisioning) as switch:
        tell_on_failure("switch", switch.story)
        first = await switch.get("/api/v1/phones/1001/provisioning")
        assert first["url"].startswith("https://")

        async def status(row: dict[str, Any]) -> int:
            async with httpx.AsyncClient(verify=trusting) as fetcher:
                return (await fetcher.get(f"{row['url']}{row['files'][0]}")).status_code

        assert await status(first) == 200
        authority.issue("other.example", file="door")
        switch.write_config({**switch.config, "phones": phones(rotation=1)})
        assert (await switch.request("POST", "/api/v1/reload")).status_code == 200
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await status(first)
        authority.issue(address, file="door")
        (switch.data_dir / "provisioning.key").rename(tmp_path / "old.key")
        second = await switch.get("/api/v1/phones/1001/provisioning")
        assert (await switch.request("POST", "/api/v1/reload")).status_code == 200
        third = await switch.get("/api/v1/phones/1001/provisioning")
        assert len({first["url"], second["url"], third["url"]}) == 3
        assert [await status(row) for row in (first, second, third)] == [404, 404, 200]


def provisioning_root(url: str) -> str:
    return url.rstrip("/").rpartition("/")[0] + "/"


def _page(text: str) -> ElementTree.Element:
    """A page of ours is XML but for its first line and its void elements."""
    return ElementTree.fromstring(re.sub("<!DOCTYPE html>|<meta[^>]*>", "", text))


def _all_of(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
    return answer.status_code, headers, answer.content
