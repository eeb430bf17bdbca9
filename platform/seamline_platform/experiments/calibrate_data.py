"""The published table of garment teams (UCI 597): read, checked, and its sewing runs found."""

import csv
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_broker.errors import ConfigError

FILE: Final = Path("uci_garment_productivity") / "garments_worker_productivity.csv"
_COLUMNS: Final = (
    "date", "department", "team", "targeted_productivity", "smv", "wip", "over_time", "incentive",
    "idle_time", "idle_men", "no_of_style_change", "no_of_workers", "actual_productivity",
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TeamDays:
    """Team-days of one department, one value per row; sewing rows in order of team and date."""

    team: Ints
    target: Floats
    """Targeted productivity, 0 to 1."""
    actual: Floats
    """Reported productivity: standard minutes earned over minutes present."""
    smv_min: Floats
    wip: Floats
    """Pieces between the operations; NaN where none is given."""
    overtime_min: Floats
    """Of the whole team."""
    incentive: Floats
    idle_time: Floats
    idle_men: Floats
    style_changes: Ints
    workers: Floats


@dataclass(frozen=True, slots=True)
class Runs:
    """Style runs: a run begins when the SMV that a team sews changes."""

    day: Ints
    """Working days since the run's start, by row."""
    start_seen: npt.NDArray[np.bool_]
    """False in a team's first run: it began before the table does."""
    lengths: Ints


def read_team_days(data: Path) -> tuple[TeamDays, TeamDays]:
    """Return sewing and finishing team-days of the table in the data folder `data`.

    Raises:
        ConfigError: if the file is missing (with how to get it), or a column or value is wrong.
    """
    file = data / FILE
    if not file.is_file():
        raise ConfigError(
            f"No data at {file}. Get 'Productivity Prediction of Garment Employees' from the UCI "
            "Machine Learning Repository (data set 597, CC BY 4.0), save "
            f"{FILE.name} as {FILE} below a folder, and name that folder with --data."
        )
    sewing: list[tuple[tuple[int, date], list[float]]] = []
    finishing: list[list[float]] = []
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{file} has no column {missing[0]!r}; it needs: {_COLUMNS}.")
        for row in reader:
            day, values = _row(file, reader.line_num, row)
            if row["department"].strip().startswith("swe"):
                sewing.append(((int(values[0]), day), values))
            else:
                finishing.append(values)
    if not sewing or not finishing:
        raise ConfigError(f"{file} has no sewing or no finishing rows.")
    return (
        _team_days([values for _, values in sorted(sewing, key=lambda item: item[0])]),
        _team_days(finishing),
    )


def _row(file: Path, number: int, row: dict[str, str]) -> tuple[date, list[float]]:
    try:
        day = datetime.strptime(row["date"], "%m/%d/%Y").date()  # noqa: DTZ007
        values = [
            float("nan" if name == "wip" and row[name] in ("", "NA") else row[name])
            for name in _COLUMNS[2:]
        ]
    except ValueError as exc:
        raise ConfigError(f"{file}, line {number}: {exc}; expected a date and numbers.") from exc
    return day, values


def _team_days(rows: list[list[float]]) -> TeamDays:
    columns = np.array(rows).T
    team, target, smv, wip, overtime, incentive, idle, men, changes, workers, actual = columns
    return TeamDays(
        team=team.astype(np.int64),
        target=target,
        actual=actual,
        smv_min=smv,
        wip=wip,
        overtime_min=overtime,
        incentive=incentive,
        idle_time=idle,
        idle_men=men,
        style_changes=changes.astype(np.int64),
        workers=workers,
    )


def style_runs(sewing: TeamDays) -> Runs:
    """Return the style runs of sewing rows that are in order of team and date."""
    rows = len(sewing.team)
    day = np.zeros(rows, np.int64)
    seen = np.ones(rows, np.bool_)
    lengths: list[int] = []
    for i in range(rows):
        same_team = i > 0 and sewing.team[i] == sewing.team[i - 1]
        if same_team and sewing.smv_min[i] == sewing.smv_min[i - 1]:
            day[i], seen[i] = day[i - 1] + 1, seen[i - 1]
            lengths[-1] += 1
        else:
            seen[i] = same_team
            lengths.append(1)
    return Runs(day, seen, np.array(lengths))
