"""The snowball as a page for people."""

from seamline_platform.experiments.charts import Line, Words, line_chart, number
from seamline_platform.experiments.document import gallery, page, paragraph, section, table
from seamline_platform.experiments.effects import pool
from seamline_platform.experiments.effects.flywheel_report import line_of
from seamline_platform.experiments.effects.snowball import Snowball

_TITLE: Words = ("Snowball: what each further factory brings", "滚雪球效应：每多一家工厂带来什么")
_MEMBERS: Words = ("factories in the pool", "加入的工厂数")
_COST: Words = ("thousand yuan a year", "千元/年")
_WAYS: dict[str, Words] = {
    "nothing": ("no data shared", "不共享数据"),
    "models": ("models shared", "共享模型"),
    "raw": ("data shared", "共享数据"),
}
_COLOURS = dict(zip(pool.WAYS, (1, 2, 0), strict=True))


def report(result: Snowball) -> str:
    """Return the page."""
    plan = result.plan
    m = [float(i + 1) for i in range(plan.members)]
    intro = (
        f"Factories join one by one, {plan.seeds} seeds on common random numbers: a factory meets "
        "the same demand, jobs and styles whoever else has joined. Bands are 95 % intervals, "
        "dashed lines are theory. Prices are estimates.",
        f"工厂逐家加入，{plan.seeds} 个随机种子，公共随机数：无论谁加入，每家工厂面对同样的"
        "需求、任务和款式。色带为 95% 区间，虚线为理论。价格为估计值。",
    )
    return page(_TITLE, intro, [_sources(result, m), _benefit(result, m), _table(result)])


def _sources(result: Snowball, m: list[float]) -> str:
    size = range(1, len(m) + 1)
    stock = [
        line
        for colour, (rho, band) in enumerate(result.stock.items())
        for line in (
            line_of((f"correlation {rho:g}", f"相关系数 {rho:g}"), m, band, colour),
            Line(("theory", "理论"), m, [result.stock_theory(i, rho) for i in size], dashed=True,
                 colour=colour),
        )
    ]  # fmt: skip
    error = [
        line_of(name, m, result.error[way], _COLOURS[way]) for way, name in _WAYS.items()
    ] + [
        Line(("theory, shared", "理论（共享）"), m, [result.error_theory(i) for i in size],
             dashed=True, colour=5)
    ]  # fmt: skip
    charts = [
        line_chart(("Safety stock per factory", "每家安全库存"), _MEMBERS,
                   ("relative to one alone", "相对单独"), stock, from_zero=True),
        line_chart(
            (f"Wait for a line at load {result.plan.load:g}",
             f"负荷 {result.plan.load:g} 时的等待"),
            _MEMBERS, ("service times", "服务时间"),
            [
                line_of(("measured", "实测"), m, result.wait),
                Line(("Erlang C", "Erlang C 公式"), m, [result.wait_theory(i) for i in size],
                     dashed=True, colour=1),
            ],
            from_zero=True,
        ),
        line_chart(("Forecast error of new styles", "新款预测误差"), _MEMBERS,
                   ("RMSE", "均方根误差"), error),
    ]  # fmt: skip
    text = (
        "Three things are shared: stock (a common peak kills most of the gain), lines (a queue for "
        "many servers is short), and data (who shares learns from the others' styles).",
        "三样东西可以共享：库存（共同的高峰抵消大部分收益）、产线（多服务台的队很短）、数据（共享者从别人"
        "的款式中学习）。",
    )
    return section(("What is shared", "共享什么"), paragraph(text), gallery(charts))


def _benefit(result: Snowball, m: list[float]) -> str:
    size = range(1, len(m) + 1)
    cost = [
        line_of(name, m, result.average[way], _COLOURS[way]) for way, name in _WAYS.items()
    ] + [
        Line(("theory, shared", "理论（共享）"), m,
             [result.average_theory(i, shared=True) for i in size], dashed=True, colour=5)
    ]  # fmt: skip
    gain = [
        line_of(("its own saving", "自己节省"), m, result.own["raw"]),
        line_of(("the others' saving", "他人节省"), m, result.others["raw"], 2),
    ]
    charts = [
        line_chart(("Cost of a factory", "每家工厂的成本"), _MEMBERS, _COST, cost),
        line_chart(("What the newest member brings", "新成员带来的收益"), _MEMBERS, _COST, gain),
    ]
    text = (
        f"Each further member costs everyone {result.plan.congestion:g} thousand yuan of "
        f"coordination: the snowball grows fast, then slowly, and turns at {result.best_size} "
        "members. What a member brings to the others is paid to nobody unless the platform does.",
        f"每多一家，所有成员多付 {result.plan.congestion:g} 千元协调成本：雪球先快后慢，到 "
        f"{result.best_size} 家时转向。新成员给他人的好处，平台不分配就无人支付。",
    )
    return section(("Benefit of joining", "加入的收益"), paragraph(text), gallery(charts))


def _table(result: Snowball) -> str:
    rows = [
        [
            str(i + 1),
            number(result.average["raw"].mean[i]),
            number(result.average["nothing"].mean[i]),
            number(result.own["raw"].mean[i]),
            number(result.others["raw"].mean[i]),
        ]
        for i in range(result.plan.members)
    ]
    head: tuple[Words, ...] = (
        _MEMBERS, ("cost, data shared", "成本（共享）"), ("cost, not shared", "成本（不共享）"),
        ("own saving", "自己节省"), ("others' saving", "他人节省"),
    )  # fmt: skip
    return table(head, rows)
