"""Result cards: one JSON file per task and model, with all that is needed to run it again.

A card holds the task's whole definition, hashes of data and model, parameters, seed, versions and
machine, metrics with intervals, the row of decisions, and what pictures need. Its `seal` is the
sha-256 of the rest: it finds an accidental edit; a deliberate one is found by `verify`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import UNREADABLE, ConfigError
from seamline_platform.experiments.evidence.cache import write_whole
from seamline_platform.experiments.forecasting import cardfile
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    Result,
    Task,
    TaskResult,
)
from seamline_platform.experiments.forecasting.machine import machine, versions

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_Pair = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Card:
    """What one model did on one task, and with what."""

    task: Task
    data_sha256: str
    score: ModelScore
    seed: int
    decision: DecisionRow | None = None
    examples: Mapping[str, _Pair] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    task_sha256: str = ""
    """As written on the card; `cardfile.task_hash(task)` is what it should be."""
    file_sha256: str = ""
    """Of a loose file's content alone; empty for a registered model."""

    @property
    def file_name(self) -> str:
        """Return the name under which it is kept."""
        model = _UNSAFE.sub("_", self.score.model)[-60:]
        return f"{self.task.name}.{model}.{self.score.model_hash[:8] or 'none'}.json"

    def document(self) -> dict[str, Any]:
        """Return the card as JSON values, sealed."""
        body: dict[str, Any] = {
            "card": cardfile.VERSION,
            "task": cardfile.task_document(self.task),
            "task_sha256": self.task_sha256 or cardfile.task_hash(self.task),
            "data_sha256": self.data_sha256,
            "model": {
                "spec": self.score.model,
                "sha256": self.score.model_hash,
                "file_sha256": self.file_sha256,
            },
            "parameters": {"season_length": self.task.season_length, "seed": self.seed},
            "seed": self.seed,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "score": cardfile.score_document(self.score, self.task.metric),
            "aggregation": self.decision.aggregation if self.decision else "",
            "decision": cardfile.decision_document(self.decision),
            "examples": cardfile.plain(self.examples),
        }
        return {**body, "seal": cardfile.digest(body)}


@dataclass(frozen=True, slots=True)
class ReadCard:
    """A card from a file; `seal_holds` is False if the file was changed after it was written."""

    card: Card
    seal_holds: bool
    path: Path


def cards_of(result: Result) -> tuple[Card, ...]:
    """Return one card per task and model of a run on this machine; skipped tasks have none."""
    rows = {(row.task, row.model): row for row in result.decisions}
    said_versions, said_machine = versions(), machine()
    return tuple(
        Card(
            found.task, found.data_sha256, score, result.seed,
            rows.get((found.task.name, score.model)), found.examples, said_versions, said_machine,
            cardfile.task_hash(found.task), file_sha256_of(score.model),
        )
        for found in result.tasks
        for score in found.models
    )  # fmt: skip


def file_sha256_of(spec: str) -> str:
    """Return the sha-256 of a loose file; empty for a registered name, or if it is not there."""
    file, colon, _ = spec.rpartition(".py:")
    try:
        return hashlib.sha256(Path(f"{file}.py").read_bytes()).hexdigest() if colon else ""
    except OSError:
        return ""


def write_card(result: Result, folder: Path) -> tuple[Path, ...]:
    """Write the cards of a run into a folder; a card of the same task and model is replaced.

    Returns:
        The files, in the order of tasks and models.

    Raises:
        ExperimentError: if the folder cannot be written.
    """
    files = []
    for card in cards_of(result):
        file = folder / card.file_name
        write_whole(file, json.dumps(card.document(), indent=1, ensure_ascii=False) + "\n")
        files.append(file)
    return tuple(files)


