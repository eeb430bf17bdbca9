"""Serves the built page: compressed, cached for ever by content, and closed to other hosts."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from seamline_broker.errors import ConfigError
from seamline_dashboards.panels import BUILT_IN, USER_FOLDER, panels

STATIC: Final = Path(__file__).parent / "static"
CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_NOT_BUILT: Final = (
    "The page has not been built. Run `make setup`, "
    "or `npm ci && npm run build` in dashboards/web.\n"
)

Handler = Callable[[Request], Awaitable[Response]]


def _file(request: Request, path: Path, cache: str) -> Response:
    """Answer with a file, or with its compressed twin when the browser takes gzip."""
    headers = {**_HEADERS, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    packed = path.with_name(path.name + ".gz")
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        headers["Content-Encoding"] = "gzip"
        path, kind = packed, _TYPES.get(path.suffix)
    else:
        kind = _TYPES.get(path.suffix)
    return FileResponse(path, headers=headers, media_type=kind)


def _inside(folder: Path, name: str) -> Path | None:
    """Return the file `name` below `folder`, or None if there is none or it lies outside."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def _asset_handler(static: Path) -> Handler:
    async def asset(request: Request) -> Response:
        path = _inside(static / "assets", request.path_params["path"])
        if path is None:
            return PlainTextResponse("No such file.\n", 404)
        return _file(request, path, "public, max-age=31536000, immutable")

    return asset


def _page_handler(static: Path) -> Handler:
    async def page(request: Request) -> Response:
        name = request.path_params["path"]
        if name.startswith(("api/", "ws")):
            error = {
                "what": f"Nothing answers at /{name}.",
                "expected": "a path of the API",
                "exists": [],
            }
            return JSONResponse({"error": error}, 404)
        path = _inside(static, name) if "." in name else None
        if path is not None and path.suffix in (".svg", ".txt"):
            return _file(request, path, "no-cache")
        index = static / "index.html"
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT, 503)
        # Views have addresses of their own, so every other path is the page.
        return _file(request, index, "no-cache")

    return page


def _panels_handler(folders: Sequence[Path]) -> Handler:
    async def list_panels(request: Request) -> Response:
        try:
            # Read at each request: whoever edits a panel sees it after a reload.
            found = panels(folders)
        except ConfigError as exc:
            error = {
                "what": str(exc),
                "expected": "a panel as dashboards/README.md shows",
                "exists": [],
            }
            return JSONResponse({"error": error}, 422)
        return JSONResponse({"panels": [panel.document() for panel in found]})

    return list_panels


def page_app(static: Path = STATIC, folders: Sequence[Path] = (BUILT_IN, USER_FOLDER)) -> Starlette:
    """Return the ASGI app of the page: `/assets/*` for ever, everything else is the page itself.

    It also answers `GET /api/panels` with the panels of `folders`, for a host application that
    passes this path on; one that does not finds them in `app.state.panels()`.
    """
    app = Starlette(
        routes=[
            Route("/api/panels", _panels_handler(folders)),
            Route("/assets/{path:path}", _asset_handler(static)),
            Route("/{path:path}", _page_handler(static)),
        ]
    )
    app.state.panels = lambda: [panel.document() for panel in panels(folders)]
    return app
