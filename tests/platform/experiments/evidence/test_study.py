"""A whole experiment on a synthetic season: known effects come out, and it can be interrupted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import psutil
import pytest

from seamline_broker.errors import ConfigError, ExperimentError
from seamline_platform.experiments.evidence import Options, Study, conduct, document
from seamline_platform.experiments.evidence.runner import Progress
from seamline_platform.experiments.evidence.tuning import Budget

Maker = Callable[..., Options]


def quiet(options: Options) -> Study:
    return conduct(options, lambda text: None)


def test_known_effects_come_out(options: Maker) -> None:
    doc = document(quiet(options()))
    profit = {
        (s["kind"], s["switch"]): s["mean"] for s in doc["steps"] if s["metric"] == "profit_k"
    }
    assert profit["alone", "scope"] == pytest.approx(80)
    assert profit["left_out", "close_loop"] == pytest.approx(40)
    assert profit["in_order", "sense_market"] == pytest.approx(-20)  # a negative step is shown
    assert profit["in_order", "sense"] == pytest.approx(-15)
    assert profit["total", "all"] == pytest.approx(145)
    tfp = {row["policy"]: row["tfp"]["mean"] for row in doc["policies"]}
    assert tfp["baseline"] == 1
    assert tfp["full"] == pytest.approx(1.06)
    assert doc["seeds"] == 3
    assert len(doc["rows"]) == 8
    assert doc["rows"][4]["alone"] == doc["rows"][5]["alone"]


def test_the_market_is_made_once_per_seed_and_process(options: Maker, marks: Path) -> None:
    quiet(options())
    assert len((marks / "runs").read_text()) == 15 * 3
    assert len((marks / "markets").read_text()) <= 3 + 1  # two processes share one seed at the end


def test_a_repeat_takes_kept_results_and_fresh_starts_over(options: Maker, marks: Path) -> None:
    first = quiet(options())
    again = quiet(options())
    assert len((marks / "runs").read_text()) == 15 * 3
    assert document(again) == document(first)
    fresh = quiet(options(fresh=True))
    assert len((marks / "runs").read_text()) == 2 * 15 * 3
    assert fresh.digest == first.digest


def test_other_seeds_give_another_digest(options: Maker) -> None:
    assert quiet(options()).digest != quiet(options(seeds=4)).digest


def test_an_interrupted_run_goes_on_and_gives_the_same_table(options: Maker, marks: Path) -> None:
    whole = document(quiet(options(out=marks / "elsewhere")))
    (marks / "runs").unlink()

    def bar(title: str) -> AbstractContextManager[Progress]:
        def stop(done: int, total: int) -> None:
            if done == 20:
                raise KeyboardInterrupt

        return nullcontext(stop)

    with pytest.raises(KeyboardInterrupt):
        conduct(options(), lambda text: None, bar)
    before = len((marks / "runs").read_text())
    assert document(quiet(options())) == whole
    assert len((marks / "runs").read_text()) <= 45 + 2  # at most what was under way is lost
    assert 20 <= before <= 22


def test_damaged_results_are_named_and_run_again(options: Maker, marks: Path) -> None:
    first = quiet(options())
    files = sorted((options().out / "runs").rglob("*.json"))
    files[0].write_text("{")
    changed = json.loads(files[1].read_text())
    changed["outcome"]["kpis"]["profit_k"] += 1
    files[1].write_text(json.dumps(changed))
    files[2].write_bytes(b"\xff\xfe")
    said: list[str] = []
    again = conduct(options(), said.append)
    assert again.digest == first.digest
    assert len(said) == 3
    for file, text in zip(sorted(map(str, files[:3])), sorted(said), strict=True):
        assert file in text
        assert "is run again" in text
    assert any("checksum" in text for text in said)
    assert len((marks / "runs").read_text()) == 45 + 3


def test_a_process_that_dies_is_named_and_tried_once_more(options: Maker, marks: Path) -> None:
    (marks / "die").write_text("1")
    said: list[str] = []
    conduct(options(), said.append)
    assert len(said) == 1
    assert "policy loop, seed 2 died (exit code -9); it is tried once more" in said[0]


def test_one_that_dies_twice_ends_the_experiment(options: Maker, marks: Path) -> None:
    (marks / "die").write_text("2")
    with pytest.raises(ExperimentError, match=r"policy loop, seed 2 died .*twice"):
        quiet(options())


def test_a_run_that_fails_is_named(options: Maker, marks: Path) -> None:
    (marks / "fail").touch()
    with pytest.raises(ExperimentError, match=r"loop, seed 2 failed: ValueError.*needle.*:34"):
        quiet(options())


def test_policies_that_did_not_meet_the_same_world_are_not_compared(
    options: Maker, marks: Path
) -> None:
    (marks / "differ").touch()
    with pytest.raises(ExperimentError, match="did not meet the same world"):
        quiet(options())


def test_shapley_values_add_up(options: Maker) -> None:
    doc = document(quiet(options(experiment="practices", shapley=True)))
    values = {name: value["mean"] for name, value in doc["shapley"].items()}
    # brain and dispatch share the 60 that they earn together
    expected = {"brain": 40, "process_map": 20, "dispatch": 60, "warehouse": 40, "plant": 0}
    assert values == pytest.approx(expected)
    assert len(doc["policies"]) == 32


def test_tuning_finds_the_best_knobs_within_its_budget_on_other_seeds(
    options: Maker, marks: Path
) -> None:
    study = quiet(options(retune=True, budget=Budget(start_trials=24, trials=6)))
    section = study.tuning
    assert min(section["training_seeds"]) > max(study.comparison.plan.seeds)
    for row in section["policies"].values():
        assert row["trials"] <= section["budget"]["trials"]
        assert (row["knobs"]["cover_days"], row["knobs"]["lot_days"]) == (28, 7)
    assert study.notes == ()
    assert quiet(options()).comparison.plan.knobs == study.comparison.plan.knobs


def test_tuning_one_policy_more_keeps_the_others(options: Maker) -> None:
    quiet(options(retune=True, only=("integrate",)))
    again = quiet(options(retune=True, only=("loop",)))
    assert list(again.tuning["policies"]) == ["baseline", "integrate", "loop"]


def test_tuned_for_another_scenario_is_said(options: Maker) -> None:
    quiet(options(retune=True))
    from seamline_platform.experiments.season import Setting

    other = options(setting=Setting(days=90, scenario="large"))
    assert "Tuned for another scenario" in quiet(other).notes[0]
    longer = options(setting=Setting(days=180, scenario="demo"))
    assert quiet(longer).notes == ("Tuned over 90 days; these runs are over 180.",)


def test_hardware_is_varied_down_and_up(options: Maker) -> None:
    doc = document(quiet(options(hardware_percent=50)))
    assert [v["percent"] for v in doc["hardware"]] == [-50, 50]
    assert doc["digest"] != document(quiet(options()))["digest"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seeds": 1}, "seeds is 1; allowed: 2 to 1000"),
        ({"experiment": "table3"}, "'table3' is unknown; there are: table2, practices"),
        ({"hardware_percent": 95}, "allowed: 1 to 90"),
    ],
)
def test_values_that_are_not_allowed(options: Maker, change: dict, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        options(**change)


def test_an_unknown_policy_or_scenario_is_named(options: Maker) -> None:
    from seamline_platform.experiments.season import Setting

    with pytest.raises(ConfigError, match="Policy 'best' is unknown"):
        quiet(options(only=("best",)))
    with pytest.raises(ConfigError, match="moon"):
        quiet(options(setting=Setting(days=90, scenario="moon")))


SCRIPT = """
import sys
from pathlib import Path
from seamline_platform.experiments.evidence import Options, conduct
from seamline_platform.experiments.evidence.workers import Bench
from seamline_platform.experiments.season import Setting
if __name__ == "__main__":
    options = Options("table2", Setting(days=90, scenario="demo"), 3, out=Path(sys.argv[1]),
                      workers=2, bench=Bench("slow_season"))
    try:
        conduct(options, print)
    except KeyboardInterrupt:
        sys.exit(130)
"""
SLOW = """
import os, signal
from synthetic_season import *
from synthetic_season import _file
def run_one(*args):
    with open(_file("begun"), "w"):
        signal.pause()
"""


def test_ctrl_c_ends_all_processes_within_seconds(marks: Path, tmp_path: Path) -> None:
    os.mkfifo(marks / "begun")
    (tmp_path / "slow_season.py").write_text(SLOW)
    (tmp_path / "script.py").write_text(SCRIPT)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", tmp_path / "out"],
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
        # a shell makes jobs in the background, and their children, ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with (marks / "begun").open():  # a pipe: it opens once a run has begun
        family = psutil.Process(process.pid).children(recursive=True)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
        assert time.monotonic() - began < 5
    assert len(family) >= 2
    # the standard library's own tracker takes a moment to go
    assert psutil.wait_procs(family, timeout=3)[1] == []
