"""A season made of a formula: what the harness may rely on, without a world. Found by its name."""

import os
import signal
from pathlib import Path

from seamline_platform.experiments.evidence.designs import fields_of
from seamline_platform.experiments.season import KPI_NAMES, Accounts, Knobs, Outcome, Setting

WORTH = {
    "sense_market": -20.0, "sense_floor": 5.0, "integrate": 30.0, "elastic": 10.0,
    "close_loop": 40.0, "scope": 80.0,
    "brain": 10.0, "process_map": 20.0, "dispatch": 30.0, "warehouse": 40.0, "plant": 0.0,
}  # fmt: skip
BEST_COVER = 28
BEST_LOT = 7


def make_market(setting: Setting, seed: int) -> int:
    _count("markets")
    return (seed * 7919) % 101


def run_one(setting: Setting, policy, knobs: Knobs, seed: int, market=None) -> Outcome:
    market = (seed * 7919) % 101 if market is None else market
    on = [name for name, value in fields_of(policy).items() if value not in (False, "line")]
    _count("runs")
    if _file("die").exists() and policy.name == "loop" and seed == 2:
        left = int(_file("die").read_text())
        if left:
            _file("die").write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)
    if _file("fail").exists() and policy.name == "loop" and seed == 2:
        raise ValueError("a needle in the haystack")
    lost = abs(knobs.cover_days - BEST_COVER) + 0.5 * abs(knobs.lot_days - BEST_LOT)
    profit = 1000.0 + market + sum(WORTH[name] for name in on) - lost
    if {"brain", "dispatch"} <= set(on):
        profit += 60  # together they earn more
    return Outcome(
        kpis=dict.fromkeys(KPI_NAMES, 1.0 + market / 100) | {"profit_k": profit},
        accounts=Accounts({"tops": (100.0 + len(on), 50.0)}, {"labour_h": (40.0, 30.0)}),
        exogenous_digest=_exogenous(seed, policy.name),
        world_digest=f"w{seed}{policy.name}",
        cpu_s=0.01,
    )


def _exogenous(seed: int, name: str) -> str:
    return f"other{seed}" if _file("differ").exists() and name == "loop" else f"same{seed}"


def _file(name: str) -> Path:
    return Path(os.environ["SYNTHETIC_SEASON"]) / name


def _count(name: str) -> None:
    with _file(name).open("a") as file:
        file.write("x")
