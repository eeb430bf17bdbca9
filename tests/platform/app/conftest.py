"""A small plant whose sales are laid down by hand, and nights on it without a worker process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.catalogue import Catalogue, Style
from seamline_broker.contracts.view import View
from seamline_platform.app.nightly import Brain, BrainSettings, Night
from seamline_platform.app.register import ModelRegister
from seamline_platform.app.training import Trainer, train_if_due
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.job import ForecastRequest, ForecastResult, run_job
from seamline_platform.store import Store, StoreSettings

DAY_MS = 86_400_000
FIRST_DAY = 20_000
STYLES = ("TS01", "TS02", "TS03")
COLOURS, SIZES, REGIONS = ("WHT", "BLK"), ("S", "M", "L"), ("east", "west")
SKUS = [f"{s}-{c}-{z}" for s in STYLES for c in COLOURS for z in SIZES]


LEARNER = """
import numpy as np
from seamline_platform.demand.frame import forecast_table, panel_of

class Learner:
    '''The mean of the days it was trained on, for ever: what it learnt is easy to see.'''

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.level = None

    def fit(self, history, horizon, quantiles):
        panel = panel_of(history)
        self.level = np.nanmean(panel.y[:, -14:], axis=1)
        self.trained_days = panel.days

    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        spread = np.sqrt(self.level + 0.5)[:, None] * np.linspace(-1.3, 1.6, len(quantiles))
        one = np.maximum(self.level[:, None] + spread, 0.0) * self.factor
        values = np.repeat(one[:, None, :], horizon, axis=1)
        return forecast_table(panel.ids, panel.next_day, quantiles, values)
"""


def catalogue() -> Catalogue:
    """Return three styles in two colours and three sizes, sold in two regions."""
    styles = {
        name: Style(name, name, name, "tee", "b1", COLOURS, SIZES, 9_900, f"cotton-{name[-1]}", 120)
        for name in STYLES
    }
    return Catalogue(styles, {"b1": ()}, (), REGIONS, {}, {}, 50, (0, 1, 2, 3, 4))


@dataclass
class Plant:
    """A plant in a folder: sales come day by day, nights and trainings are run by hand."""

    folder: Path
    settings: BrainSettings
    clock: ManualClock = field(default_factory=lambda: ManualClock(1_800_000_000_000))
    day: int = FIRST_DAY
    requests: list[ForecastRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(11)
        rates = self.rng.gamma(3.0, 2.0, (len(SKUS), len(REGIONS)))
        self.rate = dict(zip([(s, r) for s in SKUS for r in REGIONS], rates.ravel(), strict=True))
        self.open()

    def open(self) -> None:
        """Open store, register, brain and trainer, as a start of the platform does."""
        path = self.folder / "store" / "seamline.duckdb"
        self.store = Store.open(path, settings=StoreSettings(commit_ms=5, checkpoint_s=3_600))
        models = self.folder / "models"
        self.register = ModelRegister(self.store, self.clock, models, "this run")
        self.wire()

    def wire(self) -> None:
        """Make brain and trainer anew, for another way to run a request."""
        self.brain = Brain(
            self.store, self.view, self.settings, self.clock, self.register, run=self.run
        )
        self.trainer = Trainer(
            self.store, self.register, self.settings, self.brain.history, run=self.run
        )

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def view(self) -> View:
        """Return an empty floor with the catalogue."""
        return View(self.now_ms, catalogue(), {}, {}, {})

    @property
    def now_ms(self) -> int:
        """Plant time: five minutes past the midnight that closed the last day."""
        return self.day * DAY_MS + 300_000

    async def run(self, request: ForecastRequest, _timeout_s: float) -> ForecastResult:
        """Do in this process what a worker does in its own."""
        self.requests.append(request)
        return run_job(request, long_frame(request.history))

    def sell(self, days: int, times: float = 1.0, out_min: int = 0) -> None:
        """Let days pass; `times` is how demand compares with what it was."""
        rows = []
        for _ in range(days):
            weekend = 1.5 if self.day % 7 in (2, 3) else 1.0
            for (sku, region), rate in self.rate.items():
                qty = int(self.rng.poisson(rate * weekend * times))
                rows.append(
                    {"seq": 0, "ts": (self.day + 1) * DAY_MS, "site": region, "node": "warehouse",
                     "sku": sku, "qty": qty, "stockout_min": out_min, "price_fen": 9_900,
                     "promo": False, "day_ts": self.day * DAY_MS, "batch_id": 0}
                )  # fmt: skip
            self.day += 1
        self.store.insert("sales_daily", rows)
        self.store.flush()

    async def night(self) -> Night:
        """Run one night."""
        night = await self.brain.night(self.now_ms)
        self.store.flush()
        return night

    async def train(self) -> str:
        """Train what is due; return what is said about it."""
        said = await train_if_due(self.trainer, self.now_ms)
        self.store.flush()
        return said[0] if said is not None else ""

    async def day_and_night(self, times: float = 1.0) -> tuple[Night, str]:
        """Let a day pass, then its night, then the training that follows."""
        self.sell(1, times)
        night = await self.night()
        return night, await self.train()

    def column(self, sql: str, params: Sequence[object] = ()) -> list[object]:
        """Return the first column of a query."""
        return [next(iter(row.values())) for row in self.store.read(sql, params)]


@pytest.fixture
def make_plant(tmp_path: Path) -> Iterator[Callable[..., Plant]]:
    """Makes plants with 42 days of sales; what is still open at the end is closed."""
    made: list[Plant] = []

    def make(**settings: object) -> Plant:
        chosen = BrainSettings(**{"model": "SeasonalNaive", **settings})  # type: ignore[arg-type]
        plant = Plant(tmp_path / f"plant-{len(made)}", chosen)
        made.append(plant)
        plant.sell(42)
        return plant

    yield make
    for plant in made:
        plant.close()


@pytest.fixture
def learner(tmp_path: Path) -> str:
    """A loose file with a model whose trained state is easy to see."""
    path = tmp_path / "learner.py"
    path.write_text(LEARNER)
    return f"{path}:Learner"
