"""Sentences of the report, in English and Chinese."""

from typing import Final

Words = tuple[str, str]

TITLES: Final[dict[str, Words]] = {
    "table2": (
        "Two digital makers, switch by switch",
        "两种数字化方案，逐个开关比较",
    ),
    "practices": (
        "Five practices, one at a time",
        "五项实践，逐一加入",
    ),
}
INTROS: Final[dict[str, Words]] = {
    "table2": (
        "The published comparison of two digital solutions, run as an experiment. The baseline is "
        "competent and digital, but siloed: every line and plant is optimised by itself. Each "
        "difference of the table is a switch; all policies meet the same customers, breakdowns and "
        "sewing times.",
        "把已发表的两种数字化方案对比作为实验来运行。基准方案同样是合格的数字化方案，只是各自为政："
        "每条产线、每个工厂各自优化。表中每一处差别对应一个开关；所有方案面对相同的顾客、相同的故障与"
        "相同的缝制时间。",
    ),
    "practices": (
        "Five practices of the published case, added one at a time to a mostly manual start, and "
        "each left out of the whole; all policies meet the same customers, breakdowns and sewing "
        "times.",
        "案例中的五项实践，从以手工为主的起点逐一加入，并逐一从整体中去掉；所有方案面对相同的顾客、"
        "相同的故障与相同的缝制时间。",
    ),
}
KINDS: Final[dict[str, Words]] = {
    "alone": ("alone", "单独"),
    "left_out": ("left out", "去除"),
    "in_order": ("in order", "依次"),
}
HOW_TO_READ: Final[Words] = (
    "Alone: switched on from the baseline. Left out: what the whole loses without it. In order: "
    "added after the rows above. The three differ where switches need each other. A filled dot is "
    "told from zero by the seeds, a hollow one is not; the grey band is ±1 % and counts as equal.",
    "单独：在基准上只打开它。去除：整体少了它所损失的。依次：在上面各行之后加入。开关相互依赖时三者"
    "不同。实心点：所用种子能将其与零区分；空心点：不能。灰带为 ±1 %，视为相等。",
)
WATERFALL: Final[Words] = (
    "Profit from nothing on to everything on, in the published order. Steps that lose are drawn as "
    "they came out; pale bars are not distinguishable from zero. Whiskers are 95 % intervals of "
    "the step. The axis does not begin at zero.",
    "按发表顺序从全关到全开的利润。亏损的步骤照实画出；浅色条与零无法区分。须线为该步的 95 % 区间。"
    "横轴不从零开始。",
)
RULES: Final[tuple[Words, ...]] = (
    ("A switch changes only what is known, when it is known, and what may be done. Efficiency, "
     "failures and lead times come out of the world; no policy is given better ones.",
     "开关只改变已知的信息、得知的时间和允许的行动。效率、故障与交货期由世界自身产生，"
     "任何方案都不会被直接赋予更好的数值。"),
    ("Same seed, same world: arrivals with tastes, patience and returns, failures per machine and "
     "running hour, sewing times per style, size, serial and operation. Checked by digest for "
     "every seed.",
     "同一种子，同一世界：顾客到达及其偏好、耐心与退货，每台机器每运行小时的故障，"
     "每款每码每件每道工序的时间。每个种子都以摘要核对。"),
    ("Sensors and platform are charged for. No policy reads the truth.",
     "传感器与平台计入成本。任何方案都读不到真值。"),
    ("Every policy is tuned with the same budget on training seeds, and judged on others.",
     "每个方案以相同预算在训练种子上调参，在其他种子上评估。"),
    ("Same opening stock, warm-up and terminal valuation. A shorter season has fewer styles; it "
     "never cuts a style's life.",
     "期初库存、预热期与期末估值相同。较短的季节减少款式，而不截断款式的生命周期。"),
    ("Profit is primary. The other metrics of a step are corrected together after Holm. A "
     "difference of at most 1 % counts as equal. Where zero lies in the interval, we say so.",
     "利润为主要指标。同一步的其他指标按 Holm 方法统一校正。"
     "差异不超过 1 % 视为相等。区间含零时如实说明。"),
    ("Total factor productivity is a Fisher index against the baseline of the same seed: delivered "
     "garments at base prices over labour, machine hours, cloth, energy, ICT and data capital.",
     "全要素生产率为相对同一种子基准的 Fisher 指数：按基准价格计的交付服装，除以人工、机时、面料、"
     "能源、信息技术资本与数据资本。"),
)  # fmt: skip
KNOBS: Final[dict[str, Words]] = {
    "initial_permille": ("First buy ‰", "首单 ‰"),
    "cover_days": ("Cover, days", "覆盖天数"),
    "safety_permille": ("Safety ‰", "安全系数 ‰"),
    "lot_days": ("Lot, days", "批量天数"),
    "markdown_days": ("Markdown, days", "降价提前天数"),
    "capacity_permille": ("Capacity used ‰", "产能使用 ‰"),
}
