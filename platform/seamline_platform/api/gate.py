"""Who may come in: Host and Origin checks, sign-in by one link, before anything else is done."""

import hashlib
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from seamline_platform.api.problems import RequestError, problem

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OPEN = ("/api/health",)
_EXPECTED_TOKEN = "the link that Seamline printed at its start, or 'Authorization: Bearer <token>'"


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


class Gate:
    """Decides by headers alone; `hosts` are the names and addresses of this server."""

    def __init__(self, token: str, hosts: Iterable[str] = ()) -> None:
        digest = hashlib.sha256(f"seamline page {token}".encode()).hexdigest()
        self.cookie_name = f"seamline_{digest[:8]}"
        self._token = token.encode()
        # The cookie is not the token: whoever reads it cannot sign in elsewhere.
        self._cookie = digest[8:]
        self._hosts = frozenset(_host_name(f"[{h}]" if ":" in h else h) for h in hosts)
        self._hosts |= frozenset(LOOPBACK)

    def check_host(self, headers: Headers) -> None:
        """Refuse names that are not ours: another site's name may point to this machine.

        Raises:
            RequestError: if the Host header is missing or names another host.
        """
        host = headers.get("host", "")
        if _host_name(host) not in self._hosts:
            raise RequestError(
                403, f"Host {host[:100]!r}", "a name of this server", sorted(self._hosts)
            )

    def check_origin(self, headers: Headers) -> None:
        """Refuse pages of other sites; programs that are no browser send no Origin.

        Raises:
            RequestError: if there is an Origin and it is not this server.
        """
        origin = headers.get("origin")
        if origin is None:
            return
        try:
            parts = urlsplit(origin)
            own = parts.scheme in ("http", "https") and parts.netloc == headers.get("host", "")
        except ValueError:  # not an address at all, such as "http://["
            own = False
        if not own:
            raise RequestError(403, f"Origin {origin[:100]!r}", "a page of this server")

    def check_sign_in(self, headers: Headers) -> None:
        """Refuse those who have neither cookie nor token.

        Raises:
            RequestError: if cookie and token are missing or wrong.
        """
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.token_fits(given.strip()):
            return
        if hmac.compare_digest(self._cookie_of(headers).encode(), self._cookie.encode()):
            return
        raise RequestError(401, "Not signed in.", _EXPECTED_TOKEN)

    def _cookie_of(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie_name)
        except CookieError:
            return ""
        return found.value if found is not None else ""

    def token_fits(self, token: str) -> bool:
        """Return whether `token` is the right one."""
        return hmac.compare_digest(token.encode(), self._token)

    def welcome(self, secure: bool) -> Response:
        """Return the answer to the right link: a cookie, and the way to the page without token."""
        response = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
        response.set_cookie(
            self.cookie_name, self._cookie, httponly=True, samesite="lax", secure=secure, path="/"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class GateMiddleware:
    """Puts a gate before an ASGI app: websockets are refused before they are accepted."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            answer = self._check(scope)
        except RequestError as exc:
            answer = problem(exc.status, exc.what, exc.expected, exc.exists)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _check(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        self._gate.check_host(headers)
        if scope["type"] == "websocket":
            self._gate.check_origin(headers)
            self._gate.check_sign_in(headers)
            return None
        if scope["method"] not in ("GET", "HEAD"):
            self._gate.check_origin(headers)
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if path == "/" and token:
            if not self._gate.token_fits(token[0]):
                raise RequestError(401, "The token of this link is not right.", _EXPECTED_TOKEN)
            return self._gate.welcome(secure=scope.get("scheme") == "https")
        guarded = path == "/metrics.json" or path == "/api" or path.startswith("/api/")
        if guarded and path not in _OPEN:
            self._gate.check_sign_in(headers)
        return None
