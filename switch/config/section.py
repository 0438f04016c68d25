"""What every section of the configuration is made of: typed values and the rule about unknown keys."""

from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from switch.config import addresses, values
from switch.config.addresses import Network
from switch.config.values import Text

Words = Annotated[str, BeforeValidator(values.text)]
Duration = Annotated[float, BeforeValidator(values.duration), Field(ge=0)]
Positive = Annotated[float, BeforeValidator(values.duration), Field(gt=0)]
Whole = Annotated[int, BeforeValidator(values.whole)]
Count = Annotated[int, BeforeValidator(values.whole), Field(ge=0)]
Flag = Annotated[bool, BeforeValidator(values.flag)]
Share = Annotated[float, BeforeValidator(values.percent), Field(ge=0, le=1)]
Address = Annotated[str, BeforeValidator(addresses.address)]
Networks = tuple[Annotated[Network, BeforeValidator(addresses.network)], ...]
Secret = Annotated[SecretStr, BeforeValidator(values.secret)]


class Section(BaseModel):
    """A mapping of the file: unknown keys are errors, values do not change.

    A section, list or optional value whose key stands there with nothing after it counts as left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, given: Any) -> Any:
        if isinstance(given, Text) and given.is_null:
            return {}
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if not (is_null(value) and cls._may_be_null(key))}

    @classmethod
    def _may_be_null(cls, key: str) -> bool:
        declared = cls.model_fields.get(key)
        if declared is None or declared.is_required():
            return False
        return get_origin(declared.annotation) in (dict, tuple) or NoneType in get_args(declared.annotation)


def is_null(value: object) -> bool:
    """Whether the key stands there with nothing after it."""
    return isinstance(value, Text) and value.is_null
