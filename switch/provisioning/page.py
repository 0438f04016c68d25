"""The page of a phone that no maker's file is for: what to type in, and a QR code for who reads one."""

import io
from collections.abc import Mapping
from html import escape
from typing import Final

import segno

from switch.provisioning.facts import Account

MEDIA_TYPE: Final = "text/html; charset=utf-8"
LINPHONE: Final = "linphone.xml"

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Telephone {user}",
        "user": "User name",
        "secret": "Password",
        "domain": "Domain",
        "proxy": "Outbound proxy",
        "transport": "Transport",
        "srtp": "Encrypted media",
        "never": "no",
        "offered": "if possible",
        "required": "always",
        "codecs": "Codecs",
        "digits": "Digits",
        "scan": "Linphone: Assistant, Fetch remote configuration, Scan QR code.",
        "hidden": "Whoever sees this page can make calls as this telephone. Close it when you are done.",
    },
    "es": {
        "title": "Teléfono {user}",
        "user": "Usuario",
        "secret": "Contraseña",
        "domain": "Dominio",
        "proxy": "Proxy de salida",
        "transport": "Transporte",
        "srtp": "Audio cifrado",
        "never": "no",
        "offered": "si es posible",
        "required": "siempre",
        "codecs": "Códecs",
        "digits": "Dígitos",
        "scan": "Linphone: Asistente, Obtener configuración remota, Escanear código QR.",
        "hidden": "Quien vea esta página puede llamar como este teléfono. Ciérrela cuando termine.",
    },
}
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}"
    "th{text-align:left;padding-right:2em}td{font-family:monospace;user-select:all;white-space:pre}"
    "svg{background:#fff}"
)
_QUIET: Final = 4
"""White modules around the code (ISO/IEC 18004)."""


def written(account: Account, folder: str) -> bytes:
    """The page, in the switch's language; `folder` is the URL of the phone's folder."""
    words = _WORDS[account.language]
    rows = {
        "user": account.user,
        "secret": account.secret,
        "domain": account.domain,
        "proxy": f"{account.host}:{account.port}"
        if ":" not in account.host
        else f"[{account.host}]:{account.port}",
        "transport": account.transport.upper(),
        "srtp": words[account.srtp],
        "codecs": ", ".join(account.codecs),
        "digits": "RFC 4733 (RFC 2833)",
    }
    table = "".join(
        f"<tr><th>{words[name]}</th><td>{escape(value)}</td></tr>\n" for name, value in rows.items()
    )
    title = words["title"].format(user=escape(account.user))
    return (
        f'<!DOCTYPE html>\n<html lang="{account.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"<table>\n{table}</table>\n{_code(f'{folder}{LINPHONE}')}\n"
        f"<p>{words['scan']}</p>\n<p>{words['hidden']}</p>\n</body></html>\n"
    ).encode()


def _code(content: str) -> str:
    drawn = io.BytesIO()
    code = segno.make_qr(content)
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, border=_QUIET, scale=5, nl=False, title=content)
    return drawn.getvalue().decode("utf-8")
