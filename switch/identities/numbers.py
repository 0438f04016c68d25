"""Telephone numbers: read out of URIs, brought to E.164, written as a carrier wants them.

Whatever cannot be read as a number that the world could call stays as it is: emergency numbers, short codes,
extensions and names belong to the routes. Only ASCII digits are digits, and letters never are.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, assert_never

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, ValidationResult
from phonenumbers.phonenumberutil import SUPPORTED_REGIONS

from sip.syntax.uri import Uri
from switch.config.trunk import InForm, Numbers, OutForm

_SEPARATORS = str.maketrans("", "", "-.() ")  # visual separators, RFC 3966 section 5.1.1; people add blanks
_DIGITS = re.compile(r"\+?[0-9]{1,20}\Z")
_DIALLED = re.compile(r"\+?[0-9*#]{1,64}\Z")
_NOT_DIGITS = re.compile(r"[^0-9]+")

_SHORTEST: Final = 7
"""Digits without a plus that may be a subscriber's number. No country's emergency numbers and short codes are
as long (ITU-T E.164.1, E.129), and no subscriber's with its area code is shorter.
"""
_CACHED: Final = 2048
"""Numbers that each rule of each trunk remembers: a megabyte for a trunk, and callers come back."""


class NotANumber(ValueError):
    """What is to be written to a carrier has letters or other signs in it."""


def load_metadata() -> None:
    """Read the numbering plans of all countries, once, before the first call: some 0.1 s and 2 MB."""
    PhoneMetadata.load_all()


def is_country(name: str) -> bool:
    """Whether this is a country's two letters, as ISO 3166 writes them."""
    return name in SUPPORTED_REGIONS


def number_of(uri: Uri) -> str:
    """The number, or the name, that a URI calls; empty where it has no user.

    Parameters of the number (`;npdi`, `;rn=`, `;isub=`) are left out: what counts is who is called, not how
    the call gets there (RFC 4694 section 5). Visual separators are left out where the URI says that this is
    a telephone number (RFC 3261 section 19.1.6). A local number in a global context (RFC 3966 section
    5.1.5) is that context with the number behind it, where that gives a number that can exist.
    """
    user, _, written = (uri.user or "").partition(";")
    params = uri.params if uri.scheme == "tel" else _parameters(written)
    context = params.get("phone-context")
    kind = uri.params.get("user") or ""
    if uri.scheme == "tel" or context is not None or kind.lower() == "phone":
        user = user.translate(_SEPARATORS)
    if context is not None and context.startswith("+") and not user.startswith("+"):
        return e164(context.translate(_SEPARATORS) + user) or user
    return user


def _parameters(written: str) -> Mapping[str, str | None]:
    pairs = (item.partition("=") for item in written.split(";") if item)
    return {name.lower(): value if equals else None for name, equals, value in pairs}


def e164(number: str, country: str | None = None) -> str | None:
    """A number that the world can call, as `+34911000000`; None for any other.

    Without a plus it is read as somebody in `country` would dial it: national, with the trunk prefix, with
    the international prefix.
    """
    found = _read(number, country)
    return None if found is None else phonenumbers.format_number(found, PhoneNumberFormat.E164)


def _read(number: str, country: str | None) -> PhoneNumber | None:
    plain = number.translate(_SEPARATORS)
    if _DIGITS.match(plain) is None:
        return None
    if plain.startswith("+"):
        return _possible(plain, None)
    if country is None or len(plain) < _SHORTEST:
        return None
    return _possible(plain, country)


def _without_plus(number: str) -> PhoneNumber | None:
    """An international number of a carrier that leaves the plus out."""
    plain = number.translate(_SEPARATORS)
    if plain.startswith("+") or len(plain) < _SHORTEST or _DIGITS.match(plain) is None:
        return None
    return _possible(f"+{plain}", None)


def _possible(plain: str, country: str | None) -> PhoneNumber | None:
    """Its length is one that its country has: whether it is assigned changes more often than we do."""
    try:
        found = phonenumbers.parse(plain, country)
    except NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(found)
    return found if reason == ValidationResult.IS_POSSIBLE else None


class Numbering:
    """One trunk's rules. Each number is thought about once, as long as it is remembered."""

    def __init__(self, rules: Numbers) -> None:
        self._rules = rules
        self._prefix = _international_prefix(rules.country)
        if rules.country is not None and rules.outbound is OutForm.NATIONAL:
            _compile_formats(rules.country)
        self.read: Callable[[str], str] = lru_cache(_CACHED)(self._inbound)
        """What becomes of a number that the trunk sends."""
        self.write: Callable[[str], str] = lru_cache(_CACHED)(self._outbound)
        """A number as the trunk wants it; raises NotANumber."""
        self.e164: Callable[[str], str | None] = lru_cache(_CACHED)(self._e164)
        """The number, read as the trunk's country does, as `+` and digits; None for what is none."""

    def _inbound(self, number: str) -> str:
        form = self._rules.inbound
        match form:
            case InForm.AS_IS:
                return number
            case InForm.E164:
                return self.e164(number) or self._bare(number) or number
            case _:
                assert_never(form)

    def _outbound(self, number: str) -> str:
        form = self._rules.outbound
        if form is OutForm.AS_IS:
            return number
        found = _read(number, self._rules.country)
        if found is not None:
            return self._written(found, form)
        if _DIALLED.match(number) is None:
            raise NotANumber(number)
        return number

    def _e164(self, number: str) -> str | None:
        return e164(number, self._rules.country)

    def _bare(self, number: str) -> str | None:
        found = None if self._rules.country is None else _without_plus(number)
        return None if found is None else phonenumbers.format_number(found, PhoneNumberFormat.E164)

    def _written(self, found: PhoneNumber, form: OutForm) -> str:
        international = phonenumbers.format_number(found, PhoneNumberFormat.E164)
        match form:
            case OutForm.AS_IS | OutForm.E164:
                return international
            case OutForm.INTERNATIONAL:
                return international.removeprefix("+")
            case OutForm.NATIONAL:
                if found.country_code != phonenumbers.country_code_for_region(self._rules.country or ""):
                    return self._prefix + international.removeprefix("+")
                return _NOT_DIGITS.sub("", phonenumbers.format_number(found, PhoneNumberFormat.NATIONAL))
            case _:
                assert_never(form)


def _international_prefix(country: str | None) -> str:
    """What is dialled before the code of another country; a plus where a country has several ways."""
    plan = None if country is None else PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return "+"
    prefix = plan.preferred_international_prefix or plan.international_prefix or ""
    return prefix if prefix.isdigit() else "+"


def _compile_formats(country: str) -> None:
    """Compile the patterns of national numbers now: some countries' take longer than a call may wait. They
    are those of the main country of several that share a code.
    """
    main = phonenumbers.region_code_for_country_code(phonenumbers.country_code_for_region(country))
    plan = PhoneMetadata.metadata_for_region(main)
    for form in [] if plan is None else plan.number_format:
        for pattern in filter(None, (form.pattern, *form.leading_digits_pattern)):
            re.compile(pattern)
