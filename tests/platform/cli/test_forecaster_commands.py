"""`seamline forecaster`: what it writes, says, and returns."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.cli.main import app
from seamline_platform.demand.conformance import Finding, Report, suite
from seamline_platform.demand.protocol import forecaster_names


def seamline(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["forecaster", *words])
    if isinstance(done.exception, (ConfigError, PluginError)):
        raise done.exception
    return done.exit_code, done.stdout


def test_new_writes_a_file_and_names_the_next_commands(tmp_path: Path) -> None:
    code, text = seamline("new", "SpringSales", "--dir", str(tmp_path))
    assert code == 0
    spec = f"{tmp_path / 'spring_sales.py'}:SpringSales"
    for words in ("forecaster check", "bench forecast --quick --models", "SEAMLINE_DEMAND__MODEL="):
        assert words in text
    assert text.count(spec) == 3
    assert "class SpringSales:" in (tmp_path / "spring_sales.py").read_text(encoding="utf-8")


def test_new_refuses_a_name_that_is_no_class(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no name for a class"):
        seamline("new", "spring sales", "--dir", str(tmp_path))


@pytest.fixture
def two_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave but two quick checks."""
    kept = {name: suite.CHECKS[name] for name in ("loads", "negative")}
    monkeypatch.setattr(suite, "CHECKS", kept)


@pytest.mark.usefixtures("two_checks")
def test_check_tells_each_promise_and_ends_with_zero(tmp_path: Path) -> None:
    seamline("new", "Mine", "--dir", str(tmp_path))
    code, text = seamline("check", str(tmp_path / "mine.py"))
    assert code == 0
    assert "ok      negative     a complete forecast" in text
    assert text.endswith("mine.py:Mine: all promises kept, 2 checks\n")


@pytest.mark.usefixtures("two_checks")
def test_check_tells_what_is_broken_and_ends_with_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("class Mine:\n    def forecast(self, *asked):\n        return asked[3]\n")
    code, text = seamline("check", f"{path}:Mine")
    assert code == 1
    assert "BROKEN  negative     Values below zero get a forecast." in text
    assert "IndexError('tuple index out of range')" in text
    assert "mend:" in text
    assert "1 promise(s) broken, 2 checks" in text
    code, text = seamline("check", f"{path}:Mine", "--json")
    document = json.loads(text)
    assert (code, document["ok"]) == (1, False)
    assert [check["ok"] for check in document["checks"]] == [True, False]
    assert set(document["checks"][1]) == {"check", "ok", "asked", "came", "mend", "seconds"}


def test_the_time_budget_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from seamline_platform.demand import conformance

    asked: list[tuple[object, ...]] = []

    def fake(spec: str, budget_s: float, on_finding: object) -> Report:
        asked.append((spec, budget_s))
        return Report(spec, (Finding("a", True, "", ""),))

    monkeypatch.setattr(conformance, "check_forecaster", fake)
    assert seamline("check", "seasonal_naive", "--time-budget", "2m")[0] == 0
    assert asked == [("SeasonalNaive", 120.0)]


def test_check_of_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(PluginError, match=r"no forecaster 'nobody'; registered: .*SeasonalNaive"):
        seamline("check", "nobody")


def test_list_names_all_that_are_registered() -> None:
    code, text = seamline("list", "--json")
    rows = json.loads(text)["forecasters"]
    assert code == 0
    assert [row["name"] for row in rows] == forecaster_names()
    naive = next(row for row in rows if row["name"] == "Naive")
    assert naive["status"] == "ok"
    assert naive["text"].startswith("The last known value")
    assert "SeasonalNaive" in seamline("list")[1]
