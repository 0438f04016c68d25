"""The configuration file: read by declared type, every error at once with its line and column."""

from switch.config.changes import Changes, compare
from switch.config.errors import ConfigError, ConfigErrors
from switch.config.load import load
from switch.config.schema import Config

__all__ = ["Changes", "Config", "ConfigError", "ConfigErrors", "compare", "load"]
