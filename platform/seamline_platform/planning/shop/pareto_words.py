"""Texts and style of the Pareto page."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Cost against electricity", "成本与用电的权衡"),
    "read": (
        "Every point is a plan that an independent checker has passed; no plan is worse than "
        "another in both. Point at one for its figures.",
        "每个点都是经独立校验的排程方案，任何方案都不会同时在两项上劣于另一方案。移到点上查看数值。",
    ),
    "cost": ("Cost without electricity", "不含电费的成本"),
    "energy": ("Electricity", "电费"),
    "co2": ("kg CO2", "二氧化碳（千克）"),
    "late": ("Late orders", "延误订单"),
    "setup": ("Set-up ticks", "换款时长"),
    "weight": ("Weight", "权重"),
}
STYLE: Final = """
:root{--paper:#fff;--ink:#1d2430;--soft:#5b6675;--rule:#d9dee6;--dot:#1f6fb2}
@media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#9aa5b5;
--rule:#303846;--dot:#62aeea}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:900px;margin:0 auto;padding:24px 20px 48px}h1{font-size:24px;margin:0 0 4px}
p{margin:6px 0;color:var(--soft)}.wide{overflow-x:auto;margin-top:14px}
svg{width:100%;min-width:560px;height:auto;display:block}svg text{font-size:12px;fill:var(--soft)}
.axis{fill:none;stroke:var(--rule)}circle{fill:var(--dot)}
polyline{fill:none;stroke:var(--dot);stroke-width:1.5;stroke-dasharray:5 4}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:4px 14px 4px 0;text-align:right;border-bottom:1px solid var(--rule)}
"""
