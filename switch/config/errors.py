"""What is wrong with a configuration, where, and in words for the one who wrote it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ConfigError:
    """One mistake. Line and column count from 1; `path` is the key with dots, empty where none is
    concerned.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return f"{where}{self.path}: {self.message}" if self.path else where + self.message


class ConfigErrors(ValueError):
    """Every mistake of one configuration, in the order of the file."""

    def __init__(self, errors: list[ConfigError]) -> None:
        self.errors = sorted(errors)
        super().__init__("\n".join(map(str, self.errors)))

    def __reduce__(self) -> tuple[type["ConfigErrors"], tuple[list[ConfigError]]]:
        return (ConfigErrors, (self.errors,))  # a child process that read the file hands this over
