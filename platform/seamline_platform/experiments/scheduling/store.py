"""Finished work on disk, one JSON file each by key: a run that was stopped goes on where it was."""

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import UNREADABLE, ExperimentError
from seamline_platform.experiments.evidence.cache import write_whole
from seamline_platform.experiments.forecasting.cardfile import digest
from seamline_platform.experiments.forecasting.fingerprint import code_sha256, foreign_code
from seamline_platform.experiments.forecasting.machine import versions
from seamline_platform.experiments.scheduling.outcome import RULES, problem_sha256
from seamline_platform.experiments.scheduling.worker import SolveOrder
from seamline_platform.planning.scheduler import GROUP
from seamline_platform.planning.solvers.load import canonical_scheduler

LIBRARIES: Final = ("seamline", "numpy", "scipy", "ortools", "numba", "highspy", "spyrrow",
                    "pyjobshop")  # fmt: skip
"""Libraries whose code can change a plan."""


def solver_sha256(spec: str) -> str:
    """Return the sha-256 of what a solver is made of: its code, and the libraries it may use.

    A shipped solver's code is the whole package `seamline_platform.planning`.
    """
    total = hashlib.sha256(json.dumps(versions(LIBRARIES)).encode())
    name = canonical_scheduler(spec)
    total.update((Path(name).name if ".py:" in name else name).encode() + b"\0")
    if is_shipped(spec):
        total.update(code_sha256("planning").encode())
    else:
        total.update(foreign_code(name, _module(name)))
    return total.hexdigest()


def is_shipped(spec: str) -> bool:
    """Return True if a solver (or the rules) comes with Seamline."""
    module = _module(canonical_scheduler(spec))
    return spec == RULES or module.startswith("seamline_platform.")


def _module(name: str) -> str:
    return next((p.module for p in entry_points(group=GROUP) if p.name == name), "")


def key_of(order: SolveOrder) -> str:
    """Return what an outcome depends on, as a hash."""
    start = repr(order.start) if order.start is not None else ""
    return digest(
        [
            order.solver_sha256, problem_sha256(order.case.problem), order.case.family,
            order.case.name, repr(order.budget), order.seed, code_sha256("planning"),
            code_sha256("experiments/scheduling"), start,
        ]
    )  # fmt: skip


class Store:
    """Documents below a folder; a damaged one is named and made again."""

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self.folder, self._note = folder, note

    def file(self, key: str) -> Path:
        """Return where a document is kept."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the kept document, None if there is none, or a damaged one."""
        file = self.file(key)
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            if digest(kept["content"]) != kept["sha256"]:
                raise ExperimentError("its checksum is wrong")
            return dict(kept["content"])
        except FileNotFoundError:
            return None
        except (*UNREADABLE, OSError, ExperimentError) as exc:
            self._note(f"Result {file} is damaged ({exc}); it is made again.")
            return None

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Keep a document: whole or not at all.

        Raises:
            ExperimentError: if the folder cannot be written.
        """
        text = json.dumps({"content": document, "sha256": digest(document)})
        write_whole(self.file(key), text)