def read_card(path: Path) -> ReadCard:
    """Read a card.

    Raises:
        ConfigError: if it is not there, not JSON, of another version, or not complete.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as exc:
        raise ConfigError(f"Card {path} cannot be read: {exc}.") from exc
    if not isinstance(document, dict) or document.get("card") != cardfile.VERSION:
        came = document.get("card") if isinstance(document, dict) else type(document).__name__
        raise ConfigError(
            f"{path} is not a result card of version {cardfile.VERSION}: 'card' is {came!r}."
        )
    try:
        body = {key: value for key, value in document.items() if key != "seal"}
        return ReadCard(_card_of(body), cardfile.digest(body) == document.get("seal"), path)
    except (*UNREADABLE, ConfigError) as exc:
        raise ConfigError(f"Card {path} is not complete: {exc!r}.") from exc


def read_cards(folder: Path) -> tuple[ReadCard, ...]:
    """Read all cards of a folder (`*.json`), in order of name.

    Raises:
        ConfigError: if there is no such folder, no card in it, or one cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder} with result cards.")
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ConfigError(
            f"Folder {folder} holds no result card (*.json); "
            "'seamline bench forecast --cards DIR' writes them."
        )
    return tuple(read_card(file) for file in files)


def _card_of(body: Mapping[str, Any]) -> Card:
    task = cardfile.task_of(body["task"])
    score = cardfile.score_of(body["score"])
    if (body["model"]["spec"], body["model"]["sha256"]) != (score.model, score.model_hash):
        raise ConfigError("'model' and 'score' do not name the same model.")
    return Card(
        task=task,
        data_sha256=str(body["data_sha256"]),
        score=score,
        seed=int(body["seed"]),
        decision=cardfile.decision_of(body["decision"]),
        examples={
            name: (tuple(map(cardfile.number, before)), tuple(map(cardfile.number, came)))
            for name, (before, came) in body["examples"].items()
        },
        versions=dict(body["versions"]),
        machine=dict(body["machine"]),
        task_sha256=str(body["task_sha256"]),
        file_sha256=str(body["model"]["file_sha256"]),
    )


def merged(cards: tuple[ReadCard, ...]) -> tuple[Result, tuple[str, ...]]:
    """Return one result of many cards, and a sentence for each card that could not join.

    Cards join where task (by hash) and data are the same; the first card of a task decides. Of two
    cards of the same model, by name and hash, the later in order of file name is kept.
    """
    groups: dict[str, list[Card]] = {}
    refused = []
    for read in cards:
        card = read.card
        group = groups.setdefault(card.task.name, [])
        reason = _why_not(card, group[0]) if group else ""
        if not read.seal_holds:
            reason = "it was changed after it was written"
        if reason:
            refused.append(f"{read.path.name}: {reason}.")
        else:
            group.append(card)
    tasks = tuple(_together(group) for group in groups.values() if group)
    rows = tuple(
        card.decision for group in groups.values() for card in _newest(group) if card.decision
    )
    seeds = [card.seed for group in groups.values() for card in group]
    return Result(tasks, rows, (), seeds[0] if seeds else 0), tuple(refused)


def _why_not(card: Card, first: Card) -> str:
    if card.task_sha256 != first.task_sha256:
        return "its task has another definition than the first card of that task"
    if card.data_sha256 != first.data_sha256:
        return "it was made on other data than the first card of that task"
    if card.seed != first.seed and card.decision is not None:
        return f"its seed is {card.seed}, that of the first card is {first.seed}"
    return ""


def _newest(group: list[Card]) -> list[Card]:
    """Return the newest card of each model; of two files with one name each bears its hash."""
    kept = {(card.score.model, card.score.model_hash): card for card in group}
    names = [model for model, _ in kept]
    return [
        card if names.count(model) == 1 else _renamed(card, f"{model} [{sha256[:8]}]")
        for (model, sha256), card in kept.items()
    ]


def _renamed(card: Card, model: str) -> Card:
    row = card.decision
    return replace(
        card,
        score=replace(card.score, model=model),
        decision=None if row is None else replace(row, model=model),
    )


def _together(group: list[Card]) -> TaskResult:
    first = group[0]
    scores = tuple(card.score for card in _newest(group))
    return TaskResult(first.task, scores, first.data_sha256, "", first.examples)
