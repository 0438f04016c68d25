"""The languages that the switch speaks and writes."""

from enum import StrEnum


class Language(StrEnum):
    """Of prompts, pages and reports."""

    EN = "en"
    ES = "es"
