"""`seamline table2` and `practices`: what a user may ask for, and what is refused in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EVIDENCE = Path(__file__).resolve().parents[1] / "experiments" / "evidence"
RUN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from seamline_platform.experiments.evidence import workers
from seamline_platform.cli.main import main
workers.Bench.__init__.__defaults__ = ("synthetic_season",)
if __name__ == "__main__":
    main()
"""


def seamline(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    (tmp_path / "marks").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, script, EVIDENCE, *words],
        cwd=tmp_path,
        env=os.environ | {"SYNTHETIC_SEASON": str(tmp_path / "marks")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_json_report_and_kept_runs(tmp_path: Path) -> None:
    words = ("table2", "--quick", "--scenario", "demo", "--capacity", "tight", "--json")
    done = seamline(tmp_path, *words, "--report", "t.html")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["seeds"], found["days"], found["capacity"]) == (5, 90, "tight")
    assert {row["policy"] for row in found["policies"]} >= {"baseline", "full"}
    assert set(found["policies"][0]["profit_k"]) == {"mean", "lo", "hi"}
    assert {"from", "to", "metric", "mean", "lo", "hi", "distinguishable"} <= set(found["steps"][0])
    assert (tmp_path / "t.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    again = seamline(tmp_path, *words)
    assert json.loads(again.stdout) == found
    assert len((tmp_path / "marks" / "runs").read_text()) == 5 * 15


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("table2", "--capacity", "loose"), "capacity is 'loose'; allowed: slack, tight"),
        (("table2", "--seeds", "1"), "seeds is 1; allowed: 2 to 1000"),
        (("practices", "--days", "20"), "days is 20; allowed:"),
        (("practices", "--scenario", "moon"), "moon"),
        (("table2", "--scenario", "demo", "--only", "best"), "Policy 'best' is unknown to table2"),
        (("table2", "--hardware", "99"), "hardware is 99; allowed: 1 to 90"),
    ],
)
def test_what_is_not_allowed_is_named_in_one_line(
    tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    done = seamline(tmp_path, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("seamline: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_key_of_a_scenario_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nweather = "fine"\n')
    done = seamline(tmp_path, "table2", "--scenario", "mine.toml")
    assert done.returncode == 1
    assert "mine.toml: weather is unknown; allowed: " in done.stderr
