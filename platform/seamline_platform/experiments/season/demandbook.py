"""What a maker believes of demand: a Gamma-Poisson level per style, its split by region and SKU.

The level of a style is the demand of its whole life. Its prior is the merchandiser's expectation;
what was seen moves it by the exposure it was seen in: the share of the life's reference curve on
days and SKUs that could be bought. Where stock-outs are not seen, a day without stock counts as a
day without demand, as it does for everybody who reads shipments only.
"""

from collections.abc import Iterable

import numpy as np

from seamline_platform.experiments.season.plan import Floats, SeasonPlan
from seamline_platform.experiments.season.sight import Shipments, SkuDay

DISPERSION = 6.0
"""Variance of a count against a Poisson's: one unit of evidence is so many pieces."""
WEEK_VARIANCE = 0.12
"""Variance of a week's own shock (sd .35 of log demand)."""
SHAPE_VARIANCE, SHAPE_FADES = 0.3, 0.15
"""Variance of a size that is read from the very beginning of a life, and the part of the life
after which a third of it is left."""
SKU_DISPERSION = 2.0
"""The same for one SKU of one region: smaller counts, less overdispersed."""
_REGION_WEIGHT = 12.0
_SKU_WEIGHT = 80.0
"""Concentration of the size and colour split around its standard (Dirichlet)."""
_KEEP = 0.985
"""Part of the evidence that is still worth something a day later: fashion drifts."""
_FAMILY_WEIGHT = 3.0
"""How many styles of a bulletin it takes until their error moves the others half-way."""


