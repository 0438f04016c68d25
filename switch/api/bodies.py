"""What the bodies of requests have in common."""

from typing import Any

from pydantic import ConfigDict


def body(*examples: dict[str, Any]) -> ConfigDict:
    """Of a body: a key that is not known is an error; the examples stand in the API's document, and a test
    asks with each of them.
    """
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})
