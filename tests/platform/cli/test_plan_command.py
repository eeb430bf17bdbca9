"""`seamline plan`: solvers and rules by name, Ctrl-C, what is shown, what is refused."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.cli.shop_progress import interruptible, watching
from seamline_platform.cli.shop_search import search, search_with
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.cpsat import have_cp_sat
from seamline_platform.planning.shop.document import document_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.tariff import Tariff

SOLVER = '''
from seamline_platform.planning.scheduler import Answer
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.sequences import Sequences, sequences_of


class Edd:
    """Earliest due date first."""

    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        c = compile_problem(problem)
        return Answer(sequences_of(c, best_rule(c, ("EDD",)).plan), moves=7)


class Forgetful(Edd):
    """Leaves an order out."""

    def solve(self, problem, budget, run):
        whole = super().solve(problem, budget, run).solution
        lines = {k: tuple(o for o in v if o != "O1") for k, v in whole.lines.items()}
        return Answer(Sequences(lines, whole.cut_order))


class Nothing(Edd):
    """Finds nothing."""

    def solve(self, problem, budget, run):
        return Answer(None)


class Machines(Edd):
    """Takes other problems."""

    kinds = frozenset({"machines"})
'''


@pytest.fixture
def plant() -> Problem:
    return draw_plant(Recipe(12, 3, 8))


@pytest.fixture
def file(tmp_path: Path, plant: Problem) -> Path:
    path = tmp_path / "plant.json"
    path.write_text(json.dumps(document_of(plant)), encoding="utf-8")
    return path


@pytest.fixture
def solvers(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SOLVER, encoding="utf-8")
    return path


def _json(*words: object) -> dict[str, object]:
    ran = CliRunner().invoke(app, ["plan", *map(str, words), "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_the_course_of_the_search_is_in_the_document(file: Path) -> None:
    d = _json(file, "--budget", 600, "--moves", 1000)
    stages = d["stages"]
    assert isinstance(stages, list)
    assert [s["stage"] for s in stages] == ["rules", "annealing"]
    assert d["course"][-1][1] == d["cost"]  # type: ignore[index]
    assert d["cost"] <= d["best_rule_cost"]  # type: ignore[operator]


@pytest.mark.skipif(not have_cp_sat(), reason="needs seamline[solve]: OR-Tools")
def test_ticks_add_cp_sat(file: Path) -> None:
    d = _json(file, "--budget", 600, "--moves", 200, "--ticks", 0.02)
    assert d["stages"][-1]["stage"] == "cp-sat"  # type: ignore[index]
    assert d["ticks"] == pytest.approx(0.02, abs=0.02)


def test_risk_and_explanation_are_added(file: Path) -> None:
    d = _json(file, "--budget", 600, "--moves", 200, "--risk", 50, "--explain", "O3")
    risk, explanation = d["risk"], d["explanation"]
    assert isinstance(risk, dict)
    assert isinstance(explanation, dict)
    assert risk["runs"] == 50
    assert risk["cost"]["p50"] <= risk["cost"]["p90"]
    assert {o["order"] for o in risk["orders"]} == {f"O{k}" for k in range(1, 13)}
    assert explanation["order"] == "O3"
    assert all(s["text"] and s["text_zh"] for s in explanation["sentences"])


def test_a_person_reads_the_plan_its_risk_and_why(file: Path) -> None:
    words = ["plan", str(file), "--budget", "600", "--moves", "200", "--risk", "20"]
    ran = CliRunner().invoke(app, [*words, "--explain", "O3"])
    assert ran.exit_code == 0, ran.output
    assert "Orders least likely to be in time" in ran.output
    assert "order O3" in ran.output
    assert "best rule" in ran.output
    assert "Under chance (20 runs)" in ran.output


def test_a_gantt_chart_is_drawn_in_both_languages(file: Path, tmp_path: Path) -> None:
    for lang in ("en", "zh"):
        chart = tmp_path / f"{lang}.html"
        _json(file, "--budget", 600, "--moves", 50, "--gantt", chart, "--lang", lang)
        text = chart.read_text(encoding="utf-8")
        assert f'<html lang="{lang}">' in text
        assert all(f"L{k}" in text for k in (1, 2, 3))


def test_cost_is_drawn_against_electricity_where_there_is_a_tariff(
    plant: Problem, tmp_path: Path
) -> None:
    rates = Tariff((0, 72, 144), (0.3, 1.2, 0.3), (0.5, 0.5, 0.5), "CNY")
    lines = tuple(replace(x, power_kw=5.0 + k) for k, x in enumerate(plant.lines))
    file, chart = tmp_path / "dear.json", tmp_path / "pareto.html"
    file.write_text(json.dumps(document_of(replace(plant, lines=lines, tariff=rates))))
    _json(file, "--budget", 600, "--moves", 300, "--pareto", chart, "--lang", "zh")
    assert '<html lang="zh">' in chart.read_text(encoding="utf-8")


def test_a_rule_may_be_named_to_begin_with(file: Path) -> None:
    d = _json(file, "--budget", 600, "--moves", 1, "--rule", "edd")
    assert str(d["best_rule"]).startswith("EDD/")


def test_a_loose_file_may_plan(file: Path, solvers: Path) -> None:
    d = _json(file, "--budget", 1, "--solver", f"{solvers}:Edd")
    assert d["moves"] == 7
    assert len(d["rows"]) == 12  # type: ignore[arg-type]


def test_what_a_solver_leaves_out_is_listed(file: Path, solvers: Path) -> None:
    d = _json(file, "--budget", 1, "--solver", f"{solvers}:Forgetful")
    assert d["unplanned"] == {"O1": "The solver gave it no place, though a line can sew it."}


def test_what_a_solver_cannot_give_is_refused(plant: Problem, solvers: Path) -> None:
    with watching(1.0, lambda: 0.0) as watch:
        for name, said in (("Nothing", "found nothing"), ("Machines", "takes machines")):
            with pytest.raises(ConfigError, match=said):
                search_with(plant, f"{solvers}:{name}", Budget(1.0), lambda: 0.0, 1, watch)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rule", "ATCX"), "The rule is 'ATCX'; there is: ATC, ATCS"),
        (("--explain", "X9"), "The order to explain is 'X9'; there is: O1, O2"),
        (("--rule", "EDD", "--solver", "Annealing"), "--rule begins our own search"),
        (("--solver", "nobody"), "nobody"),
        (("--moves", "-1"), "above 0"),
        (("--pareto", "x.html"), "the problem has no 'tariff'"),
        (("--lang", "fr"), "The language is 'fr'; there is: en, zh."),
    ],
)
def test_wrong_words_are_told(file: Path, words: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(app, ["plan", str(file), *words])
    assert ran.exit_code != 0
    assert said in str(ran.exception) + ran.output


def test_ctrl_c_ends_the_search_and_keeps_the_plan(plant: Problem) -> None:
    with watching(600.0, lambda: 0.0) as watch:
        os.kill(os.getpid(), signal.SIGINT)
        assert watch.cancelled()
        planned = search(plant, Budget(moves=10**9), lambda: 0.0, 1, watch)
    assert check(plant, planned.schedule) == []
    assert planned.facts["moves"] == 0


@pytest.fixture
def usual_ctrl_c() -> Iterator[None]:
    """Ctrl-C as a terminal has it: whoever is started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_ends_the_program(usual_ctrl_c: None) -> None:
    with interruptible() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


BARE = """
import sys
sys.modules["numba"] = sys.modules["ortools"] = sys.modules["highspy"] = None  # not installed
from seamline_platform.cli.main import app
app(["plan", *sys.argv[1:]])
"""


def test_without_any_extra_a_file_is_planned(file: Path, plant: Problem) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BARE, str(file), "--budget", "1", "--json"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    d = json.loads(ran.stdout)
    assert d["moves"] > 0
    assert d["cost"] <= d["best_rule_cost"]
    assert [s["stage"] for s in d["stages"]] == ["rules", "annealing"]
    assert {row["order"] for row in d["rows"]} == {o.order for o in plant.orders}
