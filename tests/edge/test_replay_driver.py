"""Recordings: times, values and gaps of a file, sent in order, each row exactly once."""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError, DriverError
from seamline_edge.drivers import Intake
from seamline_edge.drivers.recordings import Recording, parse_time, parse_value
from seamline_edge.drivers.replay import ReplayDriver

CSV = """datetime,Volume Flow,note,p
2020-02-08 13:30:47,1.5,a,
2020-02-08 13:30:48,,b,2
2020-02-08 13:30:50,NaN,c,3.25
"""
FIRST_MS = 1_581_168_647_000
"""2020-02-08 13:30:47 UTC."""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "run.csv"
    path.write_text(CSV)
    return path


@pytest.mark.parametrize(
    ("cell", "ts_ms"),
    [
        ("2020-02-08 13:30:47", FIRST_MS),
        ("2020-02-08T14:30:47+01:00", FIRST_MS),
        ("2020-02-08T13:30:47.123456Z", FIRST_MS + 123),
        ("2020-02-08", 1_581_120_000_000),
        ("1581168647", FIRST_MS),
        ("1581168647.25", FIRST_MS + 250),
        (1_581_168_647_000, FIRST_MS),
        (1_581_168_647_000_000, FIRST_MS),
        (1_581_168_647_000_000_000, FIRST_MS),
        (datetime(2020, 2, 8, 13, 30, 47, tzinfo=UTC), FIRST_MS),
        (date(2020, 2, 8), 1_581_120_000_000),
    ],
)
def test_times_of_all_usual_forms(cell: object, ts_ms: int) -> None:
    assert parse_time(cell) == ts_ms


@pytest.mark.parametrize("cell", ["", "yesterday", "12:30", "1801-01-01", 12, None, True])
def test_what_is_no_time(cell: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse_time(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.5", 1.5), (" 2 ", 2.0), ("", None), ("NaN", None), ("null", None), (None, None),
     (float("nan"), None), ("inf", None), (True, 1.0), (7, 7.0)],
)  # fmt: skip
def test_values_and_gaps(cell: object, value: float | None) -> None:
    assert parse_value(cell) == value


def test_the_layout_is_found_by_itself(recording: Path) -> None:
    found = Recording(recording)
    assert found.layout.time == "datetime"
    assert found.layout.columns == ("Volume Flow", "p")
    assert found.layout.metrics == ("Volume_Flow", "p")
    assert found.layout.left_out == ("note",)
    assert [(r.ts_ms, r.values) for r in found.rows()] == [
        (FIRST_MS, (1.5, None)), (FIRST_MS + 1_000, (None, 2.0)), (FIRST_MS + 3_000, (None, 3.25)),
    ]  # fmt: skip


def test_semicolons_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("\ufeffts;v\n2020-02-08;3\n".encode())
    assert [r.values for r in Recording(path).rows()] == [(3.0,)]


@pytest.mark.parametrize(
    ("text", "time_column", "reason"),
    [
        ("", None, "has no row"),
        ("a,b\n1,2\n", None, "has no column with times; columns: 'a', 'b'"),
        ("t,v\n2020-01-01,1\n", "when", "has no column 'when'"),
        ("t,v\n2020-01-01,x\n", None, "no column of numbers"),
        ("t,v,v\n2020-01-01,1,2\n", None, "a column name twice"),
        ("t,v\n2020-01-01,1,2\n", None, "line 2: more cells than the 2 columns"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, time_column: str | None, reason: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DriverError, match=reason):
        Recording(path, time_column)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"gone\.csv cannot be read"):
        Recording(tmp_path / "gone.csv")
    with pytest.raises(DriverError, match=r"gone\.parquet does not exist"):
        Recording(tmp_path / "gone.parquet")


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DriverError, match=r"needs pyarrow .* or give a CSV file"):
        Recording(path)


def test_a_file_that_is_no_parquet_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"hello")
    with pytest.raises(DriverError, match="not readable Parquet"):
        Recording(path)


