"""`seamline bench verify CARD`: runs what a card says again, and says what differs.

The same task (as the card defines it), seed and model go through the same runner, with nothing
kept from before. With equal versions of all libraries on an equal processor a metric has to come
out equal to 1e-9 of itself. Other versions or processors order sums otherwise, and an optimiser
that fits a parameter may stop elsewhere: there 1e-3 is allowed, and said. Seconds and memory are
those of a machine and are not compared.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import SeamlineError
from seamline_platform.experiments.forecasting import cardfile
from seamline_platform.experiments.forecasting.card import (
    Card,
    ReadCard,
    cards_of,
    file_sha256_of,
    read_card,
)
from seamline_platform.experiments.forecasting.contract import Result
from seamline_platform.experiments.forecasting.fingerprint import model_hash
from seamline_platform.experiments.forecasting.machine import same_arithmetic

SAME: Final = 1e-9
"""Relative difference that is none, on equal versions and processors."""
OTHER: Final = 1e-3
"""Relative difference that is allowed on others."""
_COMPARED: Final = ("metrics", "intervals", "calibration", "losses")
_DECIDED: Final = ("cost", "cost_lo", "cost_hi", "fill_rate", "regret", "parts", "curve", "status")
_OF_THE_FIELD: Final = ("friedman_p", "nemenyi_p")
"""Parts that depend on which other models took part; a second run has fewer of them."""

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the card says."""

    what: str
    card: str
    came: str

    def __str__(self) -> str:
        return f"{self.what}: the card says {self.card}; it is {self.came}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a card's verification."""

    path: Path
    compared: int = 0
    """Numbers that were compared."""
    tolerance: float = SAME
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    impossible: str = ""
    """Why it could not be run again; empty if it could."""

    @property
    def exit_code(self) -> int:
        """Return 0 if everything is as the card says, 1 if not, 2 if it could not be run."""
        if self.differences:
            return 1
        return 2 if self.impossible else 0

    def document(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return {
            "card": str(self.path),
            "confirmed": self.exit_code == 0,
            "compared": self.compared,
            "tolerance": self.tolerance,
            "differences": [
                {"what": d.what, "card": d.card, "came": d.came} for d in self.differences
            ],
            "notes": list(self.notes),
            "impossible": self.impossible,
        }

    def text(self) -> str:
        """Return the verdict for a person."""
        lines = [f"  {difference}." for difference in self.differences]
        lines += [f"  Note: {text}" for text in self.notes]
        if self.impossible:
            lines.append(f"  It could not be run again: {self.impossible}")
        elif not self.differences:
            lines.append(f"  Confirmed: {self.compared} numbers, each to {self.tolerance:g}.")
        elif self.compared:
            lines.append(f"  {self.compared} numbers were compared, to {self.tolerance:g}.")
        return "\n".join([str(self.path), *lines]) + "\n"


@dataclass(slots=True)
class _Findings:
    """What is found on the way."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    compared: int = 0
    tolerance: float = SAME

    def verdict(self, path: Path, impossible: str = "") -> Verdict:
        return Verdict(path, self.compared, self.tolerance, tuple(self.differences),
                       tuple(self.notes), impossible)  # fmt: skip

    def equal(self, what: str, card: object, came: object) -> bool:
        """Record a difference of texts; True if there is none."""
        if card != came:
            self.differences.append(Difference(what, _shown(card), _shown(came)))
        return card == came

    def numbers(self, what: str, card: Any, came: Any) -> None:
        """Compare all numbers of two documents of one form."""
        for path, one, two in _pairs(what, card, came):
            self.compared += 1
            if not _close(one, two, self.tolerance):
                self.differences.append(Difference(path, _shown(one), _shown(two)))


def verify_card(
    path: Path,
    data_dir: Path | None = None,
    *,
    model: str | None = None,
    note: Note = lambda text: None,
) -> Verdict:
    """Run a card's model on its task again and compare.

    Args:
        path: the card.
        data_dir: folder of public data sets.
        model: where the model's loose file is now, if not where the card says.
        note: told what is done.
    """
    found = _Findings()
    try:
        read = read_card(path)
    except SeamlineError as exc:
        return found.verdict(path, str(exc))
    spec = model or read.card.score.model
    if ".py:" in spec and not Path(spec.rpartition(":")[0]).is_file():
        return found.verdict(
            path,
            f"there is no file {spec.rpartition(':')[0]} here; --model says where it is now "
            "(mine.py:Mine).",
        )
    _before(read, spec, found)
    note(f"{read.card.task.name}, {spec}: running it again ...")
    try:
        again = _again(read.card, spec, data_dir)
    except SeamlineError as exc:
        return found.verdict(path, str(exc))
    if again.tasks[0].skipped:
        return found.verdict(path, again.tasks[0].skipped)
    _after(read.card, spec, again, found)
    return found.verdict(path)


def _before(read: ReadCard, spec: str, found: _Findings) -> None:
    """Look at what can be seen without running anything."""
    card = read.card
    if not read.seal_holds:
        found.differences.append(
            Difference("seal", "it is as it was written", "changed after it was written")
        )
    found.equal("hash of the task", card.task_sha256, cardfile.task_hash(card.task))
    shipped = _shipped_hash(card.task.name)
    if shipped and shipped != card.task_sha256:
        found.notes.append(
            f"task {card.task.name} as it comes along now is defined otherwise (or the card is of "
            "a quick run); the card's own definition is used."
        )
    if card.file_sha256:
        found.equal("model's file (sha-256)", card.file_sha256, file_sha256_of(spec))
    found.equal("hash of the model (code, file, libraries)", card.score.model_hash,
                model_hash(spec))  # fmt: skip


def _shipped_hash(name: str) -> str:
    from seamline_platform.experiments.forecasting.task import load_task, task_names

    return cardfile.task_hash(load_task(name)) if name in task_names() else ""


def _again(card: Card, spec: str, data_dir: Path | None) -> Result:
    from seamline_platform.experiments.forecasting import study

    with tempfile.TemporaryDirectory(prefix="seamline-verify-") as folder:
        options = study.Options(
            data_dir=data_dir, models=(spec,), seed=card.seed, out=Path(folder),
            decide=card.decision is not None,
        )  # fmt: skip
        return study.run_tasks((card.task,), options)


def _after(card: Card, spec: str, again: Result, found: _Findings) -> None:
    """Compare what came with what the card says."""
    came = _card_of(again, spec)
    alike = dict(card.versions) == dict(came.versions)
    if not alike or not same_arithmetic(card.machine, came.machine):
        found.tolerance = OTHER
        found.notes += _elsewhere(card, came)
    same_data = found.equal("data (sha-256)", card.data_sha256, came.data_sha256)
    same_status = found.equal("status", card.score.status, came.score.status)
    if not same_data:
        found.notes.append("the data are others: figures below were made on what is here now.")
    if not same_status:
        found.notes.append(came.score.note or card.score.note)
        return
    metric = card.task.metric
    one = cardfile.score_document(card.score, metric)
    two = cardfile.score_document(came.score, metric)
    for name in _COMPARED:
        found.numbers(name, one[name], two[name])
    _decisions(card, came, found)


def _decisions(card: Card, came: Card, found: _Findings) -> None:
    one = cardfile.decision_document(card.decision)
    two = cardfile.decision_document(came.decision)
    if one is None or two is None:
        found.equal("decisions", one is not None, two is not None)
        return
    for document in (one, two):
        document["parts"] = {k: v for k, v in document["parts"].items() if k not in _OF_THE_FIELD}
    found.equal("aggregation", one["aggregation"], two["aggregation"])
    for name in _DECIDED:
        found.numbers(f"decision {name}", one[name], two[name])
    # Only models that were run again can be compared with.
    rivals = [name for name in one["versus"] if name in two["versus"]]
    for rival in rivals:
        found.numbers(f"against {rival}", one["versus"][rival], two["versus"][rival])


def _card_of(again: Result, spec: str) -> Card:
    from seamline_platform.demand.protocol import canonical_name

    wanted = canonical_name(spec)
    return next(card for card in cards_of(again) if card.score.model == wanted)


def _elsewhere(card: Card, came: Card) -> Iterator[str]:
    names = sorted({*card.versions, *came.versions})
    for name in names:
        one, two = card.versions.get(name, ""), came.versions.get(name, "")
        if one != two:
            yield f"{name} was {one or 'not there'}, is {two or 'not there'}."
    if not same_arithmetic(card.machine, came.machine):
        yield (
            f"the card was made on {card.machine.get('processor', '?')}, this is "
            f"{came.machine.get('processor', '?')}."
        )
    yield f"so numbers may differ by {OTHER:g} of themselves instead of {SAME:g}."


def _pairs(path: str, one: Any, two: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield all leaves of two documents; where their forms differ, the parts as a whole."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in dict.fromkeys([*one, *two]):
            yield from _pairs(f"{path} {key}", one.get(key), two.get(key))
    elif _listed(one) and _listed(two) and len(one) == len(two):
        for i, (a, b) in enumerate(zip(one, two, strict=True)):
            yield from _pairs(f"{path} [{i}]", a, b)
    else:
        yield path, one, two


def _listed(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _close(one: object, two: object, tolerance: float) -> bool:
    if isinstance(one, float | int) and isinstance(two, float | int):
        return math.isclose(one, two, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    return one == two


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, float):
        return f"{value:.10g}"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
