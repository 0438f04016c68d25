"""What the running switch says of itself, its carriers and its phones."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from switch.cli.client import Client, NoSwitch, Refusal, WrongUsage, place, trust
from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.patient import Patient
from switch.events.types import Alarm

_PATIENCE_S = 5.0
REMEDIES: Final[Mapping[Alarm, str]] = {
    Alarm.DATABASE_AWAY: "start the database, or see the finding about it above",
    Alarm.HISTORY_FULL: "df -h on data_dir: make room, and start the database",
    Alarm.JOURNAL_FAILING: "df -h on data_dir: make room; ls -ld data_dir/journal: may it write there?",
    Alarm.DISK_FULL: "df -h on data_dir: make room",
    Alarm.WEBHOOK_DEAD: "centralita webhook show says why; mend that program, then centralita webhook retry",
}
"""By each that lasts."""
_IDLE = "none runs: scripts/run, or systemctl start centralita"


def switch(patient: Patient) -> Iterator[Finding]:
    """Is it alive, and does it take calls?"""
    if not patient.running:
        yield doubt("no switch runs here", _IDLE)
        return
    where = place(patient.file)
    url = where.url
    try:
        with httpx.Client(base_url=url, timeout=_PATIENCE_S, trust_env=False, verify=trust(where)) as http:
            ready = http.get("/readyz")
    except (httpx.HTTPError, NoSwitch) as error:
        yield bad(
            f"the switch (pid {patient.pid or '?'}) does not answer at {url}: {error}",
            "its log says what it does; was http changed since it started? Else restart it",
        )
        return
    if ready.is_success:
        yield good(f"it takes calls ({url})")
    else:
        yield doubt(f"it takes no calls: {ready.json()['detail']}", "wait, or see its log")


def alarms(patient: Patient) -> Iterator[Finding]:
    """What is it that it says is wrong?"""
    rows = list(_rows(patient, "/alarms"))
    for row in rows:
        yield doubt(f"{row['alarm']} since {row['since']}: {row['detail']}", REMEDIES[Alarm(row["alarm"])])
    if patient.running and not rows:
        yield good("none")


def trunks(patient: Patient) -> Iterator[Finding]:
    """Do the carriers answer, and are we registered where we should be?"""
    for row in _rows(patient, "/trunks"):
        registration = row["registration"]
        if not row["up"] and not row["targets"]:
            yield bad(
                f"{row['name']} is down: its name leads to no address",
                f"ask for that name with dig; or put an address under trunks.{row['name']}.targets",
            )
        elif not row["up"]:
            yield bad(
                f"{row['name']} is down: {', '.join(map(_target, row['targets']))}",
                "centralita trace --method OPTIONS shows whether it answers; is its address right?",
            )
        elif registration is not None and not registration["registered"]:
            yield bad(
                f"{row['name']}: we are not registered ({registration['status'] or 'no answer'})",
                f"trunks.{row['name']}.credentials: are user and secret the carrier's?",
            )
        else:
            yield good(f"{row['name']} is up")


def _target(row: dict[str, Any]) -> str:
    return f"{row['place']} {row['health']}"


def phones(patient: Patient) -> Iterator[Finding]:
    """Are the phones of agents registered?"""
    rows = list(_rows(patient, "/phones"))
    missing = [row["name"] for row in rows if row["agent"] is not None and not row["registered"]]
    if missing:
        yield doubt(
            f"{len(missing)} of the agents' phones are not registered: {', '.join(missing[:5])}"
            + (" ..." if len(missing) > 5 else ""),
            "centralita trace shows their REGISTER, if any comes; is the phone's registrar this machine?",
        )
    elif rows:
        yield good(f"{len(rows)} are configured, and every agent's is registered")


def _rows(patient: Patient, path: str) -> Iterator[dict[str, Any]]:
    """Nothing where no switch answers: the check before has said so."""
    if not patient.running:
        return
    try:
        client = Client(place(patient.file))
        try:
            for page in client.pages(path):
                yield from page["items"]
        finally:
            client.close()
    except (NoSwitch, Refusal, WrongUsage):
        return
