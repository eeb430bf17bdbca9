"""Readers of weighted tardiness on one machine, without set-ups and with them."""

from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling.classic.reading import Numbers, read_text
from seamline_platform.planning.machines.problem import Job, MachineProblem, Operation

_SECTIONS: Final = ("Process Times:", "Weights:", "Duedates:", "Setup Times:")
_SIZE: Final = "Problem Size:"
_END: Final = "End Problem Specification"


def read_weighted_tardiness(path: Path, jobs: int) -> tuple[MachineProblem, ...]:
    """Read the OR-Library's file of instances 1||sum w_j T_j with `jobs` jobs each.

    By instance: durations, weights, due dates. They are named wt40_1, wt40_2, ...

    Raises:
        ConfigError: if the file is malformed.
    """
    numbers = Numbers(path)
    problems: list[MachineProblem] = []
    while numbers.left:
        where = f"of instance {len(problems) + 1}"
        durations = numbers.row(jobs, f"a duration {where}", 0)
        weights = numbers.row(jobs, f"a weight {where}", 0)
        dues = numbers.row(jobs, f"a due date {where}")
        problems.append(
            MachineProblem(
                f"{path.stem}_{len(problems) + 1}",
                1,
                tuple(
                    Job((Operation(((0, p),)),), d, w)
                    for p, w, d in zip(durations, weights, dues, strict=True)
                ),
                "weighted_tardiness",
            )
        )
    return tuple(problems)


def read_values(path: Path) -> tuple[int, ...]:
    """Read a file of one value per instance: optima, best known values.

    Raises:
        ConfigError: if something else than whole numbers is in it.
    """
    numbers = Numbers(path)
    return tuple(numbers.next("a value", 0) for _ in range(numbers.left))


def read_setup_weighted_tardiness(path: Path, name: str = "") -> MachineProblem:
    """Read an instance 1|s_ij|sum w_j T_j of Cicirello (2003).

    Sections of process times, weights, due dates, and set-up times as `i j s`, where i = -1 is
    the set-up of j if it comes first.

    Raises:
        ConfigError: if the file is malformed.
    """
    sections, jobs = _sections(path)
    values = [
        Numbers(path, sections[title]).row(jobs, f"a number under {title!r}", 0)
        for title in _SECTIONS[:3]
    ]
    first, setups = _setups(Numbers(path, sections[_SECTIONS[3]]), jobs)
    return MachineProblem(
        name or path.stem,
        1,
        tuple(Job((Operation(((0, p),)),), d, w) for p, w, d in zip(*values, strict=True)),
        "weighted_tardiness",
        (tuple(tuple(row) for row in setups),),
        (tuple(first),),
    )


def _setups(numbers: Numbers, jobs: int) -> tuple[list[int], list[list[int]]]:
    rows = [[-1] * jobs for _ in range(jobs + 1)]
    while numbers.left:
        before = numbers.next("the job before a set-up, or -1", -1, jobs - 1)
        after = numbers.next("the job after a set-up", 0, jobs - 1)
        rows[before + 1][after] = numbers.next("a set-up time", 0)
    for job in range(jobs):
        rows[job + 1][job] = max(rows[job + 1][job], 0)
    missing = [(i - 1, j) for i, row in enumerate(rows) for j, s in enumerate(row) if s < 0]
    if missing:
        raise ConfigError(
            f"{numbers.path}: {len(missing)} set-up times are missing, the first is "
            f"from job {missing[0][0]} to job {missing[0][1]}."
        )
    return rows[0], rows[1:]


def _sections(path: Path) -> tuple[dict[str, str], int]:
    """Return the text of every section, with its lines where they stood, and the size."""
    lines = read_text(path).splitlines()
    titles = [line.strip() for line in lines]
    size = next((t.removeprefix(_SIZE) for t in titles if t.startswith(_SIZE)), None)
    missing = [title for title in (*_SECTIONS, _END) if title not in titles]
    if size is None or missing:
        raise ConfigError(f"{path}: no line {missing[0] if missing else _SIZE!r}.")
    jobs = Numbers(path, size).next(f"the number behind {_SIZE!r}", 1)
    bounds = [titles.index(title) for title in (*_SECTIONS, _END)]
    if bounds != sorted(bounds):
        raise ConfigError(f"{path}: sections are out of order; expected {', '.join(_SECTIONS)}.")
    return {
        title: "\n" * (start + 1) + "\n".join(lines[start + 1 : stop])
        for title, start, stop in zip(_SECTIONS, bounds, bounds[1:], strict=False)
    }, jobs
