"""`seamline balance` and `seamline cut`: what is wrong is said in a sentence."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app

LINE = {
    "operations": [{"op": "A", "smv": 1.0}, {"op": "B", "smv": 2.0}],
    "operators": [{"operator": "u", "efficiency": {"A": 1.0}}],
}


def refused(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert isinstance(result.exception, ConfigError)
    return str(result.exception)


def test_json_is_one_object_on_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "line.json"
    file.write_text(json.dumps(LINE))
    result = CliRunner().invoke(app, ["balance", str(file), "--json"])
    found = json.loads(result.stdout)
    assert found["rate_pieces_per_h"] == 0
    assert found["words"] == ["Nobody who is there can do B: the line cannot finish a piece."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["balance"], "Style '' is not known; give --style"),
        (["balance", "--style", "TS01", "--line", "x"], "Line 'x' is not known"),
        (["balance", "nowhere.json"], "cannot be read"),
        (["balance", "--bundle"], "needs a file"),
        (["cut", "nowhere.csv"], "cannot be read"),
    ],
)
def test_what_is_missing_is_said(words: list[str], said: str) -> None:
    assert said in refused(*words)


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("order,S\nA,many\n", [], "row 2, column S: 'many'"),
        ("style,colour\nA,B\n", [], "expected order, style, colour and a column for each size"),
        ("order,S\nA,0\n", [], "row 2: Order A has no pieces"),
        ("order,S\nA,1\nA,1\n", [], "'A' is there twice"),
        ("order,44\nA,5\n", [], "no block of size '44'"),
        ("order,S\nA,5\n", ["--rules", "plies=3"], "a part 'plies'"),
        ("order,S\nA,5\n", ["--rules", "max_plies"], "expected NAME=NUMBER"),
        ("order,S\nA,5\n", ["--lengths", "M=60"], "no length for size 'S'"),
    ],
)
def test_wrong_orders_are_named(tmp_path: Path, content: str, words: list[str], said: str) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(content)
    assert said in refused("cut", str(file), *words)


def test_a_list_in_chinese_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes("订单;款式;颜色;S;M\n甲;圆领;红;10;20\n".encode("gb18030"))
    result = CliRunner().invoke(app, ["cut", str(file), "--json"])
    (cloth,) = json.loads(result.stdout)["cloths"]
    assert (cloth["style"], cloth["colour"], cloth["pieces"]) == ("圆领", "红", {"S": 10, "M": 20})
