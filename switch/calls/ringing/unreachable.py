"""Nobody can be rung: why."""


class Unreachable(Exception):
    """There is nobody to send the INVITE to; `status` is what the caller is told."""

    def __init__(self, status: int, phrase: str) -> None:
        super().__init__(phrase)
        self.status = status
        self.phrase = phrase
