"""What lies on the disk: `data_dir`, sounds, certificates."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from switch.config import sounds as configured
from switch.config.schema import Config
from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.patient import Patient

_SOON: Final = timedelta(days=14)


def data_dir(patient: Patient) -> Iterator[Finding]:
    """May we write where all files go? Made at the first start, it may be missing."""
    folder = patient.data_dir
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        yield bad(f"{there} is a file", "set server.data_dir to a folder")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield bad(
            f"{there} cannot be written by {_user()}",
            f"chown -R {_user()} {there}, or run this as the user of the switch",
        )
    else:
        yield good(f"{folder} can be written" if there == folder else f"{folder} is made at the first start")


def sounds(patient: Patient) -> Iterator[Finding]:
    """Are all prompts and music there that the configuration names?"""
    if not patient.data_dir.is_dir():
        yield good("made at the first start; what is missing then is named by centralita check")
        return
    faults = list(configured.faults(patient.config))
    for fault in faults:
        yield bad(
            f"{'.'.join(map(str, fault.path))}: {fault.message}", "put the WAV there, or scripts/run again"
        )
    if not faults:
        yield good("every prompt and class of music is there")


def certificates(patient: Patient) -> Iterator[Finding]:
    """How long are our certificates good? (That they are good now, the configuration's check says.)"""
    paths = dict(_certificates(patient.config))
    for key, path in paths.items():
        until = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(path.read_bytes()))
        said = f"{key}: {path} is good until {until:%Y-%m-%d}"
        if until - patient.now() < _SOON:
            yield doubt(said, "have it renewed, then centralita reload")
        else:
            yield good(said)
    if not paths:
        yield good("none is configured")


def _certificates(config: Config) -> Iterator[tuple[str, Path]]:
    if config.sip.tls is not None:
        yield "sip.tls.certificate", config.path(config.sip.tls.certificate)
    if config.http.tls is not None:
        yield "http.tls.certificate", config.path(config.http.tls.certificate)
    if config.provisioning.certificate is not None:
        yield "provisioning.certificate", config.path(config.provisioning.certificate)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name
