"""Every phone's files: who may have which, and what is in it."""

from dataclasses import dataclass
from typing import Final

from switch.config.addresses import HostPort
from switch.config.choices import Maker
from switch.config.schema import Config, Phone
from switch.provisioning import page as people
from switch.provisioning.facts import Account, names, written
from switch.provisioning.keyring import path_key
from switch.provisioning.maker import Page

PATH: Final = "/provision"
INDEX: Final = ""
"""The name of the page for people, in the folder itself."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it goes out."""

    phone: str
    name: str
    media_type: str
    content: bytes


class PhoneFiles:
    """The files of one configuration. Until `configure` nobody has any."""

    def __init__(self, key: bytes = b"") -> None:
        """`key` is that of `switch.provisioning.keyring`; without one there are no files. Another is taken by
        the next `configure`.
        """
        self.key = key
        self._config = Config()
        self._by_key: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._pages: dict[Maker, Page] = {}

    def configure(self, config: Config) -> None:
        """Serve these phones from now on, by paths of `key`."""
        self._config = config
        self._keys = {}
        if self.key:
            devices = {name: phone.provision for name, phone in config.phones.items()}
            self._keys = {
                name: path_key(self.key, name, device.rotation)
                for name, device in devices.items()
                if device is not None
            }
        self._by_key = {key: name for name, key in self._keys.items()}

    def path(self, phone: str) -> str | None:
        """The folder of its files; None where it has none."""
        key = self._keys.get(phone)
        return None if key is None else f"{PATH}/{key}/"

    def names(self, phone: str) -> list[str]:
        """Of its files, without those for people."""
        settings = self._config.phones[phone]
        return [] if settings.provision is None else names(self._page(settings), settings.provision)

    def owner(self, path: str) -> str | None:
        """Whose folder a path is in; who knows one is no guesser, whatever he looks for in it."""
        if not path.startswith(f"{PATH}/"):
            return None
        return self._by_key.get(path.removeprefix(f"{PATH}/").partition("/")[0])

    def find(self, path: str, agent: str, reached: HostPort, *, secure: bool) -> Document | None:
        """What is at `path` for the phone that says it is `agent`; None is all that anybody else may know.

        It came to us at `reached`, by TLS where `secure`. Raises CannotWrite for a value that its file cannot
        hold.
        """
        phone = self.owner(path)
        if phone is None:
            return None
        name = path.removeprefix(f"{PATH}/").partition("/")[2]
        page = self._page(self._config.phones[phone])
        account = Account.of(phone, self._config, reached.host)
        if name == INDEX and page is self._pages.get(Maker.GENERIC):
            folder = self.url(phone, reached, secure=secure)
            return Document(phone, "page", people.MEDIA_TYPE, people.written(account, folder))
        name = name.lower()
        if name not in names(page, account.device) or not page.agrees(agent, account.device.mac):
            return None
        return Document(phone, name, page.media_type, written(page, account, name).encode())

    def url(self, phone: str, reached: HostPort, *, secure: bool) -> str:
        """Of its folder, as `provisioning.url` has it, or where somebody reached us."""
        base = self._config.provisioning.url or f"{'https' if secure else 'http'}://{reached}"
        return f"{base}{self.path(phone)}"

    def _page(self, phone: Phone) -> Page:
        maker = phone.maker or Maker.GENERIC
        if maker not in self._pages:
            self._pages[maker] = Page.of(maker)
        return self._pages[maker]