class DemandBook:
    """Beliefs about all styles of a plan. Arrays: styles x regions (x SKUs)."""

    def __init__(self, plan: SeasonPlan) -> None:
        self.plan = plan
        count, regions, skus = len(plan.styles), len(plan.regions), plan.sku_share.shape[1]
        self._where = {
            sku: (i, k) for i, names in enumerate(plan.skus) for k, sku in enumerate(names)
        }
        self._style = plan.index()
        self._region = {name: r for r, name in enumerate(plan.regions)}
        self._prior = np.array([s.prior_pieces for s in plan.styles])
        self._launch = np.array([s.launch for s in plan.styles])
        self._cv = np.array([s.prior_cv for s in plan.styles])
        families = sorted({s.bulletin for s in plan.styles})
        self._family = np.array([families.index(s.bulletin) for s in plan.styles])
        self._seen = np.zeros((count, regions))
        self._exposure = np.zeros((count, regions))
        self._sku_seen = np.zeros((count, skus))
        self._sku_missed = np.zeros((count, skus))
        self._sku_days = np.zeros(count)
        self._to = np.zeros(regions, dtype=np.int64)
        self.share = plan.sku_share.copy()
        self.level = self._prior.copy()
        self.level_sd = self._prior * self._cv
        self.regional = np.outer(self.level, plan.region_share)

    def learn(
        self, sales: Iterable[SkuDay], shipments: Iterable[Shipments], seen_to: dict[str, int]
    ) -> None:
        """Take what is new; `seen_to` is the last day whose sales are all known, by region."""
        for name, last in seen_to.items():
            self._pass_days(self._region[name], last + 1)
        for row in sales:
            self._sale(row)
        for month in shipments:
            i = self._style.get(month.style)
            if i is not None:
                self._seen[i, self._region[month.region]] += month.qty
        self._update()

    def _pass_days(self, region: int, to_day: int) -> None:
        begin, end = int(self._to[region]), min(to_day, self.plan.days)
        if end <= begin:
            return
        keep = _KEEP ** (end - begin)
        curve = self.plan.curve
        gone = (curve[:, end] - curve[:, begin]) * self.plan.region_share[region]
        self._seen[:, region] *= keep
        self._exposure[:, region] = self._exposure[:, region] * keep + gone
        self._sku_days += gone
        self._to[region] = end

    def _sale(self, row: SkuDay) -> None:
        where = self._where.get(row.sku)
        if where is None or not 0 <= row.day < self.plan.days:
            return
        i, k = where
        region = self._region[row.region]
        self._seen[i, region] += row.qty
        self._sku_seen[i, k] += row.qty
        if row.out_min:
            curve = self.plan.curve[i]
            lost = (curve[row.day + 1] - curve[row.day]) * self.plan.region_share[region]
            lost *= row.out_min / 1440
            self._exposure[i, region] -= lost * self.share[i, k]
            self._sku_missed[i, k] += lost

    def signal(self, style: str, pieces: float, noise_cv: float) -> None:
        """Weigh in a sign before launch that says `pieces` of life demand, with this error."""
        i = self._style[style]
        own, its = 1 / self._cv[i] ** 2, 1 / noise_cv**2
        log = (own * np.log(self._prior[i]) + its * np.log(max(pieces, 1.0))) / (own + its)
        self._prior[i] = float(np.exp(log))
        self._cv[i] = (own + its) ** -0.5

    def _update(self) -> None:
        exposure = np.maximum(self._exposure, 0.0)
        seen, exposed = self._seen.sum(axis=1), exposure.sum(axis=1)
        prior = self._prior * self._family_factor(seen, exposed)
        shape = 1 / self._cv**2
        trust = self._trust(seen, exposed)
        a, b = shape + trust * seen, shape / prior + trust * exposed
        self.level, self.level_sd = a / b, np.sqrt(a) / b
        expected = self.level[:, None] * exposure
        tilt = (_REGION_WEIGHT + self._seen / DISPERSION) / (_REGION_WEIGHT + expected / DISPERSION)
        regional = self.plan.region_share[None, :] * tilt
        self.regional = self.level[:, None] * regional / regional.sum(axis=1, keepdims=True)
        standard = self.plan.sku_share
        due = (
            self.level[:, None]
            * standard
            * np.maximum(self._sku_days[:, None] - self._sku_missed, 0)
        )
        if self._sku_seen.any():
            weight = _SKU_WEIGHT * standard
            share = standard * (weight + self._sku_seen) / np.maximum(weight + due, 1e-9)
            self.share = share / share.sum(axis=1, keepdims=True)

    def _trust(self, seen: Floats, exposed: Floats) -> Floats:
        """Return how much one piece seen is worth as evidence.

        A Poisson's pieces would be worth 1 / dispersion each; but weeks have shocks of their own,
        and the shape of a life is not known either: early on, its first days say little of its
        size. Both put a ceiling on the evidence.
        """
        weeks = np.maximum(self._to.min() - self._launch, 1) / 7
        ceiling = 1 / (WEEK_VARIANCE / weeks + SHAPE_VARIANCE * np.exp(-exposed / SHAPE_FADES))
        worth: Floats = ceiling / (seen + ceiling * DISPERSION)
        return worth

    def _family_factor(self, seen: Floats, exposed: Floats) -> Floats:
        """Return how far the styles of each bulletin sold better or worse than was expected."""
        count = int(self._family.max()) + 1
        told = np.minimum(exposed * 4, 1.0)
        ratio = np.log((seen + 5.0) / (exposed * self._prior + 5.0)) * told
        total = np.bincount(self._family, ratio, count)
        weight = np.bincount(self._family, told, count)
        result: Floats = np.exp(total / (weight + _FAMILY_WEIGHT))[self._family]
        return result

    def between(self, first: Floats | int, last: Floats | int) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of demand by style and region from day to day.

        Days (scalar or one per style) are cut to the horizon; the last one is not included.
        """
        rows = np.arange(len(self.plan.styles))
        top = self.plan.days
        begin = np.clip(np.broadcast_to(first, rows.shape), 0, top).astype(np.int64)
        end = np.clip(np.broadcast_to(last, rows.shape), 0, top).astype(np.int64)
        part = self.plan.curve[rows, np.maximum(end, begin)] - self.plan.curve[rows, begin]
        mean = self.regional * part[:, None]
        doubt = (self.level_sd / self.level)[:, None]
        return mean, np.sqrt(mean * DISPERSION + (mean * doubt) ** 2)

    def by_sku(self, mean: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation by style, region and SKU of a style's mean.

        The doubt about the style is common to all its SKUs; the noise of a SKU is its own.
        """
        share = self.share[:, None, :]
        parts = mean[:, :, None] * share
        doubt = (self.level_sd / self.level)[:, None, None]
        return parts, np.sqrt(parts * SKU_DISPERSION + (parts * doubt) ** 2)
