"""A reload changes seats and queues under calls: what was removed serves until its last call ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from media.events import Silent
from media.wav import encode_wav
from sip.events import IncomingInvite
from sip.flow import Flow
from switch.api.entrance import Entrance
from switch.calls.ending import Reason, Result
from switch.identities.caller import Caller
from switch.persistence.journal import Retention
from switch.reloading import Reloader
from tests.switch.far_end import answering
from tests.switch.identities.authority import Authority
from tests.switch.stage import NUMBER, OURS, Stage, centre

ELSEWHERE = [{"trunk": "carrier", "to": "600", "go": "echo"}]


async def test_who_waits_in_a_queue_that_was_removed_is_still_answered(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.reload(queues={}, routes=ELSEWHERE)
    phone = await stage.phone()
    assert phone.invited.request.from_.display == "support +34600111222"
    await phone.answer()
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.queue, record.agent, record.result) == ("support", "ana", Result.ANSWERED)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_who_is_lost_in_a_queue_that_was_removed_waits_there_again(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    await stage.reload(queues={}, routes=ELSEWHERE)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(stage.call.party), 20.0))
    await stage.pass_by(5)
    assert stage.heard(stage.call.caller) == "music default"
    other = await stage.phone("1002")
    await other.answer()
    assert stage.call.agent == "luis"


async def test_how_much_of_the_past_is_kept(stage: Stage) -> None:
    assert stage.journal.retention == Retention(86_400.0, 1_000_000_000)
    await stage.reload(journal={"keep": "1h", "size_mb": "5"})
    assert stage.journal.retention == Retention(3600.0, 5_000_000)


async def test_an_agent_without_a_phone_is_not_rung(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.reload(agents={"ana": {"skills": {"support": "5"}}})
    await stage.carrier.dial(NUMBER)
    assert not phone.all(IncomingInvite)
    assert stage.agent() == "unreachable"


async def test_a_trunk_that_was_removed_leaves_with_its_last_call(stage: Stage) -> None:
    session = await stage.carrier.dial("600")
    await stage.reload(trunks={}, routes=[])
    (row,) = stage.running.trunks()
    assert (row.name, row.calls, row.leaving) == ("carrier", 1, True)
    await stage.carrier.hang_up(session)
    assert not stage.running.trunks()
    assert stage.history.calls[0].reason is Reason.CALLER_HUNG_UP


async def test_a_watched_phone_is_left_alone_when_its_agent_moves(stage: Stage) -> None:
    phone = await stage.phone()
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.exchange.registrations.lost("1001", Flow("udp", OURS, phone.address))
    await stage.settle()
    assert stage.agent() == "unreachable"
    agents = {"ana": {"phone": "1002", "skills": {"support": "5"}}}
    await stage.reload(agents=agents)
    stage.lose = lambda data: False
    phone.received.clear()
    await stage.pass_by(60)
    assert not phone.received


# From the file. These read it in a child process, so time is not moved: the stage is not the fixture.


@asynccontextmanager
async def from_file(folder: Path, **sections: Any) -> AsyncIterator[tuple[Stage, Reloader, Path]]:
    """A switch whose configuration lies in a file, and which reloads it."""
    music = folder / "music" / "default" / "a.wav"
    music.parent.mkdir(parents=True)
    music.write_bytes(encode_wav(bytes(1600)))
    stage, path = Stage(folder, sections), folder / "centralita.yaml"
    write(path, folder, **sections)
    yield (
        stage,
        Reloader(path, stage.exchange, stage.staffing, stage.switch.identification, Entrance()),
        path,
    )
    await stage.close()


def write(path: Path, folder: Path, **sections: Any) -> None:
    document = {**centre(**sections), "server": {"data_dir": str(folder)}}
    path.write_text(yaml.safe_dump(document))


async def test_a_good_file_is_applied_and_its_changes_are_told(tmp_path: Path) -> None:
    async with from_file(tmp_path) as (stage, reloader, path):
        write(path, tmp_path, queues={"support": {"max_wait": "2m"}, "sales": {}})
        reloaded = await reloader.reload()
        assert reloaded.applied
        assert reloaded.errors == ()
        assert any("sales" in change for change in reloaded.changes)
        assert stage.exchange.config.queues["support"].max_wait == 120.0
        await stage.settle()
        assert {row.name for row in stage.running.queues()} == {"support", "sales"}
        assert stage.metrics().value("centralita_config_last_reload_successful") == 1


@pytest.mark.parametrize(
    ("queue", "error"),
    [
        ({"stratgy": "longest-idle"}, "did you mean 'strategy'?"),
        ({"music": "jazz"}, "queues.support.music: no music 'jazz'"),
        ({"recording_notice": "absent"}, "queues.support.recording_notice: no prompt 'absent'"),
    ],
    ids=["mistake", "no music", "no prompt"],
)
async def test_a_bad_file_changes_nothing_and_says_why(
    tmp_path: Path, queue: dict[str, str], error: str
) -> None:
    async with from_file(tmp_path) as (stage, reloader, path):
        before = stage.exchange.config
        write(path, tmp_path, queues={"support": queue})
        reloaded = await reloader.reload()
        assert not reloaded.applied
        assert any(error in line for line in reloaded.errors), reloaded.errors
        assert stage.exchange.config is before
        assert stage.metrics().value("centralita_config_last_reload_successful") == 0


async def test_two_reloads_come_one_after_the_other(tmp_path: Path) -> None:
    async with from_file(tmp_path) as (stage, reloader, path):
        write(path, tmp_path, queues={"support": {"max_wait": "2m"}})
        first, second = await asyncio.gather(reloader.reload(), reloader.reload())
        assert first.applied
        assert second.applied
        assert stage.exchange.config.queues["support"].max_wait == 120.0


async def test_keys_and_number_rules_are_read_again(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    sign = {"certificate_url": "https://certificates.example/a.pem", "private_key": str(key)}
    trunk = {
        "accept_from": ["192.0.2.10/32"],
        "proxy": "sip:192.0.2.10:5060",
        "numbers": {"country": "ES", "outbound": "national"},
        "stir": {"sign": sign},
    }
    async with from_file(tmp_path) as (stage, reloader, path):
        write(path, tmp_path, trunks={"carrier": trunk})
        assert "cannot be read" in (await reloader.reload()).errors[0]
        assert not stage.exchange.identities.keys.signers
        key.write_bytes(Authority().certify().key_pem)
        assert (await reloader.reload()).applied
        presented = stage.exchange.identities.present("carrier", Caller("+34911222333"), "+34911000000")
        assert presented.number == "911000000"
        assert [name for name, _ in presented.headers] == ["Identity"]
