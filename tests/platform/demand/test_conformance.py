"""The conformance suite: good forecasters pass, each kind of broken one is caught and told how."""

import io
import json
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.demand.conformance import Finding, Report, check_forecaster
from seamline_platform.demand.conformance.checks import CHECKS, Subject
from seamline_platform.demand.conformance.child import run_checks
from seamline_platform.demand.conformance.loose import spec_of
from seamline_platform.demand.conformance.starter import write_starter
from seamline_platform.demand.protocol import forecaster_names, load_forecaster

# One base that keeps every promise; each class below breaks one.
BASE = """
import sys
import numpy as np
import pyarrow as pa
from seamline_platform.demand.frame import forecast_table, panel_of

SEEN = {}

class Good:
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        values = self.values(panel, horizon, np.asarray(quantiles))
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)

    def values(self, panel, horizon, q):
        values = np.zeros((len(panel.ids), horizon, len(q)))
        for i, y in enumerate(panel.demand()):
            known = y[~np.isnan(y)]
            if len(known):
                values[i] = np.quantile(known, q)
        return values

class Needy(Good):
    def __init__(self, secret): ...

class Partial(Good):
    def forecast(self, history, horizon, quantiles):
        return super().forecast(history, horizon, quantiles).slice(1)

class Daily(Good):
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        values = self.values(panel, horizon, np.asarray(quantiles))
        return forecast_table(panel.ids, panel.next_period, quantiles, values)

class Strict(Good):
    def forecast(self, history, horizon, quantiles):
        if len(history.column_names) > 6:
            raise KeyError("heat")
        return super().forecast(history, horizon, quantiles)

class Holes(Good):
    def values(self, panel, horizon, q):
        bad = np.isnan(panel.demand()[:, -1]).any() and panel.periods == 84
        return super().values(panel, horizon, q) * (np.nan if bad else 1)

class Long(Good):
    def values(self, panel, horizon, q):
        assert (~np.isnan(panel.y)).sum(axis=1).min() != 1, "a series of one value"
        return super().values(panel, horizon, q)

class Terse(Good):
    def values(self, panel, horizon, q):
        if not np.nansum(panel.y) > 0:
            raise ValueError("no")
        return super().values(panel, horizon, q)

class Positive(Good):
    def values(self, panel, horizon, q):
        return super().values(panel, horizon, q) / (np.nanmin(panel.y) >= 0)

class Crossing(Good):
    def values(self, panel, horizon, q):
        values = super().values(panel, horizon, q)
        wild = panel.ids == tuple(sorted(panel.ids)) and np.nanmax(panel.y) > 2_000
        return values[:, :, ::-1] if wild else values

class Sequence(Good):
    def forecast(self, history, horizon, quantiles):
        table = super().forecast(history, horizon, quantiles)
        first = history["y"][0].as_py() or 0.0
        return table.set_column(3, "value", pa.array(table["value"].to_numpy() + abs(first)))

class Pivot(Good):
    def forecast(self, history, horizon, quantiles):
        try:
            return super().forecast(history, horizon, quantiles)
        except ValueError:
            raise KeyError("duplicate entries")

class Dice(Good):
    def values(self, panel, horizon, q):
        return super().values(panel, horizon, q) + np.random.default_rng().random()

class Memory(Good):
    def values(self, panel, horizon, q):
        values = super().values(panel, horizon, q)
        key = (panel.ids, panel.start)
        SEEN[key] = max(SEEN.get(key, 0), float(values.max()))
        return values + (SEEN[key] if panel.start == 20_000 and horizon == 14 else 0)

class Trained(Good):
    def values(self, panel, horizon, q):
        self.ids = getattr(self, "ids", panel.ids)
        rows = [self.ids.index(name) for name in panel.ids]
        return super().values(panel, horizon, q)[: len(rows)]

class Paths(Good):
    def sample_paths(self, history, horizon, samples, seed):
        return {"unique_id": ["a"], "ds": [1], "sample": [0], "value": [1.0]}

class Sums(Good):
    def cumulative(self, history, steps, quantiles):
        raise RuntimeError("not today")

class Slow(Good):
    def values(self, panel, horizon, q):
        if len(panel.ids) > 100:
            sum(range(30_000_000))
        return super().values(panel, horizon, q)

class Endless(Good):
    def values(self, panel, horizon, q):
        while horizon == 8:
            pass
        return super().values(panel, horizon, q)

class Quits(Good):
    def values(self, panel, horizon, q):
        if np.nanmin(panel.y) < 0:
            print("bye")
            sys.exit(3)
        return super().values(panel, horizon, q)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(BASE)
    return path


def findings(spec: str, *names: str, budget_s: float = 60.0) -> dict[str, Finding]:
    """Run checks in this process."""
    out = io.StringIO()
    run_checks(Subject(spec, budget_s), list(names) or list(CHECKS), out)
    made = [Finding(**json.loads(line)) for line in out.getvalue().splitlines()]
    return {finding.check: finding for finding in made}


def test_a_good_forecaster_keeps_every_promise(file: Path) -> None:
    found = findings(f"{file}:Good")
    assert list(found) == list(CHECKS)
    assert {name: f.came for name, f in found.items() if not f.ok} == {}
    assert found["time"].came.startswith("10,000 series in")
    assert found["bad frames"].came == "refuses duplicates, refuses mixed"


@pytest.mark.parametrize(
    ("name", "check", "came"),
    [
        ("Needy", "loads", "cannot be made"),
        ("Partial", "shapes", "503 rows"),
        ("Daily", "frequencies", "for frequency 'h'"),
        ("Strict", "columns", "KeyError('heat')"),
        ("Holes", "gaps", "none for series"),
        ("Long", "short", "a series of one value"),
        ("Terse", "odd", "refused a whole history of zeros"),
        ("Positive", "negative", "not finite numbers"),
        ("Crossing", "crossing", "falls with the quantile"),
        ("Sequence", "order", "depends on the order of rows"),
        ("Pivot", "bad frames", "for duplicates rows it raised KeyError"),
        ("Dice", "determinism", "asked twice, it gave another answer: 504 of 504"),
        ("Memory", "leakage", "its forecast of earlier ones changed"),
        ("Trained", "unseen ids", "not in tuple"),
        ("Paths", "optional", "sample paths"),
        ("Sums", "optional", "not today"),
        ("Slow", "time", "300 series took"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_broken_promise_is_found_and_told(file: Path, name: str, check: str, came: str) -> None:
    budget_s = 0.1 if name == "Slow" else 60.0
    found = findings(f"{file}:{name}", check, budget_s=budget_s)[check]
    assert not found.ok
    assert came in found.came
    assert len(found.mend) > 20
    assert found.asked == CHECKS[check][1]


def test_what_a_model_raises_is_told_with_file_and_line(file: Path) -> None:
    found = findings(f"{file}:Long", "short")["short"]
    line = 1 + BASE.splitlines().index(next(x for x in BASE.splitlines() if "one value" in x))
    assert f"mine.py, line {line})" in found.came


def test_a_model_that_never_ends_is_ended_and_the_rest_is_checked(file: Path) -> None:
    told: list[Finding] = []
    report = check_forecaster(f"{file}:Endless", 6.0, told.append)
    found = {f.check: f for f in report.findings}
    assert list(found) == list(CHECKS)
    assert tuple(told) == report.findings
    assert [name for name, f in found.items() if not f.ok] == ["frequencies"]
    assert "had not ended" in found["frequencies"].came
    assert "loop" in found["frequencies"].mend
    assert not report.ok


def test_a_model_that_ends_its_process_is_found_and_what_it_prints_does_no_harm(
    file: Path,
) -> None:
    report = check_forecaster(f"{file}:Quits", 60.0)
    broken = [f for f in report.findings if not f.ok]
    assert [f.check for f in broken] == ["negative"]
    assert broken[0].came == "its process died"


def test_what_cannot_be_loaded_is_not_asked_further(file: Path) -> None:
    report = check_forecaster(f"{file}:Nobody")
    assert not report.ok
    assert "no class 'Nobody'" in report.findings[0].came
    assert {f.came for f in report.findings[1:]} == {"not tried"}
    assert report.document()["checks"][0]["check"] == "loads"  # type: ignore[index]


def test_a_time_budget_of_nothing_is_refused() -> None:
    with pytest.raises(PluginError, match="not above zero"):
        check_forecaster("Naive", 0)


def test_a_report_is_good_if_all_findings_are() -> None:
    assert Report("x", (Finding("a", True, "", ""),)).ok
    assert not Report("x", (Finding("a", True, "", ""), Finding("b", False, "", ""))).ok


def test_the_starter_passes(tmp_path: Path) -> None:
    path = write_starter("MyModel2", tmp_path / "new")
    assert path == tmp_path / "new" / "my_model2.py"
    found = findings(spec_of(str(path)))
    assert {name: f.came for name, f in found.items() if not f.ok} == {}
    with pytest.raises(ConfigError, match="there already"):
        write_starter("MyModel2", tmp_path / "new")
    with pytest.raises(ConfigError, match="no name for a class"):
        write_starter("my-model", tmp_path)


def test_a_file_with_one_forecaster_needs_no_class(file: Path, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"defines Good, Partial.*name one"):
        spec_of(str(file))
    one = tmp_path / "one.py"
    one.write_text("class A:\n    def forecast(self): ...\nclass B: ...\n")
    assert spec_of(str(one)) == f"{one}:A"
    one.write_text("class A(FromSktime):\n    def model(self, season_length): ...\n")
    assert spec_of(str(one)) == f"{one}:A"
    assert spec_of("seasonal_naive") == "SeasonalNaive"
    assert spec_of("mine.py:Mine") == "mine.py:Mine"
    one.write_text("def broken(:")
    for text, words in ((str(one), "cannot be read"), ("nobody", "registered: ")):
        with pytest.raises(PluginError, match=words):
            spec_of(text)


def _there(name: str) -> bool:
    try:
        load_forecaster(name)
    except PluginError:
        return False
    return True


QUICK = {"Naive", "Naive2", "SES", "SeasonalNaive"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name in forecaster_names()
        if _there(name)
    ],
)
def test_every_registered_forecaster_conforms(name: str) -> None:
    report = check_forecaster(name, 240.0)
    assert {f.check: f.came for f in report.findings if not f.ok} == {}
