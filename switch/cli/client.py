"""Talks to the API of the running switch; where it is and its token come from the configuration file."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import yaml

DEFAULT_CONFIG = Path("var/centralita.yaml")
_DEFAULT_LISTEN = "127.0.0.1:8080"
_DEFAULT_DATA_DIR = "var"
_TIMEOUT_S = 10.0
_STREAM_TIMEOUT = httpx.Timeout(_TIMEOUT_S, read=None)


class Refusal(Exception):
    """The answer is no: exit code 1, the lines are why."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))


class NoSwitch(Exception):
    """No switch answers: exit code 3."""


class WrongUsage(Exception):
    """There is no such configuration file, or it cannot be read: exit code 2."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a switch listens, and where its files are."""

    url: str
    data_dir: Path


def place(config: Path) -> Place:
    """Read as little as is needed, so that mistakes elsewhere do not matter. Raises WrongUsage.

    Without the default file the defaults count: then no switch has run here, or its token tells.
    """
    if config == DEFAULT_CONFIG and not config.exists():
        return Place(_url(_DEFAULT_LISTEN), Path(_DEFAULT_DATA_DIR))
    try:
        root = yaml.compose(config.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise WrongUsage(
            f"{config}: {error.strerror}; name the switch's configuration with --config or CENTRALITA_CONFIG"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{config}: {error}") from error
    listen = _text(root, "http", "listen") or _DEFAULT_LISTEN
    scheme = "http" if _text(root, "http", "tls", "certificate") is None else "https"
    return Place(_url(listen, scheme), Path(_text(root, "server", "data_dir") or _DEFAULT_DATA_DIR))


def trust(where: Place) -> ssl.SSLContext | bool:
    """How we know that it is our switch: it shows the certificate that it left beside its token, whatever
    the names in it. Raises NoSwitch.
    """
    if not where.url.startswith("https:"):
        return True
    shown = where.data_dir / "http.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(shown)
    except FileNotFoundError as error:
        raise NoSwitch(f"no switch with http.tls has run since it is configured (no {shown})") from error
    except OSError as error:
        raise Refusal(f"the certificate in {shown} cannot be read: {error}") from error
    return context


class Client:
    """Requests with the administrator's token."""

    def __init__(
        self, where: Place, transport: httpx.BaseTransport | None = None, timeout_s: float = _TIMEOUT_S
    ) -> None:
        """Raises Refusal when the token cannot be read."""
        path = where.data_dir / "admin.token"
        try:
            token = path.read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise NoSwitch(
                f"no switch has run on {where.data_dir} (there is no {path}); start it, or name its "
                "configuration with --config or CENTRALITA_CONFIG"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal(f"the token in {path} cannot be read: {error}") from error
        self._url = where.url
        self._http = httpx.Client(
            base_url=f"{where.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            transport=transport,
            trust_env=False,
            verify=trust(where),
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        patient: bool = False,
    ) -> httpx.Response:
        """The answer, which may take as long as it takes where we are `patient`. Raises Refusal with the
        problem's words, or NoSwitch.
        """
        timeout = _STREAM_TIMEOUT if patient else httpx.USE_CLIENT_DEFAULT
        try:
            response = self._http.request(method, path, params=params, json=json, timeout=timeout)
        except httpx.TransportError as error:
            raise NoSwitch(f"no switch answers at {self._url}: {error}") from error
        if response.is_success:
            return response
        raise Refusal(*_reasons(response))

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Each page of a list, one after the other; what is no list is one. Raises as `ask` does."""
        asked = dict(params or {})
        while True:
            page: dict[str, Any] = self.ask("GET", path, params=asked).json()
            yield page
            if page.get("next") is None:
                return
            asked["cursor"] = page["next"]

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer that comes bit by bit, perhaps for ever. Raises as `ask` does, later too."""
        try:
            with self._http.stream("GET", path, params=params, timeout=_STREAM_TIMEOUT) as response:
                if not response.is_success:
                    response.read()
                    raise Refusal(*_reasons(response))
                yield response
        except httpx.TransportError as error:
            raise NoSwitch(f"no switch answers at {self._url}: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def _reasons(response: httpx.Response) -> list[str]:
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return [f"{response.url} answers {response.status_code}: is that a Centralita?"]
    body: dict[str, Any] = response.json()
    return [*body.get("errors", ()), str(body["detail"])]


def _text(node: yaml.Node | None, *keys: str) -> str | None:
    """The text at these keys, as it is written."""
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _url(listen: str, scheme: str = "http") -> str:
    """Where to ask a switch that listens there: on every address means on this machine's own, too."""
    host, _, port = listen.rpartition(":")
    address = host.strip("[]")
    try:
        if ip_address(address).is_unspecified:
            address = "::1" if ":" in address else "127.0.0.1"
    except ValueError:
        return f"{scheme}://{host}:{port}"
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"
