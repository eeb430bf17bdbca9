"""Finds the page: an ASGI app that another package registers; a plain text where there is none."""

import logging
from importlib.metadata import entry_points

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)
GROUP = "seamline.pages"
_MISSING = """Seamline is running, but its page is not installed.

The page is part of the package: install Seamline again from its wheel, or run `make setup` in the
source tree (it builds the page). The API works without it: GET /api/openapi.json with
`Authorization: Bearer <token>`, and the websocket at /ws?v=1.
"""


async def _missing(scope: Scope, receive: Receive, send: Send) -> None:
    found = scope["path"] in ("", "/", "/index.html")
    text = _MISSING if found else "There is nothing here.\n"
    await PlainTextResponse(text, 200 if found else 404)(scope, receive, send)


def load_page(name: str = "page") -> ASGIApp:
    """Return the page registered as `name`, or a text that says how to get one."""
    for point in entry_points(group=GROUP, name=name):
        try:
            app: ASGIApp = point.load()()
        except Exception:  # a page that does not load must not take the API with it
            _log.exception("The page cannot be loaded. page=%s value=%s", name, point.value)
            continue
        return app
    return _missing
