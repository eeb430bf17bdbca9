"""The path of promises: what one more order would cost, where and when."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Query

from seamline_platform.api.promise_models import PromiseQuote


class PromiseService(Protocol):
    """What the path asks. Calls come from worker threads."""

    def quote(self, style: str, pieces: int, region: str, days: int) -> PromiseQuote:
        """Return a quote; nothing is booked.

        Raises:
            RequestError: 404 if style or region is unknown, 503 before master data have come.
        """


def promising(service: PromiseService) -> APIRouter:
    """Return the routes of promises."""
    router = APIRouter(prefix="/api/promise", tags=["read"])

    @router.get("")
    def promise(
        style: Annotated[str, Query(min_length=1, max_length=64)],
        pieces: Annotated[int, Query(ge=1, le=100_000)],
        region: Annotated[str, Query(min_length=1, max_length=64)],
        days: Annotated[int, Query(ge=0, le=20)] = 7,
    ) -> PromiseQuote:
        """Where and when so many pieces could be made, and what other days would cost."""
        return service.quote(style, pieces, region, days)

    return router
