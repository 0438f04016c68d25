"""The kernels of the SIP message layer, compiled. Pure twin and contract: sip/syntax/scanner.py.

Import them through `sip.syntax.kernels`, which chooses the build.
"""

def scan(message: bytes, names: dict[str, str]) -> tuple[str, list[str], list[str], int]:
    """Split a message into (start line, header names, header values, offset of the body)."""

def split_list(text: str) -> list[str]:
    """The values of a comma list; commas inside quotes and angle brackets do not count."""

def parameters(text: str) -> dict[str, str | None]:
    """`;name=value;flag` as a dict: names in lower case, quoted values without quotes, None for a flag."""

def split_address(text: str) -> tuple[str, str, str]:
    """`"Display" <uri>;params` or `uri;params` as (display, URI, text of the parameters)."""

def unquote(quoted: str) -> str:
    """The text of a quoted string, escapes resolved."""
