"""What is said to people, in each language of the server."""

from typing import NamedTuple

from switch.language import Language


class Said(NamedTuple):
    """The same in English and in Spanish."""

    en: str
    es: str

    def in_(self, language: Language) -> str:
        """In that language."""
        return self.es if language is Language.ES else self.en
