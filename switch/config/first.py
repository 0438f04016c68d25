"""The configuration that the first start writes, so that there is a switch to try before anything is read."""

import json
import os
import secrets
from importlib.resources import files
from pathlib import Path
from string import Template

DEFAULT = Path("var/centralita.yaml")

_SECRET_CHARS = (
    "abcdefghjkmnpqrstuvwxyz23456789"  # people type secrets into phones: nothing that looks like another
)
_SECRET_LENGTH = 20  # 99 bits


def write_first(path: Path = DEFAULT) -> Path:
    """Write the first configuration to `path`, readable by its owner only, and return `path`.

    Its `data_dir` is the folder of `path`. A file that is already there stays as it is. Raises `OSError`.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_content(path.parent))
        _link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return path


def _link(fresh: Path, path: Path) -> None:
    """Give the complete file its name, unless another start was faster: then that one's counts."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        return


def _content(data_dir: Path) -> str:
    template = files("switch.config").joinpath("first.yaml").read_text("utf-8")
    return Template(template).substitute(
        data_dir=json.dumps(str(data_dir), ensure_ascii=False).replace("${", "$${"),
        secret_1001=_secret(),
        secret_1002=_secret(),
    )


def _secret() -> str:
    return json.dumps("".join(secrets.choice(_SECRET_CHARS) for _ in range(_SECRET_LENGTH)))
