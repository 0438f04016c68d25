"""What stands at `/` for people: one page that needs nothing else, and the documentation that came along."""

from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import Request, Response

from switch.api.part import Part
from switch.api.problems import Failure, Kind
from switch.api.services import Services
from switch.config.schema import Language

DOCS: Final = Path(__file__).parents[2] / "docs"
"""Beside the sources; an installed wheel has none."""
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA: Final = {".md": "text/plain", ".svg": "image/svg+xml"}


class _Words(NamedTuple):
    what: str
    document: str
    metrics: str
    docs: str
    start: str
    """Under `docs`."""
    no_docs: str
    token: str


_WORDS: Final = {
    Language.EN: _Words(
        what="Contact-centre telephone switch",
        document="The API's document (OpenAPI)",
        metrics="Metrics, for Prometheus",
        docs="Documentation",
        start="tutorial/first-queue.md",
        no_docs="Documentation: docs/ of the sources",
        token="Programs use /api/v1 with a token of their own: centralita token add.",
    ),
    Language.ES: _Words(
        what="Centralita telefónica para centros de contacto",
        document="Especificación de la API (OpenAPI)",
        metrics="Métricas, para Prometheus",
        docs="Documentación",
        start="tutorial/primera-cola.md",
        no_docs="Documentación: docs/ en el código fuente",
        token="Los programas usan /api/v1 con un token propio: centralita token add.",
    ),
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Centralita {version}</title>
<style>
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }}
:root {{ color-scheme: light dark }}
</style>
</head>
<body>
<h1>Centralita <small>{version}</small></h1>
<p>{what}</p>
<ul>
<li><a href="/api/openapi.json">{document}</a></li>
<li><a href="/metrics">{metrics}</a></li>
<li>{docs}</li>
</ul>
<p>{token}</p>
</body>
</html>
"""


def routes(services: Services, version: str, docs: Path = DOCS) -> Part:
    """`/` and `/docs`, without a token: what they tell, everybody may know."""
    router = Part(tags=["pages"], include_in_schema=False)
    files = {str(path.relative_to(docs)): path for path in docs.rglob("*") if path.suffix in _MEDIA}
    pages = {language: _page(language, version, files) for language in Language}

    @router.get("/")
    async def home(request: Request) -> Response:
        """In the language that is asked for, or the server's."""
        language = _accepted(request.headers.get("accept-language", "")) or services.language()
        headers = {**_HEADERS, "Content-Language": language.value}
        return Response(pages[language], headers=headers, media_type="text/html")

    @router.get("/docs/{path:path}")
    async def documentation(path: str) -> Response:
        """One of the files, as it is."""
        file = files.get(path)
        if file is None:
            raise Failure(Kind.NOT_FOUND, f"no document {path!r}")
        return Response(file.read_bytes(), headers=_HEADERS, media_type=_MEDIA[file.suffix])

    return router


def _page(language: Language, version: str, files: dict[str, Path]) -> str:
    words = _WORDS[language]
    docs = words.no_docs
    if words.start in files:
        docs = f'<a href="/docs/{words.start}">{escape(words.docs)}</a>'
    return _PAGE.format(
        language=language.value,
        version=escape(version),
        what=escape(words.what),
        document=escape(words.document),
        metrics=escape(words.metrics),
        docs=docs,
        token=escape(words.token),
    )


def _accepted(header: str) -> Language | None:
    """Of RFC 9110 section 12.5.4: the one of ours that is liked best."""
    liked: list[tuple[float, Language]] = []
    for each in header.split(","):
        tag, _, weight = each.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if name in Language._value2member_map_ and quality > 0:
            liked.append((quality, Language(name)))
    return max(liked, key=lambda one: one[0])[1] if liked else None
