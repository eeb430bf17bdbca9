"""What an experiment costs: processor time of two policies, and from it that of a whole table."""

import os
import time

from seamline_platform.experiments.evidence.designs import FULL, table2
from seamline_platform.experiments.evidence.study import QUICK_DAYS, QUICK_SEEDS
from seamline_platform.experiments.evidence.workers import Bench
from seamline_platform.experiments.season import Knobs, Setting


def table2_cost(bench: Bench | None = None, days: int = QUICK_DAYS) -> dict[str, float]:
    """Return CPU-s of a season with nothing and with everything on, and wall s of `--quick`.

    The estimate is for undisturbed cores: all policies at the mean of the two, markets once a seed.
    """
    make_market, run_one = (bench or Bench()).functions()
    design, setting = table2(), Setting(days=days)
    began = time.process_time()
    market = make_market(setting, 1)
    market_s = time.process_time() - began
    cpu_s = {
        name: run_one(setting, design.policies[name], Knobs(), 1, market).cpu_s
        for name in (design.baseline, FULL)
    }
    run_s = sum(cpu_s.values()) / len(cpu_s)
    total_s = QUICK_SEEDS * (market_s + len(design.policies) * run_s)
    return {
        "quick_season_days": days,
        "quick_season_cpu_s_baseline": round(cpu_s[design.baseline], 2),
        "quick_season_cpu_s_full": round(cpu_s[FULL], 2),
        "table2_quick_s": round(total_s / (os.cpu_count() or 1)),
    }
