"""Programs are let in by tokens, over a crash, and what they did is written down; no secret is."""

from tests.e2e.centre import Tell, centre
from tests.peers.switch import Switch

V1 = "/api/v1"


async def test_a_token_and_the_log_of_what_it_did_outlive_a_crash_and_no_secret_is_kept(
    tell_on_failure: Tell,
) -> None:
    async with Switch.running(**centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        wanted = {"name": "eva", "role": "supervisor", "queues": ["support"]}
        made = (await switch.request("POST", f"{V1}/tokens", json=wanted)).json()
        eva = {"Authorization": f"Bearer {made['secret']}"}
        closed = await switch.request("POST", f"{V1}/queues/support/close", json={}, headers=eva)
        assert closed.json()["closed_by"] == "eva"
        assert (await switch.items(f"{V1}/audit?who=eva"))[0]["status"] == 200

        await switch.kill()
        await switch.start()
        drained = await switch.request("POST", f"{V1}/drain", headers=eva)
        assert drained.status_code == 403
        assert (await switch.request("DELETE", f"{V1}/tokens/eva")).status_code == 200
        assert (await switch.request("GET", f"{V1}/queues", headers=eva)).status_code == 401
        did = [(row["path"], row["status"]) for row in await switch.items(f"{V1}/audit?who=eva")]
        assert did == [(f"{V1}/drain", 403), (f"{V1}/queues/support/close", 200)]

        said = switch.story().encode()
        kept = [path.read_bytes() for path in switch.data_dir.rglob("*") if path.is_file()]
        assert not [data for data in (said, *kept) if made["secret"].encode() in data]
        assert (switch.data_dir / "admin.token").read_text().strip().encode() not in said
