"""The dashboard and the API page: static files of this package, under a strict Content-Security-Policy."""

from collections.abc import Awaitable, Callable
from os import PathLike, stat_result
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

WEB = Path(__file__).parent / "web"
PAGES = {"/": "index.html", "/docs": "docs.html", "/favicon.ico": "icon.svg"}
POLICY = """default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;
connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"""
HEADERS = {
    "Content-Security-Policy": " ".join(POLICY.split()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # cached, but revalidated by ETag, so that a new release is visible at once
}


class WebFiles(StaticFiles):
    """Static files with the headers above."""

    @override
    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        return response


def install(app: FastAPI) -> None:
    """Serve the pages and, under /web, their assets. Only these are compressed, not streams and media."""
    files = WebFiles(directory=WEB)
    app.mount("/web", GZipMiddleware(files, compresslevel=6), name="web")
    for path, name in PAGES.items():
        app.add_route(path, page(files, name), include_in_schema=False)


def page(files: WebFiles, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return await files.get_response(name, request.scope)

    return serve
