"""The paths of insight: trend alarms, quality of forecasts, why a forecast is what it is."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Path

from seamline_platform.api.insight_models import (
    ForecastExplanation,
    ForecastQuality,
    TrendAlarms,
)


class InsightService(Protocol):
    """What the paths ask. Calls come from worker threads and may take some seconds."""

    def alarms(self) -> TrendAlarms:
        """Return the trend alarms of all styles."""

    def quality(self) -> ForecastQuality:
        """Return how good the forecasts of the last nights were."""

    def explanation(self, unique_id: str) -> ForecastExplanation:
        """Return why the newest forecast of a series is what it is.

        Raises:
            RequestError: 404 if there is no forecast of it, 503 if it cannot be explained now.
        """


def insight(service: InsightService) -> APIRouter:
    """Return the routes of insight; they stand before `/api/forecast/{unique_id}`."""
    router = APIRouter(prefix="/api/forecast", tags=["read"])

    @router.get("/alarms")
    def alarms() -> TrendAlarms:
        """Styles that sell at another rate than they did, and all that are watched."""
        return service.alarms()

    @router.get("/quality")
    def quality() -> ForecastQuality:
        """Pinball loss, coverage and bias by night, by days ahead and by quantile."""
        return service.quality()

    @router.get("/{unique_id}/explain")
    def explain(unique_id: Annotated[str, Path(max_length=200)]) -> ForecastExplanation:
        """Which parts of its history move the newest forecast of a series, in pieces."""
        return service.explanation(unique_id)

    return router
