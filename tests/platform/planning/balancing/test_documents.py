"""Lines, skill matrices and balances as JSON and CSV."""

import csv
import io
import json

import pytest

from seamline_broker.contracts.catalogue import Operation as CatalogueOperation
from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.absence import rebalance
from seamline_platform.planning.balancing.document import (
    balance_csv,
    balance_document,
    document_of,
    line_of,
    rebalance_document,
    skills_csv,
    skills_of,
)
from seamline_platform.planning.balancing.generate import draw_line
from seamline_platform.planning.balancing.hanger import balance
from seamline_platform.planning.balancing.line import operations_of


def test_a_line_goes_through_json_unchanged() -> None:
    line = draw_line(6, 3, 1)
    assert line_of(json.loads(json.dumps(document_of(line)))) == line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_skill_matrix_is_read_in_percent_and_chinese(encoding: str) -> None:
    found = skills_of("姓名,SNL,T05\n李娜,95%,\n王芳,1.1,0\n".encode(encoding))
    assert [w.operator for w in found] == ["李娜", "王芳"]
    assert found[0].efficiency == {"SNL": 0.95}
    assert found[1].efficiency == {"SNL": 1.1, "T05": 0.0}


def test_a_skill_matrix_written_is_the_one_read() -> None:
    line = draw_line(8, 4, 2)
    assert skills_of(skills_csv(line).encode()) == line.operators


def test_what_comes_out_adds_up() -> None:
    before = balance(draw_line(8, 5, 3, share=0.8), lambda: 0.0)
    document = json.loads(json.dumps(balance_document(before)))
    passed = dict.fromkeys((o.op for o in before.line.operations), 0.0)
    for row in csv.DictReader(io.StringIO(balance_csv(before))):
        passed[row["op"]] += float(row["pieces_per_h"])
    assert passed == pytest.approx(dict.fromkeys(passed, before.rate), abs=0.01)
    assert document["gap"] <= 0.01
    after = rebalance_document(rebalance(before, ["w-02"], lambda: 0.0))
    assert after["rate_after"] <= after["bound_at_once"] + 1e-6


def test_a_bulletin_of_the_catalogue_gives_minutes() -> None:
    (made,) = operations_of([CatalogueOperation("T03", "shoulder join", ("T02",), "OL", 19_800)])
    assert (made.op, made.smv, made.machine) == ("T03", pytest.approx(0.33), "OL")
    assert made.title == "T03 (shoulder join)"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "The line is \\[\\]"),
        ({"format": "x"}, "format is 'x'"),
        ({"station": 1}, "a part 'station'"),
        ({"operations": {}}, "operations is {}"),
        ({"operations": [{"op": "A", "smv": "1"}]}, r"operations\[0\].smv is '1'"),
        ({"operations": [{"op": "A", "smv": 1, "time": 2}]}, r"operations\[0\] has a part 'time'"),
    ],
)
def test_wrong_documents_name_the_place(document: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        line_of(document)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the header is 'nothing'"),
        (b"who,A\nx,1\n", "the header is 'who,A'"),
        (b"operator,A\nx,fast\n", "row 2, column A: 'fast'"),
        (b"operator,A\nx,5\n", "Operator x: efficiency at A is 5"),
        (b"\xff\xfe\x00", "neither UTF-8 nor GB18030"),
    ],
)
def test_wrong_matrices_name_row_and_column(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        skills_of(content)
