"""A part of the API: its routes are noted, and analysed once, where the application takes them."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter


class Part(APIRouter):
    """As the framework's router. That one would analyse each route by itself, and again where it is included,
    which is half of what it takes to make the application.
    """

    def __init__(self, prefix: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._below = prefix
        self._noted: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Note it; the decorators call this."""
        self._noted.append((path, endpoint, options))

    def give_to(self, router: APIRouter, prefix: str = "") -> None:
        """Add every route to `router`, whose paths then begin with `prefix`."""
        for path, endpoint, options in self._noted:
            ours = {
                "tags": [*self.tags, *(options["tags"] or ())],
                "dependencies": [*self.dependencies, *(options["dependencies"] or ())],
                "include_in_schema": self.include_in_schema and options["include_in_schema"],
            }
            router.add_api_route(prefix + self._below + path, endpoint, **{**options, **ours})
