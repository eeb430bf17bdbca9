"""Finished runs on disk, one file each, so that an interrupted experiment goes on where it stopped.

A file is written whole and then renamed; it holds a checksum of itself. One that is damaged is
named, and its run is done again.
"""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from seamline_broker.errors import UNREADABLE, ConfigError, ExperimentError
from seamline_platform.experiments.evidence.jobs import (
    Job,
    digest,
    outcome_document,
    read_outcome,
)
from seamline_platform.experiments.season import Outcome


class Cache:
    """Results below a folder, by key; `world` is the hash of code and scenario they belong to."""

    def __init__(self, folder: Path, world: str, note: Callable[[str], None]) -> None:
        self.folder, self.world, self._note = folder, world, note

    def file(self, job: Job) -> Path:
        """Return where the result of a job is kept."""
        key = job.key(self.world)
        return self.folder / "runs" / key[:2] / f"{key}.json"

    def get(self, job: Job) -> Outcome | None:
        """Return the kept result, None if there is none (or a damaged one, which is named)."""
        file = self.file(job)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as exc:
            self._damaged(file, job, exc)
            return None
        try:
            document = json.loads(text)
            if digest(document["outcome"]) != document["sha256"]:
                raise ExperimentError("its checksum is wrong")
            return read_outcome(document["outcome"])
        except (*UNREADABLE, ExperimentError, ConfigError) as exc:
            self._damaged(file, job, exc)
            return None

    def put(self, job: Job, outcome: Outcome) -> None:
        """Keep a result.

        Raises:
            ExperimentError: if the folder cannot be written.
        """
        file, result = self.file(job), outcome_document(outcome)
        document = {"job": job.document(), "outcome": result, "sha256": digest(result)}
        write_whole(file, json.dumps(document, sort_keys=True))

    def drop(self, job: Job) -> None:
        """Forget a result."""
        with contextlib.suppress(FileNotFoundError):
            self.file(job).unlink()

    def _damaged(self, file: Path, job: Job, exc: Exception) -> None:
        self._note(f"Result {file} is damaged ({exc}): {job.name}, seed {job.seed} is run again.")


def write_whole(file: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        ExperimentError: if it cannot be written.
    """
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as exc:
        with contextlib.suppress(OSError):
            part.unlink()
        raise ExperimentError(f"Result {file} cannot be written: {exc.strerror}.") from exc
