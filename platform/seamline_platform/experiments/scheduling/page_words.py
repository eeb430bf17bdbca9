"""What the scheduling benchmark's page says, in English and in Chinese."""

from typing import Final

from seamline_platform.experiments.charts import Words

TITLE: Final[Words] = ("Scheduling benchmark", "排产基准测试")
INTRO: Final[Words] = (
    "Plans of garment plants and of problems of the literature, by dispatch rules, Seamline's "
    "solver, one CP-SAT model of the whole and PyJobShop, with equal budgets of CPU seconds. "
    "Every plan shown here passed a checker that shares no code with the solvers.",
    "用派工规则、Seamline 求解器、整体 CP-SAT 模型与 PyJobShop 在相同 CPU 秒预算下求解服装工厂"
    "及文献实例。此处每个方案都通过了与求解器无共用代码的独立校验器。",
)
TARGETS: Final[Words] = ("To be reached, and reached", "目标与达成")
TARGETS_READ: Final[Words] = (
    "A dash: not measured in this run, or not with the budget that the target names.",
    "短横线：本次运行未测，或预算与目标规定的不同。",
)
MEANS_READ: Final[Words] = (
    "In the tables below x1.20 (3) in a row of means says: on the 3 instances where that solver "
    "has a plan it costs 1.20 times Seamline's, on average.",
    "下表均值行中的 x1.20 (3)：在该求解器有方案的 3 个实例上，其成本平均为 Seamline 的 1.20 倍。",
)
PROFILE: Final[Words] = ("Performance profile", "性能曲线")
PROFILE_READ: Final[Words] = (
    "Share of instances on which a solver's cost is at most tau times the least of all (Dolan and "
    "Moré 2002), over the instances that every solver ran. Higher and further left is better.",
    "成本不超过最优者 tau 倍的实例占比（Dolan 与 Moré 2002），只计所有求解器都运行过的实例。"
    "越高越靠左越好。",
)
ANYTIME: Final[Words] = ("Cost against CPU seconds", "成本随 CPU 秒的变化")
ANYTIME_READ: Final[Words] = (
    "Mean of cost / best rule's cost of the plan in hand; 1 is the best dispatch rule. A curve "
    "begins when its solver has a plan of every instance; those above 3 are cut off.",
    "当前方案成本与最佳规则成本之比的均值；1 即最佳派工规则。曲线从该求解器对所有实例都有方案"
    "时开始；高于 3 的部分截去。",
)
GANTTS: Final[Words] = ("A few plans", "几个方案")
GANTTS_READ: Final[Words] = (
    "The first instance of a family, by the best rule and by Seamline. Pale: set-up. Framed: late. "
    "Point at a bar for its order and times.",
    "每组的第一个实例：最佳规则与 Seamline。浅色为换型，带框为拖期；指向条块可看订单与时间。",
)
ALL_ROWS: Final[Words] = ("All instances", "全部实例")
REPEAT: Final[Words] = ("Run it again", "复现")
REPEAT_READ: Final[Words] = (
    "Budgets are CPU seconds, all threads summed, so that load on the machine counts for little. "
    "Rows made with --moves come out equal on every machine; result cards (--cards) hold every "
    "plan, and seamline bench verify checks them.",
    "预算是所有线程合计的 CPU 秒，机器负载影响很小。用 --moves 得到的行在任何机器上相同；结果卡"
    "（--cards）保存每个方案，可用 seamline bench verify 校验。",
)
FAILED: Final[Words] = ("Without a plan", "没有方案")
HEAD: Final[tuple[Words, ...]] = (
    ("instance", "实例"), ("CPU-s", "CPU 秒"), ("Seamline", "Seamline"),
    ("best known", "已知最优"), ("gap", "差距"), ("best rule", "最佳规则"),
    ("better by", "改进"), ("CP-SAT cold", "CP-SAT 冷启动"),
    ("CP-SAT hinted", "CP-SAT 带初解"), ("PyJobShop", "PyJobShop"),
)  # fmt: skip
TARGET_HEAD: Final[tuple[Words, ...]] = (
    ("", ""),
    ("what", "项目"),
    ("target", "目标"),
    ("reached", "达成"),
)
COLUMNS: Final[dict[str, Words]] = {
    "best_rule": ("best rule", "最佳规则"),
    "Seamline": ("Seamline", "Seamline"),
    "cpsat_cold": ("CP-SAT cold", "CP-SAT 冷"),
    "cpsat_hinted": ("CP-SAT hinted", "CP-SAT 初解"),
    "pyjobshop": ("PyJobShop", "PyJobShop"),
}
TICKS: Final[Words] = ("ticks", "时间单位")
SHARE: Final[Words] = ("share of instances", "实例占比")
TAU: Final[Words] = ("tau: cost / least cost", "tau：成本 / 最小成本")
SECONDS: Final[Words] = ("CPU seconds", "CPU 秒")
RATIO: Final[Words] = ("cost / best rule", "成本 / 最佳规则")
OBJECTIVES: Final[dict[str, str]] = {
    "10 x weighted tardiness + set-up ticks": "10 × 加权拖期 + 换型时间",
    "makespan": "最大完工时间",
    "total tardiness": "总拖期",
    "weighted tardiness": "加权拖期",
}
_PHRASES: Final = (
    ("mean improvement over the best rule at 5 CPU-s, 10 plants",
     "5 CPU 秒时较最佳规则的平均改进，10 个工厂"),
    ("never worse than the best rule, every row feasible", "绝不劣于最佳规则，且每行可行"),
    ("mean of objective / ATCS at 5 CPU-s", "5 CPU 秒时目标值 / ATCS 的均值"),
    ("mean gap at 20 CPU-s,", "20 CPU 秒时的平均差距，"),
    ("95 % interval", "95% 区间"), ("ratio of sums", "总和之比"), (" instances", " 个实例"),
    (" without ", " 不含 "), (" optimal", " 达到最优"), ("best known", "已知最优"),
    ("no row", "没有一行"), ("not measured", "未测"), (" of ", " / "), (" rows", " 行"),
    (" to ", " 至 "), ("replan", "重排"), ("dispatch", "派厂"), ("balancing", "平衡"),
    ("cutting", "裁剪"), ("decoder", "解码"), ("twin", "孪生"),
)  # fmt: skip


def chinese(text: str) -> str:
    """Return a line of the targets in Chinese; what no phrase knows (names, numbers) stays."""
    for english, words in _PHRASES:
        text = text.replace(english, words)
    return text
