"""The page at `/`: whole by itself, in two languages, and every link of it leads somewhere."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from switch.api.home import routes
from tests.switch.api.running import Running, running


class Links(HTMLParser):
    """Where a page's links lead, and what it would fetch by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.there: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if tag == "a":
            self.there.append(of["href"] or "")
        elif tag in ("img", "script", "link", "iframe") or "src" in of:
            self.fetched.append(tag)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


async def test_without_a_token_it_tells_version_and_links_that_lead_somewhere(api: Running) -> None:
    async with api.client(token=None) as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "0.1.0" in page.text
        links = Links(page.text)
        assert links.fetched == []
        assert links.there == ["/api/openapi.json", "/metrics", "/docs/tutorial/first-queue.md"]
        for link in links.there:
            assert (await client.get(link)).status_code == 200, link


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("es-ES,es;q=0.9,en;q=0.8", "es"),
        ("en-GB, es;q=0.5", "en"),
        ("de, es;q=0.2", "es"),
        ("de", "en"),
        ("es;q=0", "en"),
        ("es;q=x, ;;, en-", "en"),
    ],
)
async def test_its_language_is_the_readers_or_the_servers(api: Running, accepted: str, language: str) -> None:
    async with api.client(token=None) as client:
        page = await client.get("/", headers={"Accept-Language": accepted})
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}">' in page.text
    assert ("Documentación" in page.text) == (language == "es")


@pytest.mark.parametrize(
    "path", ["../README.md", "%2e%2e/README.md", "..%2f..%2fetc/passwd", "/etc/passwd", "how-to", ""]
)
async def test_of_the_documents_nothing_else_is_read(api: Running, path: str) -> None:
    async with api.client(token=None) as client:
        assert (await client.get(f"/docs/{path}")).status_code == 404


async def test_installed_without_documents_it_says_where_they_are(api: Running, tmp_path: Path) -> None:
    app = FastAPI()
    routes(api.services, "0.1.0", tmp_path / "none").give_to(app.router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch") as client:
        page = (await client.get("/")).text
    assert "docs/ of the sources" in page
    assert Links(page).there == ["/api/openapi.json", "/metrics"]
