"""Signed callers on the wire: our calls carry a PASSporT that holds, and a carrier's is checked."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from switch.identities.certificates import Certificates
from switch.identities.stir import Outcome, Signer, Verifier
from tests.e2e.centre import Tell, centre
from tests.e2e.passing import passed_on
from tests.peers import ports
from tests.peers.raw import RawSip
from tests.peers.switch import Switch
from tests.switch.identities.authority import Authority, publish

CALLER, NUMBER = "+34600111222", "+34922000000"


class Signing:
    """A certificate authority, a carrier's certificate, and both as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = Authority(now=datetime.now(UTC))
        carrier = self.root.certify()
        self.folder = folder / "certificates"
        self.url = publish(self.folder, "carrier.pem", carrier)
        publish(self.folder, "foreign.pem", Authority("Foreign", now=self.root.now).certify())
        (folder / "roots.pem").write_bytes(self.root.issued.pem)
        (folder / "key.pem").write_bytes(carrier.key_pem)
        self.sign = {"certificate_url": self.url, "private_key": str(folder / "key.pem")}
        self.verify = {"roots": str(folder / "roots.pem"), "certificates": str(self.folder)}
        self._key = carrier.key

    def identity(
        self, file: str = "carrier.pem", orig: str = CALLER, dest: str = NUMBER, age_s: float = 0
    ) -> str:
        url = self.url.replace("carrier.pem", file)
        return "Identity: " + Signer(self._key, url, "A").identity(orig, dest, time.time() - age_s, ours=True)


async def test_a_call_is_verified_where_it_comes_in_and_signed_where_it_goes_out(
    tell_on_failure: Tell, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    near = {"stir": {"verify": {**signing.verify, "on_failure": "reject"}}}
    far = {"stir": {"sign": signing.sign}}
    invite, record = await passed_on(tell_on_failure, near, far, signing.identity())
    assert record["result"] == "completed"
    verifier = Verifier(Certificates([signing.root.issued.certificate], signing.folder))
    found = verifier.verify(
        invite.headers.lines("Identity"), CALLER, NUMBER, time.time(), lambda passport: False
    )
    assert (found.outcome, found.attest) == (Outcome.PASSED, "C"), "it only came through us"


async def test_a_bad_identity_is_refused_with_its_status_and_counted(
    tell_on_failure: Tell, tmp_path: Path
) -> None:
    signing = Signing(tmp_path)
    bad = {
        "stale": (signing.identity(age_s=90), 403),
        "no_certificate": (signing.identity("missing.pem"), 436),
        "bad_certificate": (signing.identity("foreign.pem"), 437),
        "invalid": (signing.identity(dest="+34922000001"), 438),
        "missing": ("Subject: none", 428),
    }
    trunk: dict[str, Any] = {"accept_from": [f"{ports.PHONES}/32"]}
    trunk["stir"] = {"verify": {**signing.verify, "on_failure": "reject"}}
    routes = [{"trunk": "carrier", "to": "*", "go": "echo"}]
    sections = centre(1, trunks={"carrier": trunk}, routes=routes)
    async with Switch.running(**sections) as switch, RawSip.open(switch.sip) as carrier:
        tell_on_failure("switch", switch.story)
        for result, (identity, status) in bad.items():
            invite = carrier.invite(NUMBER, f"sip:{CALLER}@carrier.example", [identity])
            assert (await carrier.ask(invite)).status == status, result
        verified = (await switch.metrics()).by("centralita_stir_verifications_total", "result")
        assert verified == {**dict.fromkeys(bad, 1.0), "passed": 0.0, "replayed": 0.0}
