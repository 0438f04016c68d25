"""The configuration file: read by declared type, every error at once with its line and column."""

from switch.config.errors import ConfigError, ConfigErrors
from switch.config.schema import Config

__all__ = ["Config", "ConfigError", "ConfigErrors"]
