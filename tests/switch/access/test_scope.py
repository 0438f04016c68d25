"""What a token with a scope sees and does: what is another's is not there for it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from acd.events import CallPrioritised
from switch.access.holder import ADMINISTRATOR, Holder
from switch.access.narrowing import NoPart, narrowed
from switch.access.rights import Role
from switch.access.visible import visible
from switch.events.filter import Filter
from switch.events.rows import Kind
from switch.events.subject import agent, queue
from switch.events.types import EventType
from switch.history.entries import CallEnded
from switch.language import Language
from switch.reports.asking import Wish, question
from switch.reports.child import answer
from switch.reports.question import Format, Name
from switch.reports.request import Done, Output, Request
from tests.api_page import rights
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, at, waiting_call

V1 = "/api/v1"
ENDED = answered_call().id
ACTIVE = waiting_call().id
FOREIGN = "01J000000000000000000SALES"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        ours = answered_call()
        visits = tuple(replace(visit, queue="sales", agent="luis") for visit in ours.visits)
        legs = tuple(replace(leg, peer=leg.peer.replace("1001", "1002")) for leg in ours.legs)
        his = {"queue": "sales", "agent": "luis", "visits": visits, "legs": legs, "ended_at": at(70)}
        foreign = replace(ours, id=FOREIGN, **his)
        up.writer.put(CallEnded(call=foreign))
        yield up


@asynccontextmanager
async def client_of(
    api: Running, role: Role, queues: tuple[str, ...] = (), agents: tuple[str, ...] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    made = await api.services.tokens.add(
        "eva", role, ADMINISTRATOR, queues=queues, agents=agents, lasts=timedelta(hours=1)
    )
    async with api.client(token=made.secret) as client:
        yield client


async def names(client: httpx.AsyncClient, path: str) -> list[str]:
    response = await client.get(f"{V1}/{path}")
    assert response.status_code == 200, response.text
    return [row.get("name", row.get("id")) for row in response.json()["items"]]


async def test_a_supervisor_of_a_queue_sees_it_its_agents_and_its_calls(api: Running) -> None:
    async with client_of(api, Role.SUPERVISOR, queues=("support",)) as client:
        assert await names(client, "queues") == ["support"]
        assert await names(client, "agents") == ["ana"]
        assert await names(client, "calls") == [ACTIVE, ENDED]
        assert await names(client, "phones") == ["1001"]
        assert await names(client, "trunks") == []
        for path in (f"calls/{ENDED}", f"calls/{ACTIVE}", f"calls/{ACTIVE}/place", "agents/ana"):
            assert (await client.get(f"{V1}/{path}")).status_code == 200, path


async def test_of_what_is_anothers_it_sees_nothing_in_any_way(api: Running) -> None:
    paths = [
        "queues/support",
        "agents/ana",
        "phones/1001/preferences",
        *(
            f"{path}{rest}"
            for path in (f"calls/{ENDED}", f"calls/{ACTIVE}")
            for rest in ("", "/why", "/trace", "/trace.pcap")
        ),
        *(f"calls/{ACTIVE}/{part}" for part in ("place", "recording", "supervise")),
        f"recordings/{ENDED}",
    ]
    async with client_of(api, Role.SUPERVISOR, queues=("sales",)) as client:
        for path in paths:
            response = await client.get(f"{V1}/{path}")
            assert response.status_code == 404, path
            assert "ana" not in response.json()["detail"].replace("agents/ana", "").replace("'ana'", "")
        assert await names(client, "calls") == [FOREIGN]
        for path in ("queues", "agents", "calls?state=active", "calls?agent=ana", "calls?queue=support"):
            assert await names(client, path) == []


@pytest.mark.parametrize(
    ("role", "queues", "agents"),
    [
        (Role.SUPERVISOR, ("sales",), ()),
        (Role.SUPERVISOR, (), ("luis",)),
        (Role.AGENT, (), ("luis",)),
        (Role.WALLBOARD, ("sales",), ()),
    ],
)
async def test_no_route_at_all_tells_it_of_anothers(
    api: Running, role: Role, queues: tuple[str, ...], agents: tuple[str, ...]
) -> None:
    """Asked by every name that there is; of what the switch has nothing else is in any answer."""
    theirs = ("ana", "support", "1001", "+34600111222", ACTIVE, ENDED)
    asked = 0
    async with client_of(api, role, queues, agents) as client:
        for method, path, _ in rights(api.app):
            if method != "GET" or not path.startswith(V1):
                continue
            for name in theirs if "{" in path else ("",):
                url = re.sub(r"\{[\w:]+\}", name, path)
                answer = await client.get(url, params={"follow": "false"})
                asked += 1
                assert answer.status_code in (200, 403, 404, 422, 426), url
                if answer.status_code == 200:
                    told = answer.text.replace(FOREIGN, "")
                    shared = ("+34600111222",)  # he called both queues
                    assert not [one for one in theirs if one not in shared and f'"{one}"' in told], url
    assert asked > 100


@pytest.mark.parametrize(
    ("role", "queues", "agents", "refused"),
    [
        (Role.SUPERVISOR, ("sales",), (), {Name.AGENTS, Name.PAUSES}),
        (Role.SUPERVISOR, (), ("luis",), {*Name} - {Name.AGENTS, Name.PAUSES, Name.CALLS}),
        (Role.SUPERVISOR, ("sales",), ("luis",), set()),
        (Role.AGENT, (), ("luis",), {*Name} - {Name.AGENTS, Name.PAUSES, Name.CALLS}),
    ],
)
async def test_no_report_tells_it_of_anothers(
    api: Running, role: Role, queues: tuple[str, ...], agents: tuple[str, ...], refused: set[Name]
) -> None:
    wish = Wish(from_="2026-11-21", to="2026-11-21")
    sight = api.services.seen_by(Holder("eva", role, frozenset([*map(queue, queues), *map(agent, agents)])))
    await api.writer.flush()
    told, parted = "", set()
    for report in Name:
        asked = question(report, wish, "Europe/Madrid", Language.EN)
        try:
            seen = narrowed(asked, sight)
        except NoPart:
            parted.add(report)
            continue
        output = Output(Format.JSON, str(api.data_dir / report))
        request = Request(
            question=seen,
            outputs=(output,),
            database="sqlite:///centralita.db",
            data_dir=str(api.data_dir),
        )
        assert isinstance(await answer(request), Done)
        told += Path(output.path).read_text()
    assert parted == refused
    assert FOREIGN in told
    assert not [one for one in ("ana", "support", "1001", ENDED, ACTIVE) if f'"{one}"' in told]


async def test_a_report_is_asked_for_and_seen_within_the_scope(api: Running) -> None:
    day = {"from": "2026-11-21", "to": "2026-11-21"}
    reports = f"{V1}/reports"
    async with api.client() as admin, client_of(api, Role.AGENT, agents=("luis",)) as client:
        others = (await admin.post(f"{reports}/calls", json=day)).json()["id"]
        refused = await client.post(f"{reports}/queues", json=day)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:centralita:problem:forbidden")
        assert refused.json()["detail"].endswith("ask for agents, pauses, calls")
        for filters in ({"queue": "support"}, {"agent": "ana"}):
            assert (await client.post(f"{reports}/calls", json=day | filters)).status_code == 404
        made = (await client.post(f"{reports}/calls?wait=30", json=day)).json()
        assert (made["state"], made["rows"]) == ("done", 1)
        result = (await client.get(made["result"])).json()
        assert [row["call"] for row in result["rows"]] == [FOREIGN]
        assert result["about"]["Only of what this token sees: Agent"] == "luis"
        assert [row["id"] for row in (await client.get(f"{reports}/jobs")).json()["items"]] == [made["id"]]
        for method, path in (("GET", ""), ("GET", "/result"), ("DELETE", "")):
            assert (await client.request(method, f"{reports}/jobs/{others}{path}")).status_code == 404
        assert (await admin.get(made["result"])).status_code == 200


async def test_nor_can_it_do_anything_with_it(api: Running) -> None:
    call = f"calls/{ACTIVE}"
    acts: list[tuple[str, str, dict[str, object] | None]] = [
        ("POST", "agents/ana/state", {"state": "paused"}),
        ("POST", "queues/support/close", {}),
        ("POST", f"{call}/recording", {"state": "paused"}),
        ("POST", f"{call}/supervise", {"phone": "1001", "mode": "listen"}),
        ("DELETE", f"{call}/supervise", None),
        ("POST", f"{call}/transfer", {"to": "1002"}),
        ("POST", f"{call}/prioritise", {"priority": 9}),
        ("POST", f"{call}/withdraw", {"target": "hangup"}),
        ("DELETE", call, None),
    ]
    async with client_of(api, Role.SUPERVISOR, queues=("sales",)) as client:
        for method, path, body in acts:
            response = await client.request(method, f"{V1}/{path}", json=body)
            assert response.status_code == 404, path
        assert (await client.post(f"{V1}/queues/close", json={})).json()["items"] == []
    assert list(api.memory.calls) == [ACTIVE]
    assert api.memory.acts == []
    assert api.memory.closed is None


async def test_a_caller_is_moved_within_the_scope_only(api: Running) -> None:
    async with client_of(api, Role.SUPERVISOR, queues=("support",)) as client:
        beyond = {"move": {"queue": "sales"}, "assign": {"agent": "luis"}, "pull": {"agent": "luis"}}
        for path, body in beyond.items():
            response = await client.post(f"{V1}/calls/{ACTIVE}/{path}", json=body)
            assert response.status_code == 404, path
        assert (await client.post(f"{V1}/calls/{ACTIVE}/prioritise", json={"priority": 2})).status_code == 200
    assert api.memory.acts == [CallPrioritised(ACTIVE, 2, by="eva")]


async def test_a_token_acts_in_its_own_name_and_nobody_elses(api: Running) -> None:
    async with client_of(api, Role.SUPERVISOR) as client:
        lie = await client.post(f"{V1}/queues/support/close", json={"by": "marta"})
        assert lie.status_code == 403
        await client.post(f"{V1}/queues/support/close", json={"why": "fire"})
    assert api.memory.closed == ("eva", "fire")


async def test_an_agents_token_is_for_himself(api: Running) -> None:
    async with client_of(api, Role.AGENT, agents=("luis",)) as client:
        assert await names(client, "agents") == ["luis"]
        assert await names(client, "calls") == [FOREIGN]
        for name, status in (("ana", 404), ("luis", 200)):
            response = await client.post(f"{V1}/agents/{name}/state", json={"state": "paused"})
            assert response.status_code == status
        assert (await client.delete(f"{V1}/calls/{ACTIVE}")).status_code == 404
        assert (await client.get(f"{V1}/recordings/{FOREIGN}")).status_code == 403


async def test_a_call_that_an_agent_had_placed_is_his_own(api: Running) -> None:
    """It is in no queue and with no agent."""
    placed = replace(waiting_call(), id="01J0000000000000000PLACED", queue=None, visits=(), placed_by="luis")
    api.memory.calls[placed.id] = placed
    path = f"{V1}/calls/{placed.id}"
    async with client_of(api, Role.SUPERVISOR, queues=("support",)) as others:
        assert (await others.get(path)).status_code == (await others.delete(path)).status_code == 404
    await api.services.tokens.revoke("eva")
    async with client_of(api, Role.AGENT, agents=("luis",)) as his:
        assert (await his.get(path)).json()["placed_by"] == "luis"
        assert await names(his, "calls?state=active") == [placed.id]
        assert await names(his, "calls?agent=luis&state=active") == [placed.id]
        assert (await his.post(f"{path}/hold")).status_code == 200
        assert (await his.delete(path)).status_code == 204
    assert list(api.memory.calls) == [ACTIVE]


def test_which_events_somebody_hears() -> None:
    assert visible(ADMINISTRATOR) == Filter()
    board = visible(Holder("board", Role.WALLBOARD))
    assert board.kinds == {Kind.QUEUE, Kind.AGENT}
    assert EventType.QUEUE_CHANGED in board.types
    assert not [each for each in board.types if each.startswith(("call.", "phone.", "alarm"))]
    eva = visible(Holder("eva", Role.SUPERVISOR, frozenset([queue("support")]))).narrowed(["call.*"])
    assert eva.passes(EventType.CALL_STARTED, frozenset([queue("support"), agent("ana")]))
    assert not eva.passes(EventType.CALL_STARTED, frozenset([queue("sales")]))
    assert not eva.passes(EventType.CALL_STARTED, frozenset())


async def test_tokens_over_the_api(api: Running) -> None:
    async with api.client() as admin:
        wanted = {"name": "eva", "role": "supervisor", "queues": ["support"], "expires_in_s": 60}
        made = await admin.post(f"{V1}/tokens", json=wanted)
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        secret = made.json()["secret"]
        listed = (await admin.get(f"{V1}/tokens")).text
        assert '"name":"eva"' in listed
        assert secret not in listed
        async with api.client(token=secret) as eva:
            assert (await eva.get(f"{V1}/queues")).status_code == 200
            assert (await admin.post(f"{V1}/tokens", json=wanted)).status_code == 409
            assert (await admin.delete(f"{V1}/tokens/eva")).status_code == 200
            assert (await eva.get(f"{V1}/queues")).status_code == 401
        assert (await admin.delete(f"{V1}/tokens/eva")).status_code == 404
        typo = await admin.post(f"{V1}/tokens", json=wanted | {"queues": ["suport"]})
        assert (typo.status_code, typo.json()["detail"]) == (409, "no queue 'suport'")
