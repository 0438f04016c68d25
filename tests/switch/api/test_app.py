"""The API of the contract, over the application itself."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from switch.api.app import create_app, prepare
from switch.api.problems import MEANINGS, Kind
from switch.api.rows import AgentRow, PhoneRow, QueueRow, TrunkRow
from switch.history.database import connect
from switch.history.entries import CallEnded
from switch.history.reader import Reader
from switch.records import CallRecord, RecordingRecord
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, at, waiting_call

V1 = "/api/v1"
ENDED = answered_call().id
ACTIVE = waiting_call().id

PROTECTED = [
    *(("GET", path) for path in ("queues", "agents", "calls", "phones", "trunks", "events")),
    *(("GET", path) for path in (f"calls/{ACTIVE}", f"calls/{ACTIVE}/why", f"recordings/{ENDED}")),
    ("POST", "agents/ana/state"),
    *(("POST", f"queues/{path}") for path in ("close", "open", "support/close", "support/open")),
    ("GET", "phones/1001/provisioning"),
    ("GET", f"calls/{ACTIVE}/recording"),
    ("POST", f"calls/{ACTIVE}/recording"),
    ("GET", f"calls/{ACTIVE}/forks"),
    ("POST", f"calls/{ACTIVE}/forks"),
    ("DELETE", f"calls/{ACTIVE}/forks/1"),
    ("POST", f"calls/{ACTIVE}/transfer"),
    ("GET", f"calls/{ACTIVE}/place"),
    *(("POST", f"calls/{ACTIVE}/{act}") for act in ("prioritise", "assign", "pull", "move", "withdraw")),
    *((method, f"calls/{ACTIVE}/supervise") for method in ("GET", "POST", "DELETE")),
    ("DELETE", f"calls/{ACTIVE}"),
    ("POST", "events/tickets"),
    ("POST", "reload"),
    ("POST", "drain"),
]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


@pytest.fixture
async def client(api: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client() as connected:
        yield connected


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an error, which must be a problem of this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["type"] in {kind.uri for kind in Kind if MEANINGS[kind].status == status}
    return body


async def test_where_a_phone_gets_its_files_is_kept_by_nobody(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{V1}/phones/1001/provisioning")
    assert response.json()["url"] == "https://192.0.2.9:8081/provision/secret/"
    assert response.headers["cache-control"] == "no-store"
    problem(await client.get(f"{V1}/phones/1009/provisioning"), 404)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("queues", QueueRow),
        ("agents", AgentRow),
        ("calls", CallRecord),
        ("phones", PhoneRow),
        ("trunks", TrunkRow),
    ],
)
async def test_a_list_has_items_and_next(
    client: httpx.AsyncClient, path: str, kind: type[msgspec.Struct]
) -> None:
    response = await client.get(f"{V1}/{path}")
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"items", "next"}
    assert body["next"] is None
    assert body["items"]
    for item in body["items"]:
        assert msgspec.convert(item, kind, strict=False)


CALL_KEYS = [
    "id",
    "direction",
    "trunk",
    "from",
    "to",
    "queue",
    "agent",
    "started_at",
    "connected_at",
    "queued_at",
    "answered_at",
    "ended_at",
    "wait_s",
    "talk_s",
    "hold_s",
    "wrap_up_s",
    "result",
    "reason",
    "ended_by",
    "continued_in",
    "placed_by",
    "variables",
    "visits",
    "segments",
    "recording",
    "legs",
]
VISIT_KEYS = [
    "queue",
    "entered_at",
    "left_at",
    "wait_s",
    "result",
    "reason",
    "agent",
    "skills",
    "within_s",
    "short_abandon_s",
    "talk_s",
    "hold_s",
    "wrap_up_s",
]
LEG_KEYS = [
    "id",
    "role",
    "peer",
    "sip_call_id",
    "sip_status",
    "q850",
    "invited_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "codec",
    "encryption",
    "packets_received",
    "packets_sent",
    "packets_lost",
    "jitter_s",
    "mos",
    "r",
    "packets_duplicated",
    "packets_discarded",
    "bursts",
    "burst_loss",
    "gap_loss",
    "burst_s",
    "gap_s",
    "round_trip_s",
    "sent_packets_lost",
    "sent_jitter_s",
    "sent_mos",
    "sent_r",
    "of_trunk",
]


async def test_a_call_is_the_contracts_json(client: httpx.AsyncClient) -> None:
    call = (await client.get(f"{V1}/calls/{ENDED}")).json()
    assert list(call) == CALL_KEYS
    assert call["from"] == "+34600111222"
    assert call["started_at"] == "2026-11-21T12:00:00.250000Z"
    assert call["wrap_up_s"] is None
    assert list(call["visits"][0]) == VISIT_KEYS
    assert list(call["segments"][0]) == ["kind", "from", "to", "legs"]
    assert list(call["recording"]) == ["path", "duration_s", "sha256"]
    assert list(call["legs"][0]) == LEG_KEYS


async def test_queue_and_agent_rows_have_the_contracts_keys(client: httpx.AsyncClient) -> None:
    queue = (await client.get(f"{V1}/queues/support")).json()
    assert list(queue)[:8] == [
        "name",
        "waiting",
        "longest_wait_s",
        "agents",
        "offered",
        "answered",
        "abandoned",
        "service_level",
    ]
    assert list(queue)[8:] == ["closed", "closed_by", "closed_why", "closed_since", "changes_at"]
    assert queue["agents"] == {
        "offline": 1, "paused": 0, "ready": 1, "ringing": 0, "on_call": 0, "wrap_up": 0, "unreachable": 0,
    }  # fmt: skip
    agent = (await client.get(f"{V1}/agents/ana")).json()
    assert list(agent) == ["name", "phone", "state", "reason", "since", "skills", "call"]


@pytest.mark.parametrize(
    "path",
    ["queues/none", "agents/none", "calls/none", "recordings/none", "nothing", f"recordings/{ACTIVE}"],
)
async def test_what_is_not_there_is_a_404_problem(client: httpx.AsyncClient, path: str) -> None:
    problem(await client.get(f"{V1}/{path}"), 404)


@pytest.mark.parametrize("token", [None, "", "wrong", "tökén"])
async def test_nothing_without_the_token(api: Running, token: str | None) -> None:
    headers = {} if token is None else {b"Authorization": f"Bearer {token}".encode()}
    for number, (method, path) in enumerate(PROTECTED):
        async with api.client(token=None, host=f"192.0.2.{number}") as client:
            response = await client.request(method, f"{V1}/{path}", headers=headers)
            problem(response, 401)
            assert response.headers["www-authenticate"] == "Bearer"
    assert ACTIVE in api.memory.calls
    assert api.memory.ready.ready


async def test_a_method_that_is_not_there_is_a_405_problem(client: httpx.AsyncClient) -> None:
    problem(await client.delete(f"{V1}/queues"), 405)


async def test_calls_in_progress_come_before_those_that_ended(client: httpx.AsyncClient) -> None:
    listed = (await client.get(f"{V1}/calls")).json()["items"]
    assert [call["id"] for call in listed] == [ACTIVE, ENDED]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "active"}, [ACTIVE]),
        ({"state": "ended"}, [ENDED]),
        ({"queue": "support"}, [ACTIVE, ENDED]),
        ({"queue": "sales"}, []),
        ({"agent": "ana"}, [ENDED]),
        ({"agent": "luis"}, []),
        ({"since": at(0).isoformat()}, [ACTIVE, ENDED]),
        ({"since": at(30).isoformat()}, [ENDED]),
        ({"since": at(100).isoformat()}, []),
        ({"state": "ended", "queue": "support", "agent": "ana", "since": at(64.2).isoformat()}, [ENDED]),
    ],
)
async def test_filters_of_calls(client: httpx.AsyncClient, asked: dict[str, str], found: list[str]) -> None:
    listed = (await client.get(f"{V1}/calls", params=asked)).json()["items"]
    assert [call["id"] for call in listed] == found


async def test_pages_of_calls(api: Running, client: httpx.AsyncClient) -> None:
    for n in range(5):
        api.writer.put(CallEnded(call=answered_call(f"call-{n}", ended_at=at(100 + n))))
    found, cursor = [], None
    while True:
        asked = {"state": "ended", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{V1}/calls", params=asked)).json()
        found += [call["id"] for call in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["call-4", "call-3", "call-2", "call-1", "call-0", ENDED]


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "asleep"},
        {"since": "yesterday"},
        {"since": "2026-11-21T12:00:00"},
        {"since": "0.5"},
        {"limit": "0"},
    ],
)
async def test_wrong_questions_are_422_problems(client: httpx.AsyncClient, asked: dict[str, str]) -> None:
    problem(await client.get(f"{V1}/calls", params={"state": "ended"} | asked), 422)


@pytest.mark.parametrize("cursor", ["?", "aGFsbG8", "ñ", ""])
async def test_a_cursor_that_no_page_gave_leads_to_no_page(client: httpx.AsyncClient, cursor: str) -> None:
    told = problem(await client.get(f"{V1}/calls", params={"cursor": cursor}), 404)
    assert told["type"] == Kind.BAD_CURSOR.uri


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "calls", "GET, POST"),
        ("PUT", f"calls/{ACTIVE}/supervise", "DELETE, GET, POST"),
        ("PUT", "queues/close", "POST"),
    ],
)
async def test_a_405_says_all_that_a_path_may_be_asked_with(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, f"{V1}/{path}")
    problem(response, 405)
    assert response.headers["allow"] == allowed


async def test_hanging_up(api: Running, client: httpx.AsyncClient) -> None:
    assert (await client.delete(f"{V1}/calls/{ACTIVE}")).status_code == 204
    assert not api.memory.calls
    problem(await client.delete(f"{V1}/calls/{ACTIVE}"), 404)


async def test_pausing_an_agent(api: Running, client: httpx.AsyncClient) -> None:
    response = await client.post(f"{V1}/agents/ana/state", json={"state": "paused", "reason": "lunch"})
    assert (response.json()["state"], response.json()["reason"]) == ("paused", "lunch")
    problem(await client.post(f"{V1}/agents/luis/state", json={"state": "ready"}), 409)
    problem(await client.post(f"{V1}/agents/eva/state", json={"state": "ready"}), 404)
    response = await client.post(f"{V1}/agents/luis/state", json={"state": "ready", "phone": "1003"})
    assert response.json()["phone"] == "1003"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b'{"state": "on_call"}', b'{"state": "ready", "extra": 1}', b'{"state": 1}']
)
async def test_a_wrong_change_of_state_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(
        f"{V1}/agents/ana/state", content=body, headers={"Content-Type": "application/json"}
    )
    assert problem(response, 422)["errors"]


async def test_a_state_that_nobody_may_ask_for_is_answered_by_those_that_one_may(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post(f"{V1}/agents/ana/state", json={"state": "on_call"})
    errors = problem(response, 422)["errors"]
    assert errors == ["body.state: Input should be 'ready', 'paused' or 'offline'"]


async def test_pausing_a_recording(api: Running, client: httpx.AsyncClient) -> None:
    url = f"{V1}/calls/{ACTIVE}/recording"
    for state in ("paused", "recording"):
        assert (await client.post(url, json={"state": state})).json()["state"] == state
        assert (await client.get(url)).json()["state"] == state
    for body in ({"state": "stopped"}, {}, {"state": "paused", "extra": 1}):
        problem(await client.post(url, json=body), 422)
    problem(await client.post(f"{V1}/calls/none/recording", json={"state": "paused"}), 404)
    api.memory.recorded = None
    problem(await client.post(url, json={"state": "paused"}), 409)


async def test_forks_of_a_call(client: httpx.AsyncClient) -> None:
    url = f"{V1}/calls/{ACTIVE}/forks"
    assert (await client.get(url)).json() == {"items": [], "next": None}
    begun = await client.post(url, json={"url": "ws://allowed/in", "rate": 16000})
    assert (begun.status_code, begun.json()["state"], begun.json()["rate"]) == (201, "connecting", 16000)
    assert (await client.get(url)).json()["items"] == [begun.json()]
    assert (await client.delete(f"{url}/1")).status_code == 204
    problem(await client.delete(f"{url}/1"), 404)
    problem(await client.post(url, json={"url": "ws://elsewhere"}), 409)
    problem(await client.post(f"{V1}/calls/none/forks", json={"url": "ws://allowed"}), 404)
    problem(await client.post(url, json={}), 422)
    problem(await client.post(url, json={"url": "ws://allowed", "rate": 44100}), 422)


async def test_supervising_a_call(client: httpx.AsyncClient) -> None:
    url = f"{V1}/calls/{ACTIVE}/supervise"
    problem(await client.get(url), 404)
    problem(await client.delete(url), 404)
    for mode in ("listen", "whisper", "barge", "take_over"):
        row = {"call": ACTIVE, "phone": "1001", "mode": mode, "state": "ringing"}
        assert (await client.post(url, json={"phone": "1001", "mode": mode})).json() == row
        assert (await client.get(url)).json() == row
    assert (await client.delete(url)).status_code == 204
    for body in ({"phone": "1001"}, {"phone": "1001", "mode": "spy"}, {"mode": "listen"}):
        problem(await client.post(url, json=body), 422)
    problem(await client.post(url, json={"phone": "1002", "mode": "listen"}), 409)
    problem(await client.post(f"{V1}/calls/none/supervise", json={"phone": "1001", "mode": "listen"}), 404)


async def test_transferring_a_call(client: httpx.AsyncClient) -> None:
    url = f"{V1}/calls/{ACTIVE}/transfer"
    begun = await client.post(url, json={"to": "1002"})
    row = {"call": ACTIVE, "by": "1001", "to": "1002", "target": "phone:1002"}
    assert (begun.status_code, begun.json()) == (202, row)
    assert "no route" in problem(await client.post(url, json={"to": "9"}), 409)["detail"]
    problem(await client.post(f"{V1}/calls/none/transfer", json={"to": "1002"}), 404)
    for body in ({}, {"to": None}, {"to": "1002", "mode": "attended"}):
        problem(await client.post(url, json=body), 422)


async def test_what_is_to_become_of_calls_to_a_phone(client: httpx.AsyncClient) -> None:
    url = f"{V1}/phones/1001/preferences"
    rings = {"do_not_disturb": False, "always": None, "busy": None, "no_answer": None, "no_answer_after": 20}
    assert (await client.get(url)).json() == {"phone": "1001", **rings}
    wanted = {**rings, "busy": "1002", "no_answer_after": 30}
    assert (await client.put(url, json=wanted)).json() == {"phone": "1001", **wanted}
    assert (await client.put(url, json={"do_not_disturb": True})).json()["busy"] is None
    assert "no route" in problem(await client.put(url, json={"always": "nowhere"}), 409)["detail"]
    problem(await client.get(f"{V1}/phones/none/preferences"), 404)
    for body in ({"dnd": True}, {"always": ""}, {"no_answer_after": 1}, {"busy": "1" * 65}):
        problem(await client.put(url, json=body), 422)


async def test_a_recording_whole_and_in_part(api: Running, client: httpx.AsyncClient) -> None:
    wav = b"RIFF" + bytes(range(200))
    path = api.data_dir / f"recordings/2026/11/21/{ENDED}.wav"
    problem(await client.get(f"{V1}/recordings/{ENDED}"), 404)
    path.parent.mkdir(parents=True)
    path.write_bytes(wav)
    whole = await client.get(f"{V1}/recordings/{ENDED}")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, wav, "audio/wav")
    part = await client.get(f"{V1}/recordings/{ENDED}", headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, wav[4:10])
    assert part.headers["content-range"] == f"bytes 4-9/{len(wav)}"
    beyond = await client.get(f"{V1}/recordings/{ENDED}", headers={"Range": "bytes=9999-"})
    assert beyond.status_code == 416


async def test_a_recording_that_grows_is_sent_as_it_was_when_it_was_asked_for(
    api: Running, client: httpx.AsyncClient
) -> None:
    path = api.data_dir / f"recordings/{ACTIVE}.wav.part"
    path.parent.mkdir()
    path.write_bytes(bytes(100_000))
    recording = RecordingRecord(path=f"recordings/{ACTIVE}.wav.part")
    api.memory.calls[ACTIVE] = msgspec.structs.replace(api.memory.calls[ACTIVE], recording=recording)
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        with path.open("ab") as file:
            file.write(bytes(1000))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    asked = client.build_request("GET", f"{V1}/recordings/{ACTIVE}")
    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "GET",
        "path": asked.url.path,
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in asked.headers.raw],
        "client": ("127.0.0.1", 40000),
    }
    await api.app(scope, receive, send)  # type: ignore[arg-type]
    start, *body = sent
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-length"] == b"100000"
    assert sum(len(each["body"]) for each in body) == 100_000
    assert path.stat().st_size > 100_000


async def test_a_recording_is_served_from_its_folder_only(api: Running, client: httpx.AsyncClient) -> None:
    call = answered_call("escape")
    assert call.recording is not None
    astray = msgspec.structs.replace(call.recording, path="recordings/../admin.token")
    api.writer.put(CallEnded(call=msgspec.structs.replace(call, recording=astray)))
    problem(await client.get(f"{V1}/recordings/escape"), 404)


async def test_health_needs_no_token(api: Running) -> None:
    async with api.client(token=None, host="192.0.2.7") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).json()["ready"] is True
        api.memory.drain()
        assert problem(await client.get("/readyz"), 503)["detail"] == "draining"
        assert (await client.get("/livez")).status_code == 200


async def test_metrics_need_the_token_from_elsewhere(api: Running) -> None:
    async with api.client(token=None) as client:
        page = await client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(page.text)}
    assert "centralita_queue_offered" in families
    async with api.client(token=None, host="192.0.2.7") as client:
        problem(await client.get("/metrics"), 401)
    async with api.client(host="192.0.2.7") as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_reload_and_drain(api: Running, client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{V1}/reload")).json()["applied"] is True
    api.memory.mistakes = ("c.yaml:1:1: a: b", "c.yaml:2:1: c: d")
    assert problem(await client.post(f"{V1}/reload"), 422)["errors"] == list(api.memory.mistakes)
    drained = await client.post(f"{V1}/drain")
    assert (drained.status_code, drained.json()) == (202, {"calls": 1})


async def test_openapi_names_every_path_and_resolves(api: Running) -> None:
    async with api.client(token=None) as client:
        schema = (await client.get("/api/openapi.json")).json()
    assert {f"{V1}/queues", f"{V1}/agents/{{name}}/state", f"{V1}/calls/{{call}}/why"} <= set(schema["paths"])
    components = schema["components"]["schemas"]
    text = json.dumps(schema)
    for reference in (part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]):
        assert reference in components
    assert "from" in components["CallRecord"]["properties"]


async def test_a_database_that_is_away_is_a_503_problem(api: Running, tmp_path: Path) -> None:
    engine = connect("sqlite:///no/such/folder.db", tmp_path)
    api.app = create_app(replace(api.services, reader=Reader(engine)), version="0.1.0")
    async with api.client() as client:
        problem(await client.get(f"{V1}/calls/{ENDED}"), 503)
        problem(await client.get(f"{V1}/calls"), 503)
        assert (await client.get(f"{V1}/calls/{ACTIVE}")).status_code == 200
        assert (await client.get(f"{V1}/calls", params={"state": "active"})).status_code == 200
    await engine.dispose()


async def test_a_fault_of_ours_is_a_500_problem_that_tells_nothing(
    api: Running, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api.memory, "queues", broken)
    with capture_logs() as logged:
        assert "secret" not in problem(await client.get(f"{V1}/queues"), 500)["detail"]
    assert [(line["event"], line["path"]) for line in logged] == [("request failed", f"{V1}/queues")]


async def test_queues_are_closed_out_of_turn_and_opened_again(client: httpx.AsyncClient) -> None:
    closed = (await client.post(f"{V1}/queues/support/close", json={"why": "fire", "by": "marta"})).json()
    assert (closed["closed"], closed["closed_by"], closed["closed_why"]) == ("emergency", "marta", "fire")
    opened = (await client.post(f"{V1}/queues/open", json={})).json()
    assert [row["closed"] for row in opened["items"]] == [None]
    everything = (await client.post(f"{V1}/queues/close", json={})).json()
    assert [row["closed_by"] for row in everything["items"]] == ["administrator"]
    problem(await client.post(f"{V1}/queues/nowhere/close", json={}), 404)
    problem(await client.post(f"{V1}/queues/support/close", json={"for": "1h"}), 422)


async def test_the_document_and_the_paths_are_there_before_anybody_asks(
    api: Running, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made at a request, they would take the loop tens of milliseconds."""
    prepare(api.app)
    monkeypatch.setattr(api.app, "openapi", lambda: pytest.fail("made at a request"))
    monkeypatch.setattr("switch.api.app.iter_route_contexts", lambda routes: pytest.fail("looked for again"))
    assert (await client.get("/api/openapi.json")).json()["openapi"].startswith("3.1")
    assert (await client.delete(f"{V1}/queues")).headers["allow"] == "GET"
