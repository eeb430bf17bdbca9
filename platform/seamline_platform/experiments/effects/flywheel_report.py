"""The flywheel as a page for people."""

from seamline_platform.experiments.charts import Line, Words, line_chart, number
from seamline_platform.experiments.document import gallery, page, paragraph, section, table
from seamline_platform.experiments.effects.bands import Band
from seamline_platform.experiments.effects.flywheel import NUMBERS, Flywheel

_TITLE: Words = ("Flywheel: what more data are worth", "飞轮效应：更多数据值多少")
_STYLES: Words = ("styles learned from", "已学习的款式数")
_MEASURED: Words = ("measured", "实测")
_THEORY: Words = ("theory", "理论")
_FLOOR: Words = ("hard floor", "硬下限")
_WAYS: dict[str, Words] = {
    "greedy": ("sales taken for demand", "把销量当需求"),
    "explore": ("explores", "主动探索"),
    "sensed": ("senses who left", "感知流失客户"),
}


def line_of(name: Words, x: list[float], band: Band, colour: int = 0) -> Line:
    """Return a band as a line of a chart."""
    return Line(name, x, band.mean, band.lo, band.hi, colour=colour)


def report(result: Flywheel) -> str:
    """Return the page."""
    n = [float(x) for x in NUMBERS]
    plan = result.plan
    intro = (
        f"Styles of the generated market ({plan.scenario}), {plan.seeds} seeds; bands are 95 % "
        "intervals over seeds, dashed lines are theory.",
        f"生成市场（{plan.scenario}）的款式，{plan.seeds} 个随机种子；"
        "色带为 95% 区间，虚线为理论。",
    )
    return page(
        _TITLE,
        intro,
        [_curve(result, n), _table(result), _drift(result, n), _loop(result), _censored(result)],
    )


def _curve(result: Flywheel, n: list[float]) -> str:
    theory = [result.rmse_theory(x) for x in n]
    few = [result.few_theory(x) for x in NUMBERS]
    floor, cost_floor = result.floor
    ends = [n[0], n[-1]]
    error = line_chart(
        ("Error of the logarithm of a new style's size", "新款规模对数的误差"), _STYLES,
        ("RMSE", "均方根误差"),
        [
            line_of(_MEASURED, n, result.rmse),
            Line(_THEORY, n, theory, dashed=True, colour=1),
            Line(("theory, few styles", "理论（少样本）"), n, few, dashed=True, colour=2),
            Line(_FLOOR, ends, [floor, floor], dashed=True, colour=5),
        ],
        log_x=True,
    )  # fmt: skip
    cost = line_chart(
        ("Newsvendor cost, share of perfect-information profit", "报童成本占完全信息利润之比"),
        _STYLES, ("cost share", "成本占比"),
        [
            line_of(_MEASURED, n, result.cost),
            Line(_THEORY, n, [result.cost_theory(x) for x in n], dashed=True, colour=1),
            Line(_FLOOR, ends, [cost_floor, cost_floor], dashed=True, colour=5),
        ],
        log_x=True,
    )  # fmt: skip
    text = (
        "Each finished style teaches what its attributes are worth. The excess error falls as 1/n, "
        "then the wheel stops at what attributes do not tell: only new kinds of data lower that.",
        "每个售完的款式都在告诉模型属性值多少。超额误差按 1/n 下降，最后停在属性无法说明的部分："
        "只有新种类的数据才能降低它。",
    )
    return section(("Accuracy and cost", "准确度与成本"), paragraph(text), gallery([error, cost]))


def _table(result: Flywheel) -> str:
    rows = [
        [
            str(x),
            _shown(result.rmse, i, 1, 3),
            f"{result.rmse_theory(x):.3f}",
            _shown(result.cost, i, 100, 1) + " %",
            f"{100 * result.cost_theory(x):.1f} %",
            f"{100 * result.fill.mean[i]:.1f} %",
        ]
        for i, x in enumerate(NUMBERS)
    ]
    return table(
        (_STYLES, ("RMSE", "误差"), _THEORY, ("cost", "成本"), _THEORY, ("fill rate", "满足率")),
        rows,
    )


