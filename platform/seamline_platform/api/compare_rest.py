"""The paths of the comparison: begin, pace, flip a switch, end."""

from typing import Protocol

from fastapi import APIRouter

from seamline_platform.api.compare_models import (
    ComparePace,
    CompareStart,
    CompareState,
    CompareSwitch,
)


class CompareService(Protocol):
    """What the paths act on. Calls come from worker threads; each returns the state after it."""

    def state(self) -> CompareState:
        """Return where the comparison stands."""

    def start(self, request: CompareStart) -> CompareState:
        """Begin anew; what runs is ended."""

    def pace(self, request: ComparePace) -> CompareState:
        """Pause, continue, or change the speed.

        Raises:
            RequestError: 409 if no comparison runs.
        """

    def switch(self, request: CompareSwitch) -> CompareState:
        """Flip a switch of one side.

        Raises:
            RequestError: 409 if no comparison runs.
        """

    def stop(self) -> CompareState:
        """End the comparison, if one runs."""


def comparing(service: CompareService) -> APIRouter:
    """Return the routes below `/api/compare`."""
    router = APIRouter(prefix="/api/compare", tags=["compare"])

    @router.get("")
    def state() -> CompareState:
        """Where the comparison of two makers stands; its days come over the websocket."""
        return service.state()

    @router.post("/start")
    def start(body: CompareStart) -> CompareState:
        """Begin a comparison of two makers on one market, in a process of its own."""
        return service.start(body)

    @router.post("/pace")
    def pace(body: ComparePace) -> CompareState:
        """Pause or continue it, or change its speed."""
        return service.pace(body)

    @router.post("/switch")
    def switch(body: CompareSwitch) -> CompareState:
        """Flip one switch of one side, from the next plant day on."""
        return service.switch(body)

    @router.post("/stop")
    def stop() -> CompareState:
        """End it; what it has shown stays until the next one begins."""
        return service.stop()

    return router
