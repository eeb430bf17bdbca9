"""A run as one JSON document."""

from typing import Any, Final

from seamline_platform.experiments.forecasting.cardfile import plain
from seamline_platform.experiments.forecasting.machine import machine, versions
from seamline_platform.experiments.scheduling.catalogue import PARTS
from seamline_platform.experiments.scheduling.rows import row_of, rows_of
from seamline_platform.experiments.scheduling.store import LIBRARIES
from seamline_platform.experiments.scheduling.study import Result
from seamline_platform.experiments.scheduling.targets import Target, targets_of

_NOT_ASKED: Final = {"not_measured": "it was not asked for; name it with --part"}


def lines_of(result: Result) -> list[Target]:
    """Return what has to be reached, and what was."""
    rows = [row_of(found) for found in result.cases]
    return targets_of(rows, result.parts, result.options.quick)


def document_of(result: Result) -> dict[str, Any]:
    """Return the run's figures, ready for JSON: nothing in them is a number that is none."""
    document = {
        "families": rows_of(result),
        **{part: result.parts.get(part, _NOT_ASKED) for part in PARTS},
        "targets": [line.document() for line in lines_of(result)],
        "seed": result.options.seed,
        "quick": result.options.quick,
        "jobs": result.options.jobs,
        "notes": list(result.notes),
        "machine": machine(),
        "versions": versions(LIBRARIES),
    }
    found: dict[str, Any] = plain(document)
    return found
