"""The paths of plans: where planning stands, what people may change, why an order stands there."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Path

from seamline_platform.api.plan_models import (
    PlanAccept,
    PlanEdit,
    PlanEdited,
    PlanOrder,
    PlanPolicyChange,
    PlanPredictions,
    PlanView,
)


class PlanService(Protocol):
    """What the paths ask. Calls come from worker threads and take some milliseconds.

    Each raises `RequestError` with 409 where the plans stand otherwise than the request supposes,
    503 before the first plan.
    """

    def view(self) -> PlanView:
        """Return the board with the bars of the accepted and the waiting plan."""

    def accept(self, request: PlanAccept) -> PlanView:
        """Put a waiting plan in force."""

    def reject(self, request: PlanAccept) -> PlanView:
        """Drop a waiting plan."""

    def undo(self) -> PlanView:
        """Go back to the plan before."""

    def edit(self, request: PlanEdit) -> PlanEdited:
        """Change the plan by hand; what cannot be is answered with the reason."""

    def policy(self, request: PlanPolicyChange) -> PlanView:
        """Let the policy accept, or ask a person each time."""

    def order(self, order: str) -> PlanOrder:
        """Return why an order stands where it does.

        Raises:
            RequestError: 404 if it is not known.
        """

    def predictions(self) -> PlanPredictions:
        """Return what was foretold, and what came of it."""


def planning(service: PlanService) -> APIRouter:
    """Return the routes of plans; they stand beside `/api/plan`, the Gantt as it will be sewn."""
    router = APIRouter(prefix="/api/plan", tags=["plan"])

    @router.get("/board")
    def board() -> PlanView:
        """Accepted plan, what waits for a decision, the difference, the solver, the history."""
        return service.view()

    @router.post("/accept")
    def accept(body: PlanAccept) -> PlanView:
        """Put the waiting plan of that number in force; commands follow at once."""
        return service.accept(body)

    @router.post("/reject")
    def reject(body: PlanAccept) -> PlanView:
        """Drop the waiting plan of that number."""
        return service.reject(body)

    @router.post("/undo")
    def undo() -> PlanView:
        """Go back to the plan before, as far as what has begun allows."""
        return service.undo()

    @router.post("/edit")
    def edit(body: PlanEdit) -> PlanEdited:
        """Move, swap, lock or unlock: answers with the cost, or the reason why it cannot be."""
        return service.edit(body)

    @router.post("/policy")
    def policy(body: PlanPolicyChange) -> PlanView:
        """Accept better plans by policy, or ask a person each time."""
        return service.policy(body)

    @router.get("/order/{order}")
    def order(order: Annotated[str, Path(max_length=64)]) -> PlanOrder:
        """Why there, why then, what would make it earlier, who it displaced; its lateness."""
        return service.order(order)

    @router.get("/predictions")
    def predictions() -> PlanPredictions:
        """What the twin foretold and what came of it; planned against actual finish."""
        return service.predictions()

    return router
