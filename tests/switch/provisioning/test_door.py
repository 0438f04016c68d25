"""The door: one answer to all who may not know, in one time, and patience with nobody."""

import httpx
import pytest
from structlog.testing import capture_logs

from switch.config.choices import Maker
from switch.provisioning.door import Answer, Door
from switch.provisioning.phone_files import PhoneFiles
from switch.provisioning.zones import Zone
from tests.switch.provisioning.sites import KEY, NAMES, site

FILE = NAMES[Maker.YEALINK][0]


class Desk:
    """The door, and a clock that the test moves."""

    def __init__(self, config_secret: str = "s3cret") -> None:
        self.now = 100.0
        self.files = PhoneFiles(KEY)
        self.files.configure(site(Maker.YEALINK, secret=config_secret))
        self.door = Door(self.files, lambda: self.now, refused_after_s=0.0)
        self.folder = self.files.path("1001")

    def client(self, host: str = "192.0.2.50") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.door, client=(host, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://192.0.2.9:8081")


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_phone_gets_its_file(desk: Desk) -> None:
    async with desk.client() as phone:
        with capture_logs() as logs:
            answer = await phone.get(f"{desk.folder}{FILE}", headers={"User-Agent": "Yealink SIP-T46S"})
        assert answer.status_code == 200
        assert "account.1.password = s3cret\n" in answer.text
        assert "account.1.outbound_proxy.1.address = 192.0.2.9\n" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        (said,) = logs
        assert (said["event"], said["phone"], said["agent"]) == ("given", "1001", "Yealink SIP-T46S")
        assert (await phone.head(f"{desk.folder}{FILE}")).status_code == 200
        secret_parts = ("s3cret", str(desk.folder).split("/")[2])
        assert not [part for part in secret_parts if part in str(logs)]


async def test_unknown_and_forbidden_are_the_same_answer(desk: Desk) -> None:
    wrong_key = "/provision/" + "a" * 26 + "/"
    wrong = {
        "no such path": ("GET", f"{wrong_key}{FILE}", ""),
        "no such file": ("GET", f"{desk.folder}other.cfg", ""),
        "another's file": ("GET", f"{desk.folder}001565aabbcd.cfg", ""),
        "another phone": ("GET", f"{desk.folder}{FILE}", "Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cd"),
        "the folder": ("GET", str(desk.folder), ""),
        "the folder above": ("GET", "/provision/", ""),
        "nowhere": ("GET", "/", ""),
        "a write": ("PUT", f"{desk.folder}{FILE}", ""),
        "a method of nobody's": ("BREW", f"{desk.folder}{FILE}", ""),
        "options": ("OPTIONS", f"{desk.folder}{FILE}", ""),
    }
    answers = set()
    async with desk.client() as phone:
        for method, path, agent in wrong.values():
            answer = await phone.request(method, path, headers={"User-Agent": agent})
            answers.add((answer.status_code, tuple(answer.headers.raw), answer.content))
    (only,) = answers
    assert only[0] == 404
    assert only[2] == b""
    assert desk.door.counts == {Answer.GIVEN: 0, Answer.REFUSED: len(wrong), Answer.SLOWED: 0}


async def test_every_refusal_takes_the_same_time() -> None:
    """It is sent so long after the request came, whatever was looked for in between."""
    waits: list[float] = []
    desk = Desk()
    door = Door(desk.files, lambda: desk.now, refused_after_s=0.5)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("switch.provisioning.door.asyncio.sleep", sleep)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(door), base_url="http://192.0.2.9:8081"
        ) as phone:
            await phone.get(f"/provision/{'a' * 26}/{FILE}")
            await phone.get(f"{desk.folder}other.cfg")
    assert waits == [0.5, 0.5]


async def test_who_guesses_is_slowed_down_and_nobody_else(desk: Desk) -> None:
    async with desk.client() as guesser, desk.client("192.0.2.51") as phone:
        for guess in range(30):
            await guesser.get(f"/provision/{guess:026d}/{FILE}")
        assert desk.door.counts[Answer.SLOWED] == 10
        assert (await guesser.get(f"{desk.folder}{FILE}")).status_code == 404, "not even the right one"
        assert (await phone.get(f"{desk.folder}{FILE}")).status_code == 200
        desk.now += 60
        assert (await guesser.get(f"{desk.folder}{FILE}")).status_code == 200


async def test_a_phone_may_look_for_what_is_not_there(desk: Desk) -> None:
    """A Polycom asks for a dozen files that we do not have, and sends its logs."""
    async with desk.client() as phone:
        for n in range(40):
            assert (await phone.put(f"{desk.folder}{n}-app.log", content=b"log")).status_code == 404
        assert (await phone.get(f"{desk.folder}{FILE}")).status_code == 200


async def test_a_value_that_cannot_be_written_is_a_refusal_and_an_error_in_the_log() -> None:
    desk = Desk("two\nlines")
    async with desk.client() as phone:
        with capture_logs() as logs:
            assert (await phone.get(f"{desk.folder}{FILE}")).status_code == 404
    assert [said["log_level"] for said in logs] == ["error", "info"]
    assert "lines" not in str(logs)


async def test_a_file_that_cannot_be_made_is_a_refusal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Zone:
        raise FileNotFoundError(name)

    monkeypatch.setattr(Zone, "named", gone)
    async with desk.client() as phone:
        with capture_logs() as logs:
            assert (await phone.get(f"{desk.folder}{FILE}")).status_code == 404
    assert [said["log_level"] for said in logs] == ["error", "info"]
