"""Stock of finished goods as the planner counts it: what is there, and what is on its way."""

from collections.abc import Mapping

import numpy as np

from seamline_platform.experiments.season.demandbook import DemandBook
from seamline_platform.experiments.season.plan import Floats, SeasonPlan
from seamline_platform.experiments.season.sight import Sight
from seamline_platform.experiments.season.work import Lot

DAY_MS = 86_400_000


class Pipeline:
    """Pieces by style, region and SKU: `stock` at the last count seen, `coming` by own orders."""

    def __init__(self, plan: SeasonPlan, start_ms: int) -> None:
        self.plan, self.start_ms = plan, start_ms
        shape = (len(plan.styles), len(plan.regions), plan.sku_share.shape[1])
        self.stock = np.zeros(shape)
        self.coming = np.zeros(shape)
        self._style = plan.index()
        self._region = {name: r for r, name in enumerate(plan.regions)}
        self._sku = [{sku: k for k, sku in enumerate(names)} for names in plan.skus]
        self._open: dict[str, list[tuple[int, int, int, int]]] = {}
        self._counted = -1

    def count(self, sight: Sight) -> None:
        """Take the newest count of stock, and what was delivered before it."""
        for order in [name for name in self._open if name in sight.delivered]:
            for i, r, k, n in self._open.pop(order):
                self.coming[i, r, k] -= n
        if sight.stock_ms == self._counted:
            return
        self._counted = sight.stock_ms
        seen = sight.stock
        for i, names in enumerate(self.plan.skus):
            for r, region in enumerate(self.plan.regions):
                row = [seen.get((region, sku), 0) for sku in names]
                self.stock[i, r, : len(row)] = row

    def expect(
        self, order: str, style: str, colour: str, region: str, sizes: Mapping[str, int]
    ) -> None:
        """Count an order as on its way."""
        i, r = self._style[style], self._region[region]
        cells = [(i, r, self._sku[i][f"{style}-{colour}-{size}"], n) for size, n in sizes.items()]
        for _, _, k, n in cells:
            self.coming[i, r, k] += n
        self._open[order] = cells

    def expect_lot(self, lot: Lot) -> None:
        """Count a lot as on its way before it has orders."""
        for region, sizes in lot.needs.items():
            self.expect(f"{lot.id}-{region}", lot.style, lot.colour, region, sizes)

    def drop_lot(self, lot: Lot) -> None:
        """Forget a lot that has not been commanded."""
        for region in lot.needs:
            for i, r, k, n in self._open.pop(f"{lot.id}-{region}"):
                self.coming[i, r, k] -= n

    def move(self, sku: str, style: str, origin: str, target: str, pieces: int) -> None:
        """Count a transfer between regions as done; the next count tells the rest."""
        i = self._style[style]
        k = self._sku[i][sku]
        self.stock[i, self._region[origin], k] -= pieces
        self.stock[i, self._region[target], k] += pieces

    def position(self, book: DemandBook, day: int) -> Floats:
        """Return what is there and on its way, less what was probably sold since the count."""
        counted = (self._counted - self.start_ms) // DAY_MS
        if counted >= day:
            return self.stock + self.coming
        mean, _ = book.between(counted, day)
        sold = mean[:, :, None] * book.share[:, None, :]
        return np.maximum(self.stock - sold, 0.0) + self.coming