class Replay:
    """A driver polled by hand, with a cursor that is remembered as an outbox does."""

    def __init__(self, path: Path, cursors: dict[str, int], **options: str) -> None:
        self.driver = ReplayDriver({"file": str(path), **options})
        self.cursors = cursors
        self.driver.open(["replay/run"], lambda source: cursors.get(source, 0))

    def poll(self, now_s: float) -> Intake:
        intake = self.driver.poll(now_s, 0)
        if intake.cursor is not None:
            self.cursors[intake.cursor[0]] = intake.cursor[1]
        return intake


def test_as_fast_as_it_goes(recording: Path) -> None:
    intake = Replay(recording, {}, speed="0").poll(5.0)
    assert [b.ts_ms - FIRST_MS for b in intake.blocks] == [0, 1_000, 3_000]
    assert [b.values for b in intake.blocks] == [
        [[1.5], [None]], [[None], [2.0]], [[None], [3.25]],
    ]  # fmt: skip
    assert intake.blocks[0].device == ["run"]
    assert intake.finished


def test_at_its_own_pace_times_a_speed(recording: Path) -> None:
    replay = Replay(recording, {}, speed="2")
    assert len(replay.poll(10.0).blocks) == 1
    assert replay.driver.wait_s(10.0) == pytest.approx(0.5)
    assert replay.poll(10.4).blocks == []
    assert len(replay.poll(10.5).blocks) == 1
    assert replay.driver.wait_s(10.5) == pytest.approx(1.0)
    last = replay.poll(11.5)
    assert (len(last.blocks), last.finished) == (1, True)


def test_a_long_pause_is_shortened_and_a_step_back_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,v\n2020-03-09,1\n2020-04-09,2\n2020-02-08,3\n")
    replay = Replay(path, {})
    assert len(replay.poll(1.0).blocks) == 1
    assert replay.driver.wait_s(1.0) == pytest.approx(5.0)
    assert [b.values for b in replay.poll(6.0).blocks] == [[[2.0]], [[3.0]]]


def test_a_replay_that_was_cut_off_goes_on_where_it_was(recording: Path) -> None:
    cursors: dict[str, int] = {}
    first = Replay(recording, cursors)
    assert len(first.poll(1.0).blocks) == 1
    again = Replay(recording, cursors, speed="0")
    assert [b.ts_ms - FIRST_MS for b in again.poll(1.0).blocks] == [1_000, 3_000]
    assert again.driver.progress.rows_before == 1
    complete = Replay(recording, cursors, speed="0").poll(1.0)
    assert complete.blocks == []
    assert complete.finished


def test_another_file_begins_anew(recording: Path) -> None:
    cursors: dict[str, int] = {}
    Replay(recording, cursors, speed="0").poll(1.0)
    recording.write_text(CSV + "2020-02-08 13:30:51,9,d,4\n")
    assert len(Replay(recording, cursors, speed="0").poll(1.0).blocks) == 4


def test_a_bad_cell_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = [f"2020-01-01 00:{i // 60:02}:{i % 60:02},{i}" for i in range(300)]
    path.write_text("\n".join(["t,v", *rows, "2020-01-02,broken"]))
    with pytest.raises(DriverError, match=r"row 301, column 'v': 'broken' is not a number"):
        Replay(path, {})


@pytest.mark.parametrize("options", [{}, {"file": "x", "pace": "1"}, {"file": "x", "speed": "-1"}])
def test_an_option_that_cannot_be_used_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="Driver 'replay'"):
        ReplayDriver(options)


def test_metrics_of_one_name_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,a b,a/b,a_b\n2020-01-01,1,2,3\n")
    assert Recording(path).layout.metrics == ("a_b", "a_b_2", "a_b_3")


def test_the_recording_of_the_shared_data_set(shared: Path) -> None:
    path = shared / "data" / "skab" / "skab_valve1_anomaly_free.parquet"
    if not path.exists():
        pytest.skip(f"{os.path.relpath(path)} is not here")
    rows = list(Recording(path).rows())
    assert len(rows) == 27_565
    assert rows[0].ts_ms == FIRST_MS
    assert rows[0].values[0] == 0.202394
    assert sum(v is None for row in rows for v in row.values) == 2 * 9_405
