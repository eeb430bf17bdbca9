"""The rows of the printed table: the published words beside the measured effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from seamline_platform.experiments.evidence.comparison import Comparison
from seamline_platform.experiments.evidence.designs import LINKS, PRACTICES
from seamline_platform.experiments.evidence.intervals import Difference

Words = tuple[str, str]
"""English and Chinese."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it is called, before and after, and the switch that it is (None: unchanged)."""

    title: Words
    before: Words
    after: Words
    switch: str | None


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """A row with its effect on profit, k yuan: alone, left out of the whole, in order."""

    row: Row
    alone: Difference | None
    left_out: Difference | None
    in_order: Difference | None

    def document(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        effects = {"alone": self.alone, "left_out": self.left_out, "in_order": self.in_order}
        return {
            "row": self.row.title[0],
            "row_zh": self.row.title[1],
            "before": self.row.before[0],
            "after": self.row.after[0],
            "switch": self.row.switch,
            "unchanged_by_design": self.row.switch is None,
            **{
                name: None if d is None else {
                    "mean": d.interval.mean, "lo": d.interval.lo, "hi": d.interval.hi,
                    "distinguishable": d.distinguishable, "verdict": d.verdict,
                }
                for name, d in effects.items()
            },
        }  # fmt: skip


TABLE2_ROWS: Final = (
    Row(("What stays: the aim", "什么不变：目标"),
        ("Manufacturing resources are allocated more efficiently",
         "提升制造资源配置效率"),
        ("the same", "相同"), None),
    Row(("What stays: the means", "什么不变：手段"),
        ("Data + model + service", "数据 + 模型 + 服务"), ("the same", "相同"), None),
    Row(("Where data come from", "数据从哪里来"),
        ("Business systems, product models, the internet", "业务系统、产品模型、互联网"),
        ("also the consumer market, the shop floor and its devices",
         "增加消费市场、车间运行与设备感知"), "sense"),
    Row(("Where data go", "数据到哪里去"),
        ("Local chimneys", "本地烟囱"),
        ("gathered in the cloud, open to each other", "云端汇聚、互联互通"), "integrate"),
    Row(("Where the system runs", "系统在哪里"),
        ("On site, fixed", "本地、固定"), ("cloud-native", "云原生"), "elastic"),
    Row(("How it is deployed", "系统怎么部署"),
        ("As one block", "单体式"), ("joined at any time, used on demand", "随时接入、按需使用"),
        "elastic"),
    Row(("Depth of optimisation", "资源优化深度"),
        ("Visible, transparent", "可视化、透明化"),
        ("diagnoses, predicts, decides and executes by itself",
         "自动诊断、预测、决策、执行"), "close_loop"),
    Row(("Breadth of optimisation", "资源优化广度"),
        ("One device or line", "单台设备或产线"),
        ("end to end, from a line to all plants", "端到端，从产线到产业生态"), "scope"),
)  # fmt: skip
PRACTICE_ROWS: Final = tuple(
    Row((switch.en, switch.zh), before, after, switch.id)
    for switch, before, after in zip(
        PRACTICES,
        (
            ("Monthly plan, season bought ahead", "月度计划，整季预先下单"),
            ("Large lots, long samples", "大批量、长打样"),
            ("Each plant sews its own styles", "各厂各做各款"),
            ("Stock and cloth locked in a region", "成品与面料按区域锁定"),
            ("Bundles, mended when broken", "扎捆流水、坏了再修"),
        ),
        (
            ("forecasts that learn from daily demand", "由每日需求学习的预测"),
            ("small lots, set-up data sent ahead", "小批量、工艺数据先行下发"),
            ("any capable line of any plant", "任一工厂任一可用产线"),
            ("pooled stock, kits in step with the line", "库存共享、按单配套同步上线"),
            ("hangers, live balancing, maintenance ahead", "吊挂、实时平衡、预测性维护"),
        ),
        strict=True,
    )
)
SAME_SWITCH: Final[Words] = (
    "Where the system runs and how it is deployed are one switch here (elastic): one measured "
    "effect, printed in both rows, to be counted once.",
    "“系统在哪里”与“怎么部署”在此是同一个开关（elastic）：同一测得效应印在两行，只计一次。",
)


def rows_of(comparison: Comparison) -> Sequence[MeasuredRow]:
    """Return the rows of a comparison with their effects."""
    rows = TABLE2_ROWS if comparison.plan.design.switches == LINKS else PRACTICE_ROWS
    return [
        MeasuredRow(
            row,
            *(
                None if row.switch is None else comparison.difference(kind, row.switch)
                for kind in ("alone", "left_out", "in_order")
            ),
        )
        for row in rows
    ]
