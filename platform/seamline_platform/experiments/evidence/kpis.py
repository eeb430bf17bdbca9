"""The metrics of a comparison: names in two languages, units, digits, which way is better."""

from dataclasses import dataclass
from typing import Final

PRIMARY: Final = "profit_k"
TFP: Final = "tfp"


@dataclass(frozen=True, slots=True)
class Kpi:
    """How a metric is written. `better` is +1 if more is better, -1 if less is, 0 if neither."""

    id: str
    en: str
    zh: str
    unit_en: str
    unit_zh: str
    digits: int
    better: int


_ALL: Final = (
    Kpi("profit_k", "Profit", "利润", "k yuan", "千元", 0, 1),
    Kpi("revenue_k", "Revenue", "收入", "k yuan", "千元", 0, 1),
    Kpi("tfp", "Total factor productivity", "全要素生产率", "", "", 3, 1),
    Kpi("fill_rate", "Fill rate", "需求满足率", "", "", 3, 1),
    Kpi("on_time_delivery", "On-time delivery", "准时交付率", "", "", 3, 1),
    Kpi("lead_time_d", "Lead time", "交货期", "d", "天", 1, -1),
    Kpi("stock_days", "Stock", "库存天数", "d", "天", 1, -1),
    Kpi("leftover_share", "Left over", "剩余库存占比", "", "", 3, -1),
    Kpi("wip_pieces", "Work in process", "在制品", "pieces", "件", 0, -1),
    Kpi("line_efficiency", "Line efficiency", "产线效率", "", "", 3, 1),
    Kpi("oee", "OEE", "设备综合效率 OEE", "", "", 3, 1),
    Kpi("dhu", "Defects per hundred units", "百件疵点数 DHU", "", "", 2, -1),
    Kpi("energy_kwh_per_piece", "Energy per garment", "单件能耗", "kWh", "千瓦时", 3, -1),
    Kpi("co2_kg_per_piece", "CO₂ per garment", "单件二氧化碳", "kg", "千克", 3, -1),
    Kpi("cloth_use", "Cloth use", "面料利用率", "", "", 3, 1),
    Kpi("bullwhip", "Bullwhip ratio", "牛鞭效应比", "", "", 2, -1),
    Kpi("cash_to_cash_d", "Cash to cash", "现金周转天数", "d", "天", 1, -1),
)  # fmt: skip
KPIS: Final = {kpi.id: kpi for kpi in _ALL}
"""All metrics of a table by id: those of a run, and `tfp`, which needs two runs."""

METRICS: Final = tuple(KPIS)
