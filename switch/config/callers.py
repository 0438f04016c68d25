"""What must be right of `numbers`, `caller_id` and `stir` of a trunk: countries, patterns, keys."""

import re
from collections.abc import Iterator

from switch.config.document import Path
from switch.config.patterns import expression
from switch.config.schema import Config
from switch.config.trunk import CallerId, InForm, Numbers, OutForm, Sign, Verify
from switch.identities.certificates import file_name, read_private_key, read_roots
from switch.identities.numbers import is_country

_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_URL = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&'()*+=%-]+")

Fault = tuple[Path, str]
"""Where, and what is wrong there."""


def faults(config: Config) -> Iterator[Fault]:
    """Every mistake in how the trunks name callers and numbers. Reads the keys that they name."""
    for name, trunk in config.trunks.items():
        path = ("trunks", name)
        yield from _numbers((*path, "numbers"), trunk.numbers)
        yield from _caller_id((*path, "caller_id"), trunk.caller_id)
        if trunk.stir.sign is not None:
            yield from _sign((*path, "stir", "sign"), trunk.stir.sign, config)
        if trunk.stir.verify is not None:
            yield from _verify((*path, "stir", "verify"), trunk.stir.verify, config)


def _numbers(path: Path, numbers: Numbers) -> Iterator[Fault]:
    country = numbers.country
    if country is not None and not is_country(country):
        written = country.upper()
        meant = f"; did you mean '{written}'?" if is_country(written) else ""
        yield (*path, "country"), f"'{country}' is not a country's two letters such as ES{meant}"
    if country is None and numbers.inbound is InForm.E164:
        yield (*path, "inbound"), "needs 'country' beside it, whose national numbers these are"
    if country is None and numbers.outbound is OutForm.NATIONAL:
        yield (*path, "outbound"), "needs 'country' beside it, whose national numbers these are"


def _caller_id(path: Path, caller_id: CallerId) -> Iterator[Fault]:
    if caller_id.number is not None and not _NUMBER.fullmatch(caller_id.number):
        yield (*path, "number"), f"'{caller_id.number}' is not a number such as +34911000000"
    for i, pattern in enumerate(caller_id.allowed):
        try:
            expression(pattern)
        except ValueError as error:
            yield (*path, "allowed", i), str(error)


def _sign(path: Path, sign: Sign, config: Config) -> Iterator[Fault]:
    if not _is_certificate_url(sign.certificate_url):
        yield (*path, "certificate_url"), "expected where others get the certificate: https://HOST/FILE"
    try:
        read_private_key(config.path(sign.private_key))
    except ValueError as error:
        yield (*path, "private_key"), str(error)


def _verify(path: Path, verify: Verify, config: Config) -> Iterator[Fault]:
    try:
        read_roots(config.path(verify.roots))
    except ValueError as error:
        yield (*path, "roots"), str(error)
    folder = config.path(verify.certificates)
    if not folder.is_dir():
        yield (*path, "certificates"), f"{folder} is no folder"


def _is_certificate_url(url: str) -> bool:
    """Whether whoever gets a call of ours can find the certificate, as we find others'."""
    try:
        file_name(url)
    except LookupError:
        return False
    return _URL.fullmatch(url) is not None
