"""What models said in a stream: stamped with plant time, judged, filled where nothing counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from seamline_broker.errors import ContractError
from seamline_platform.demand.frame import forecast_table, grid_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.protocol import load_forecaster
from seamline_platform.experiments.forecasting.contract import Forecasted, Task, Window
from seamline_platform.experiments.forecasting.stream.messages import (
    Label,
    Request,
    decode_forecast,
)
from seamline_platform.experiments.forecasting.stream.periods import Periods

FALLBACK: Final = "SeasonalNaive"

FloatArray = npt.NDArray[np.float64]
_Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message of a model."""

    origin: Label
    plant_ms: int
    accepted: int = 0
    late: int = 0
    unknown: int = 0
    """Series that the task does not have."""
    error: str = ""

    def document(self) -> dict[str, object]:
        """Return the answer as it is sent."""
        return {"v": 1, **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(slots=True)
class Page:
    """One model's forecasts: what counts, per window and series, and what did not."""

    given: list[dict[str, _Rows]]
    stamps_ms: list[list[int]] = field(default_factory=list)
    """Per window the plant times at which messages came, late ones too."""
    late: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How a model kept its deadlines: shares of all series and windows."""

    given: float
    late: int
    refused: int
    worst_delay_ms: int
    """Longest time from an origin's end to a message of its forecast; 0 if nothing came."""


class Scorebook:
    """Keeps what models say and when it came.

    A forecast of a series counts if it is whole and arrives before its request's deadline; of two
    the later one. What does not count is as if it had not been given: then the model's last
    forecast that counted stands, for the periods that it covers, and SeasonalNaive (on the whole
    history) for the others.
    """

    def __init__(
        self, task: Task, windows: Sequence[Window], requests: Sequence[Request],
        frequency: Frequency,
    ) -> None:  # fmt: skip
        self.task, self.windows, self.requests = task, tuple(windows), tuple(requests)
        self._periods = Periods(frequency)
        self._place = {request.origin: i for i, request in enumerate(self.requests)}
        self.ids = tuple(sorted(pc.unique(windows[0].history["unique_id"]).to_pylist()))
        self._known = frozenset(self.ids)
        self._pages: dict[str, Page] = {}
        self._naive: dict[int, FloatArray] = {}

    def arrived(self, model: str, payload: bytes, plant_ms: int) -> Answer:
        """Take a model's message at a plant time; say what became of it."""
        page = self._page(model)
        horizon, levels = self.windows[0].horizon, len(self.task.levels)
        try:
            said = decode_forecast(payload, horizon, levels)
            place = self._place.get(said.origin)
            if place is None:
                raise ContractError(f"No forecast from {said.origin!r} was asked for.")
        except ContractError as exc:
            page.refused += 1
            return Answer("", plant_ms, error=str(exc))
        page.stamps_ms[place].append(plant_ms)
        mine = {name: rows for name, rows in said.series.items() if name in self._known}
        unknown = len(said.series) - len(mine)
        if plant_ms >= self.requests[place].deadline_ms:
            page.late += len(mine)
            return Answer(said.origin, plant_ms, late=len(mine), unknown=unknown)
        page.given[place].update(mine)
        return Answer(said.origin, plant_ms, len(mine), unknown=unknown)

    def complete(self, model: str, request: Request) -> bool:
        """Return whether a model's forecast of a request is there for every series."""
        return len(self._page(model).given[self._place[request.origin]]) == len(self.ids)

    def punctuality(self, model: str) -> Punctuality:
        """Return how a model kept its deadlines."""
        page = self._page(model)
        given = sum(map(len, page.given))
        delays = [
            stamp - request.close_ms
            for request, stamps in zip(self.requests, page.stamps_ms, strict=True)
            for stamp in stamps
        ]
        return Punctuality(
            given / (len(self.ids) * len(self.requests)), page.late, page.refused,
            max(delays, default=0),
        )  # fmt: skip

    def forecasts(self, model: str) -> tuple[Forecasted, ...]:
        """Return a model's forecasts, one per window, filled where nothing counts."""
        page = self._page(model)
        last: dict[str, tuple[int, _Rows]] = {}
        found = []
        for i, window in enumerate(self.windows):
            values = self._fallback(i).copy()
            start = int(self._periods.ordinals(self.requests[i].ds)[0])
            for place, name in enumerate(self.ids):
                if name in page.given[i]:
                    values[place] = page.given[i][name]
                    last[name] = (start, page.given[i][name])
                elif name in last:
                    begun, rows = last[name]
                    still = np.array(rows[start - begun :])[: window.horizon]
                    values[place, : len(still)] = still.reshape(-1, values.shape[2])
            table = forecast_table(
                self.ids, start, self.task.levels, values, self._periods.frequency
            )
            missing = len(self.ids) - len(page.given[i])
            note = f"{missing} of {len(self.ids)} series not given in time" if missing else ""
            found.append(Forecasted(model, self.task.name, window.index, "ok", table, note=note))
        return tuple(found)

    def _fallback(self, place: int) -> FloatArray:
        if place not in self._naive:
            window = self.windows[place]
            model = load_forecaster(FALLBACK, season_length=self.task.season_length)
            came = model.forecast(window.history, window.horizon, self.task.levels)
            self._naive[place] = grid_of(came, self._periods.frequency).values
        return self._naive[place]

    def _page(self, model: str) -> Page:
        count = len(self.requests)
        return self._pages.setdefault(
            model, Page([{} for _ in range(count)], [[] for _ in range(count)])
        )
