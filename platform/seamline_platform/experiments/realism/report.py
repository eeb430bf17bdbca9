"""The realism report: run, document, and page for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from seamline_platform.experiments.charts import (
    Points,
    Quartiles,
    Words,
    quartile_chart,
    scatter_chart,
)
from seamline_platform.experiments.document import gallery, page, paragraph, section, table
from seamline_platform.experiments.effects.bands import with_digest
from seamline_platform.experiments.realism import ours as market
from seamline_platform.experiments.realism.compare import (
    Comparison,
    class_mix,
    compare,
    principal_axes,
    summary,
)
from seamline_platform.experiments.realism.features import CLASSES, FEATURES, feature_table
from seamline_platform.experiments.realism.sources import SEASON, SeriesSet

NAMES: Final[dict[str, Words]] = {
    "zero_share": ("zero share", "零值占比"),
    "adi": ("demand interval (ADI)", "平均需求间隔 ADI"),
    "cv2": ("CV² of sizes", "非零需求 CV²"),
    "acf1": ("ACF1", "一阶自相关"),
    "acf_season": ("ACF at the season", "季节滞后自相关"),
    "seasonal_strength": ("seasonal strength", "季节强度"),
    "trend_strength": ("trend strength", "趋势强度"),
    "spectral_entropy": ("spectral entropy", "谱熵"),
    "burst": ("burst: max / mean", "爆发度：最大/平均"),
    "tail_index": ("tail index (Hill)", "尾指数（Hill）"),
}
_CLASS_NAMES: Final[dict[str, Words]] = {
    "smooth": ("smooth", "平滑"), "erratic": ("erratic", "不稳定"),
    "intermittent": ("intermittent", "间歇"), "lumpy": ("lumpy", "块状"),
}  # fmt: skip
_OURS: Words = ("ours", "本市场")


@dataclass(frozen=True, slots=True)
class Level:
    """Our series at one level: how many, medians of the features, classes."""

    name: str
    series: int
    medians: dict[str, float | None]
    classes: dict[str, float]


@dataclass(frozen=True, slots=True)
class Realism:
    """Our levels, and each real set beside the level that counts as often."""

    scenario: str
    seed: int
    days: int
    levels: tuple[Level, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def acf1(self) -> dict[str, float]:
        """Return the median ACF1 of ours at style and week, and of each weekly set."""
        weekly = [c for c in self.comparisons if c.frequency == "weekly"]
        found = {c.name: c.summaries("acf1")[1].median for c in weekly}
        level = next(level for level in self.levels if level.name == "style weekly")
        own = level.medians["acf1"]
        return ({"ours": own} if own is not None else {}) | {
            name: round(value, 4) for name, value in found.items()
        }

    def document(self) -> dict[str, Any]:
        """Return everything as a JSON object with a digest."""
        return with_digest({
            "scenario": self.scenario,
            "seed": self.seed,
            "days": self.days,
            "levels": [
                {
                    "level": level.name, "series": level.series, "medians": level.medians,
                    "classes": level.classes,
                }
                for level in self.levels
            ],
            "weekly_acf1": self.acf1,
            "comparisons": [comparison.document() for comparison in self.comparisons],
        })  # fmt: skip


def run(scenario: str | Path, seed: int, days: int, sets: Sequence[SeriesSet]) -> Realism:
    """Draw the market and compare it with real sets; equal input, equal digest.

    Raises:
        ConfigError: if the scenario is unknown.
    """
    cells = market.draw_cells(scenario, seed, days)
    series = {name: market.series_of(cells, name) for name in market.LEVELS}
    comparisons = []
    for real in sets:
        level = market.level_for(real.frequency)
        comparisons.append(compare(series[level], level, real))
    levels = tuple(
        Level(name, len(found), _medians(name, found), class_mix(list(found)))
        for name, found in series.items()
    )
    return Realism(str(scenario), seed, days, levels, tuple(comparisons))


def _medians(level: str, series: Sequence[np.ndarray[Any, Any]]) -> dict[str, float | None]:
    features = feature_table(list(series), SEASON[level.split()[1]])
    medians = [summary(column).median for column in features.T]
    return {
        name: round(value, 4) if np.isfinite(value) else None
        for name, value in zip(FEATURES, medians, strict=True)
    }


def report(result: Realism) -> str:
    """Return the page."""
    title: Words = ("How real is the market?", "这个市场有多真实？")
    intro = (
        f"Demand of the generated market ({result.scenario}, seed {result.seed}, {result.days} "
        "days) beside real series, both cut to the same length. No single set is a gate: shops "
        "differ from one another too.",
        f"生成市场（{result.scenario}，种子 {result.seed}，{result.days} 天）的需求与真实序列对照，"
        "两边截成同样长度。没有哪一个数据集是门槛：商店之间也各不相同。",
    )
    return page(title, intro, [_levels(result), *(_comparison(c) for c in result.comparisons)])


def _levels(result: Realism) -> str:
    head: list[Words] = [("level", "层级"), ("series", "序列数"), *NAMES.values()]
    rows: list[list[str | Words]] = [
        [level.name, str(level.series), *(_text(level.medians[name]) for name in NAMES)]
        for level in result.levels
    ]
    acf = ", ".join(f"{name} {value:.2f}" for name, value in result.acf1.items())
    text = (f"Median ACF1 by week: {acf}.", f"周度一阶自相关中位数：{acf}。")
    return section(("Ours, by level (medians)", "本市场各层级（中位数）"), table(head, rows),
                   paragraph(text))  # fmt: skip


def _comparison(c: Comparison) -> str:
    title: Words = (f"{c.level} beside {c.name}", f"{c.level} 对照 {c.name}")
    j = c.judgement
    text = (
        f"{len(c.ours)} of our series and {len(c.theirs)} real ones, {c.length} periods each. A "
        f"classifier that sees only the features tells them apart with AUC {j.auc:.2f} "
        f"({j.lo:.2f} to {j.hi:.2f}); .5 would be a coin, 1 never wrong.",
        f"本市场 {len(c.ours)} 条、真实 {len(c.theirs)} 条，每条 {c.length} 期。"
        f"只看特征的分类器区分两者的 AUC 为 {j.auc:.2f}（{j.lo:.2f} 至 {j.hi:.2f}）；"
        "0.5 等于抛硬币，1 为从不出错。",
    )
    theirs: Words = (c.name, c.name)
    a, b = principal_axes(c.ours, c.theirs)
    charts = [
        scatter_chart(
            ("Feature space: principal components of ranks", "特征空间：秩的主成分"),
            ("first component", "第一主成分"), ("second component", "第二主成分"),
            [Points(_OURS, a[:, 0].tolist(), a[:, 1].tolist(), 0),
             Points(theirs, b[:, 0].tolist(), b[:, 1].tolist(), 1)],
        )
    ]  # fmt: skip
    for group, label in (
        (("zero_share", "acf1", "acf_season", "seasonal_strength", "trend_strength",
          "spectral_entropy"), ("share or correlation", "占比或相关系数")),
        (("adi", "cv2", "burst", "tail_index"), ("value", "数值")),
    ):  # fmt: skip
        rows = [(NAMES[name], _bars(c, name, theirs)) for name in group]
        shown = [(name, bars) for name, bars in rows if bars]
        if shown:
            title_ = ("Quartiles and median of the features", "特征的四分位与中位数")
            charts.append(quartile_chart(title_, label, shown))
    return section(title, paragraph(text), gallery(charts), _feature_rows(c), _class_rows(c))


def _bars(c: Comparison, feature: str, theirs: Words) -> list[Quartiles]:
    pair = c.summaries(feature)
    if not all(s.defined for s in pair):
        return []
    return [
        Quartiles(name, s.q1, s.median, s.q3, colour)
        for colour, (name, s) in enumerate(zip((_OURS, theirs), pair, strict=True))
    ]


def _feature_rows(c: Comparison) -> str:
    head: list[Words] = [
        ("feature", "特征"), ("ours: median (quartiles)", "本市场：中位数（四分位）"),
        (f"{c.name}: median (quartiles)", f"{c.name}：中位数（四分位）"), ("KS", "KS"),
        ("p", "p"), ("Wasserstein, in IQR", "Wasserstein（以四分位距计）"),
    ]  # fmt: skip
    rows: list[list[str | Words]] = []
    for feature, name in NAMES.items():
        ours, theirs = c.summaries(feature)
        far = c.distance(feature)
        shown = [
            f"{_text(s.median)} ({_text(s.q1)} – {_text(s.q3)})" if s.defined else "–"
            for s in (ours, theirs)
        ]
        rows.append([name, *shown, _text(far.ks), _text(far.p), _text(far.wasserstein)])
    return table(head, rows)


def _class_rows(c: Comparison) -> str:
    head: list[Words] = [("class (Syntetos-Boylan)", "类别（Syntetos-Boylan）"), _OURS,
                         (c.name, c.name)]  # fmt: skip
    rows: list[list[str | Words]] = [
        [
            _CLASS_NAMES[name],
            f"{100 * c.our_classes[name]:.0f} %",
            f"{100 * c.their_classes[name]:.0f} %",
        ]
        for name in CLASSES
    ]
    return table(head, rows)


def _text(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.2f}"
