"""Texts of the leaderboard, in English and Chinese."""

from typing import Final

from seamline_platform.experiments.charts import Words

TITLE: Final[Words] = ("Forecasting leaderboard", "预测基准排行榜")
INTRO: Final[Words] = (
    "Models by accuracy on public series and on Seamline's own market, and by what the same "
    "planner paid "
    "when it had to work with their forecasts.",
    "既按公开数据与缝线工场自有市场上的精度，也按同一个计划器用各模型预测时实际付出的代价，来比较"
    "预测模型。",
)
LABELS: Final[dict[str, Words]] = {
    "smape": ("sMAPE %", "sMAPE %"),
    "mase": ("MASE", "MASE"),
    "owa": ("OWA", "OWA"),
    "rmsse": ("RMSSE", "RMSSE"),
    "wrmsse": ("WRMSSE", "WRMSSE"),
    "scaled_pinball": ("scaled pinball", "缩放分位损失"),
    "crps": ("CRPS", "CRPS"),
    "scaled_crps": ("scaled CRPS", "缩放 CRPS"),
    "coverage_80": ("coverage 80 %", "覆盖率 80 %"),
    "coverage_95": ("coverage 95 %", "覆盖率 95 %"),
    "winkler_80": ("Winkler 80 %", "Winkler 80 %"),
    "winkler_95": ("Winkler 95 %", "Winkler 95 %"),
    "miscalibration": ("miscalibration", "失准度"),
    "bias": ("bias", "偏差"),
    "stability": ("change between origins", "起点间变动"),
    "cost": ("cost", "成本"),
}
"""Metrics by name; others are shown under the name that they have."""
UNRANKED: Final = ("coverage", "bias", "calibration", "spread")
"""Beginnings of names of metrics of which less is not better."""
STATUS: Final[dict[str, Words]] = {
    "failed": ("failed", "失败"),
    "leak": ("saw the future", "偷看未来"),
    "skipped": ("skipped", "跳过"),
}
PARTS: Final[dict[str, Words]] = {
    "holding": ("holding", "持有"),
    "shortage": ("shortage", "缺货"),
    "ordering": ("ordering", "订货"),
    "terminal": ("left at the end", "期末"),
    "cycle_service": ("cycle service", "周期服务水平"),
    "lateness": ("lateness", "延误"),
    "stock": ("stock", "库存"),
    "bullwhip": ("bullwhip", "牛鞭效应"),
    "late": ("late orders", "延误罚款"),
    "profit_k": ("profit, 1,000 yuan", "利润（千元）"),
    "on_time": ("on time", "准时率"),
    "stability": ("change of levels", "目标库存变动"),
    "cost_at_equal_fill": ("cost at equal fill rate", "同等满足率下的成本"),
    "stock_at_equal_fill": ("stock at equal fill rate", "同等满足率下的库存"),
}
"""Parts of a decision row that the page shows, in this order."""
OVERALL: Final[Words] = ("Over all tasks", "全部任务")
OVERALL_READ: Final[Words] = (
    "Skill score: 1 minus the geometric mean, over tasks, of a model's loss relative to "
    "SeasonalNaive's; 0 is "
    "as good as SeasonalNaive. Win rate: how often it beats another model, over tasks and models; "
    "a tie counts "
    "half. Intervals: 95 % bootstrap over tasks; with few tasks they are wide, and that is the "
    "truth about few "
    "tasks.",
    "技能分：1 减去各任务上相对 SeasonalNaive 损失的几何平均；0 表示与 SeasonalNaive 相当。胜率："
    "在各任务与"
    "各模型之间胜出的比例，平局计一半。区间：按任务自助抽样的 95 % 区间；任务少则区间宽，这正是少"
    "量任务的"
    "真实情况。",
)
FLIPS: Final[Words] = ("Where the rankings flip", "排名在哪里翻转")
FLIPS_READ: Final[Words] = (
    "Kendall's tau between the order of models by an accuracy metric and their order by cost. +1: "
    "the more "
    "accurate, the cheaper; 0: accuracy says nothing of cost; below 0: the more accurate, the "
    "dearer.",
    "按精度排序与按成本排序之间的 Kendall τ。+1：越准越省；0：精度与成本无关；小于 0：越准反而越"
    "贵。",
)
RANKS_READ: Final[Words] = (
    "Mean rank over the task's series; bars are the critical distance of the multiple comparison "
    "with the best "
    "(95 %). Hollow: its bar does not touch that of the best.",
    "在该任务各序列上的平均名次；横条为与最优者多重比较的临界距离（95 %）。空心：与最优者的横条不"
    "相交。",
)
CALIBRATION_READ: Final[Words] = (
    "By how much each quantile level was missed. Zero: the level lies between the share of truth "
    "strictly below the forecast and the share at or below it (with counts the two differ). "
    "Above: forecasts too high; below: too low. Grey: within ±0.03.",
    "每个分位水平偏离多少。零：该水平介于真值严格低于预测与不高于预测的比例之间（计数数据下两者不"
    "同）。向上：预测偏高；向下：预测偏低。灰带：±0.03 以内。",
)
FANS_READ: Final[Words] = (
    "The last origin of series chosen by a hash of their name, not by a person. Bands: the "
    "model's quantiles; "
    "dashed: SeasonalNaive's median; dots: what came.",
    "由名称哈希（而非人）选出的序列在最后一个起点的预测。带：该模型的分位数；虚线：SeasonalNaive "
    "的中位数；"
    "圆点：实际值。",
)
DECISIONS: Final[Words] = ("Decisions", "决策")
DECISIONS_READ: Final[Words] = (
    "The same planner, stock, lead time and true demand for every model; only the forecasts "
    "differ. Cost per "
    "series and period. Regret is cost above perfect foresight under the same policy; that is a "
    "reference, not "
    "a bound.",
    "所有模型使用同一计划器、同样的库存、提前期与真实需求，只有预测不同。成本按每序列每期计。遗憾"
    "为高于同一"
    "策略下完美预见的成本；完美预见只是参照，并非下界。",
)
COST_READ: Final[Words] = (
    "Hollow: told from the cheapest by its ranks over blocks of series, at 95 %.",
    "空心：按序列区组的名次，可在 95 % 水平上与最省者区分。",
)
CURVE_READ: Final[Words] = (
    "Stock held against fill rate as the service level is turned up: further to the upper left is "
    "better.",
    "逐步提高服务水平时的持有库存与满足率：越靠左上越好。",
)
SCATTER_READ: Final[Words] = (
    "Each model: the task's metric against cost. Lower left is better in both.",
    "每个模型：该任务指标与成本。左下方两者皆优。",
)
FACTORY: Final[Words] = ("The whole factory", "整座工厂")
FACTORY_READ: Final[Words] = (
    "Every model drove the same simulated plant on the same seeds: its forecasts became "
    "replenishment orders, these garments, and what was sold is what it saw next. Cost in yuan "
    "per SKU and day (margin lost, holding, late orders of sellers, stock written off); regret is "
    "against the same plant with perfect forecasts, which is no bound. Intervals: Student's t over "
    "seeds.",
    "每个模型在相同种子下驱动同一座模拟工厂：预测变成补货单，补货单变成成衣，"
    "卖出多少又成为它之后看到的历史。成本为每 SKU 每天的元数"
    "（损失毛利、持有、卖家订单延误、库存减值）；遗憾相对于同一工厂用完美预测的结果，"
    "并非下界。区间为各种子间的学生 t 区间。",
)
SENSITIVITY: Final[Words] = ("Other terms", "改变条件")
SENSITIVITY_READ: Final[Words] = (
    "Cost relative to SeasonalNaive's under the same terms; below 1 is cheaper. *: another model "
    "is "
    "the cheapest here than under the task's own terms.",
    "相同条件下相对 SeasonalNaive 的成本；低于 1 更省。*：此处最省的模型与任务自身条件下的不同。",
)
TERMS: Final[dict[str, Words]] = {
    "base": ("own terms", "自身条件"),
    "lead_time": ("lead time", "提前期"),
    "cost_ratio": ("cost ratio", "成本比"),
    "capacity": ("capacity", "产能"),
    "moq": ("MOQ", "最小起订量"),
    "unmet": ("unmet", "缺货"),
}
CLAIMS: Final[Words] = ("What may be claimed, and what not", "可以主张什么，不可以主张什么")
CLAIM_LIST: Final[tuple[Words, ...]] = (
    ("A difference is claimed only where the interval of the paired difference leaves out zero; "
     "two "
     "overlapping intervals of single models prove nothing either way.",
     "只有配对差值的区间不含零时才可主张差异；单个模型区间是否重叠不能说明问题。"),
    ("Perfect foresight under a fixed policy is a reference and not a bound: another policy may "
     "be cheaper.",
     "固定策略下的完美预见只是参照而非下界：别的策略可能更省。"),
    ("In M4 Hourly, 11 of 414 test windows occur inside the training part of other series. A "
     "global model that "
     "memorises would profit; none is credited for it here.",
     "M4 Hourly 的 414 个测试窗口中，有 11 个出现在其他序列的训练部分中；会记忆的全局模型可能因此"
     "占便宜。"),
    ("Published figures were computed by others, on the official test part; ours stand beside "
     "them, and small "
     "differences come from optimisers.",
     "已发表数字由他人在官方测试集上算出；本处数字并列给出，微小差异来自优化器。"),
    ("What shipped models were tuned on is printed with each task. A model that was pretrained on "
     "public series "
     "may have seen these.",
     "随附模型在什么数据上调过参，列在各任务下。用公开序列预训练的模型可能见过这些数据。"),
    ("Seconds and memory are those of this machine.", "时间与内存仅代表本机。"),
)  # fmt: skip
REPEAT: Final[Words] = ("Repeat it", "如何复现")
REPEAT_READ: Final[Words] = (
    "Each model and task has a result card; 'seamline bench verify CARD --data DIR' runs it again "
    "and says "
    "what differs.",
    "每个模型与任务都有一张结果卡；“seamline bench verify CARD --data DIR” 会重新运行并指出不同之"
    "处。",
)
REFUSED: Final[Words] = ("Cards that could not join", "未能并入的结果卡")
