"""The version, in one place: of the distribution, the API and the metrics."""

from typing import Final

VERSION: Final = "0.1.0"
