"""Result cards: one JSON file per solver, with its solutions, so that anybody can check them.

A card holds seed, budgets, versions, machine, hashes of instances and code, and per instance
objective, CPU seconds, moves, deterministic ticks and the solution itself. Its `seal` is the
sha-256 of the rest: it finds an accidental edit; a deliberate one is found by
`seamline bench verify`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import UNREADABLE, ConfigError
from seamline_platform.experiments.evidence.cache import write_whole
from seamline_platform.experiments.forecasting.card import file_sha256_of
from seamline_platform.experiments.forecasting.cardfile import digest
from seamline_platform.experiments.forecasting.machine import machine, versions
from seamline_platform.experiments.scheduling.outcome import Outcome, outcome_of
from seamline_platform.experiments.scheduling.store import LIBRARIES
from seamline_platform.experiments.scheduling.study import CaseResult, Result

KIND: Final = "schedule"
VERSION: Final = 1
_UNSAFE: Final = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Card:
    """What one solver did on all instances of a run, and with what."""

    column: str
    solver: str
    sha256: str
    file_sha256: str
    """Of a loose file alone; empty for a registered solver."""
    seed: int
    started: bool
    """It was handed the best rule's plan."""
    outcomes: tuple[Outcome, ...]
    versions: Mapping[str, str]
    machine: Mapping[str, str]
    seal_holds: bool = True

    @property
    def file_name(self) -> str:
        """Return the name under which it is kept."""
        column = _UNSAFE.sub("_", self.column)[-60:]
        return f"schedule.{column}.{self.sha256[:8] or 'none'}.json"

    def document(self) -> dict[str, Any]:
        """Return the card as JSON values, sealed."""
        body: dict[str, Any] = {
            "card": VERSION,
            "kind": KIND,
            "column": self.column,
            "solver": {
                "spec": self.solver, "sha256": self.sha256, "file_sha256": self.file_sha256,
            },
            "seed": self.seed,
            "started": self.started,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "rows": [outcome.document() for outcome in self.outcomes],
        }  # fmt: skip
        return {**body, "seal": digest(body)}


def cards_of(result: Result) -> tuple[Card, ...]:
    """Return one card per column of a run on this machine, the rules' among them."""
    said_versions, said_machine = versions(LIBRARIES), machine()
    cards = []
    for column in ("rules", *result.columns):
        rows = tuple(row for found in result.cases for row in _rows(found, column))
        if rows:
            first = rows[0]
            cards.append(
                Card(
                    column, first.solver, first.solver_sha256, file_sha256_of(first.solver),
                    result.options.seed, any(row.start is not None for row in rows), rows,
                    said_versions, said_machine,
                )
            )  # fmt: skip
    return tuple(cards)


def _rows(found: CaseResult, column: str) -> tuple[Outcome, ...]:
    if column == "rules":
        return (found.rules,)
    return (found.outcomes[column],) if column in found.outcomes else ()


def write_cards(result: Result, folder: Path) -> tuple[Path, ...]:
    """Write the cards of a run into a folder; a card of the same column and code is replaced.

    Raises:
        ExperimentError: if the folder cannot be written.
    """
    files = []
    for card in cards_of(result):
        file = folder / card.file_name
        write_whole(file, json.dumps(card.document(), ensure_ascii=False) + "\n")
        files.append(file)
    return tuple(files)


def is_schedule_card(path: Path) -> bool:
    """Return True if a file is a card of this benchmark; of anything else others will complain."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("kind") == KIND


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        ConfigError: if it cannot be read, is of another version, or is not complete.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.get("kind") != KIND or document.get("card") != VERSION:
            raise ConfigError(f"it is no card of kind {KIND!r}, version {VERSION}")
        body = {key: value for key, value in document.items() if key != "seal"}
        return Card(
            column=str(body["column"]), solver=str(body["solver"]["spec"]),
            sha256=str(body["solver"]["sha256"]), file_sha256=str(body["solver"]["file_sha256"]),
            seed=int(body["seed"]), started=bool(body["started"]),
            outcomes=tuple(outcome_of(row) for row in body["rows"]),
            versions=dict(body["versions"]), machine=dict(body["machine"]),
            seal_holds=digest(body) == document.get("seal"),
        )  # fmt: skip
    except (*UNREADABLE, OSError, AttributeError, ConfigError) as exc:
        raise ConfigError(f"Card {path} cannot be read: {exc}.") from exc
