"""Errors that a user of the API meets: what came, what was expected, what there is."""

from collections.abc import Sequence

from starlette.responses import JSONResponse

from seamline_broker.errors import SeamlineError


class RequestError(SeamlineError):
    """A request that cannot be served: `status` is the HTTP status."""

    def __init__(
        self, status: int, what: str, expected: str = "", exists: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.expected = expected
        self.exists = list(exists)


def problem(status: int, what: str, expected: str = "", exists: Sequence[str] = ()) -> JSONResponse:
    """Return the answer for an error, in the one form that all errors have."""
    body = {"error": {"what": what, "expected": expected, "exists": list(exists)}}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})