def _shown(band: Band, i: int, scale: float, digits: int) -> str:
    low, high = scale * band.lo[i], scale * band.hi[i]
    return f"{scale * band.mean[i]:.{digits}f} ({low:.{digits}f} – {high:.{digits}f})"


def _drift(result: Flywheel, n: list[float]) -> str:
    chart = line_chart(
        (
            f"Error when half of the taste changes in {number(result.plan.half_life)} styles",
            f"每 {number(result.plan.half_life)} 款口味变化一半时的误差",
        ),
        _STYLES, ("RMSE", "均方根误差"),
        [
            line_of(("keeps everything", "保留全部"), n, result.keep_all, 1),
            line_of(("forgets", "遗忘旧数据"), n, result.forget),
            Line(("best possible", "理论最优"), n, [result.drift_theory(x) for x in NUMBERS],
                 dashed=True, colour=5),
        ],
        log_x=True,
    )  # fmt: skip
    text = (
        "Fashion changes: old data grow stale, and beyond the half-life more of them harm a model "
        "that keeps everything. A model that forgets stays level, well above the floor.",
        "时尚在变：旧数据会过期，超过半衰期后，保留全部数据反而有害；会遗忘的模型保持平稳，但高于下限。",
    )
    return section(("Drift", "口味漂移"), paragraph(text), gallery([chart]))


def _loop(result: Flywheel) -> str:
    periods = [float(i) for i in range(result.plan.periods)]
    off, on = ("data at a constant rate", "数据匀速到来"), ("service brings data", "服务带来数据")
    examples = line_chart(
        ("Styles learned from", "累计学习的款式"), ("period", "周期"), ("styles", "款式"),
        [line_of(off, periods, result.loop_off, 1), line_of(on, periods, result.loop_on)],
    )  # fmt: skip
    fill = line_chart(
        ("Fill rate", "满足率"), ("period", "周期"), ("share", "占比"),
        [line_of(off, periods, result.fill_off, 1), line_of(on, periods, result.fill_on)],
    )  # fmt: skip
    text = (
        f"The loop proper: each unit of fill rate brings {result.plan.traffic:g} times the base "
        "traffic, and traffic is data. It speeds up early and cannot lift the floor.",
        f"真正的循环：满足率每提高 1，客流增加 {result.plan.traffic:g} 倍，客流就是数据。前期加速，"
        "但不能抬高上限。",
    )
    return section(("The loop", "循环"), paragraph(text), gallery([examples, fill]))


def _censored(result: Flywheel) -> str:
    weeks = [float(i) for i in range(3, result.plan.weeks, 4)]
    lines = []
    for colour, (way, name) in enumerate(_WAYS.items()):
        band = result.weeks[way]
        mean, low, high = (
            [sum(part[i : i + 4]) / 4 for i in range(0, 4 * len(weeks), 4)]
            for part in (band.mean, band.lo, band.hi)
        )
        lines.append(Line(name, weeks, mean, low, high, colour=(1, 2, 0)[colour]))
    chart = line_chart(
        ("Profit of an item bought too small at the start", "起步备货过少的商品的利润"),
        ("week", "周"), ("share of perfect information", "占完全信息之比"), lines,
    )  # fmt: skip
    text = (
        "No stock, no sales, 'no demand': who takes sales for demand never finds out. Buying more "
        "now and then, and knowing that sold-out weeks are cut off, finds the demand; seeing those "
        "who left finds it at once.",
        "没有库存就没有销量，于是“没有需求”：把销量当需求者永远发现不了。偶尔多备货、并知道售罄周被截断，"
        "就能找到需求；看得见流失的客户则立刻找到。",
    )
    return section(("Greedy or exploring", "贪心还是探索"), paragraph(text), gallery([chart]))
