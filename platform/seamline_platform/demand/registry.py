"""The register of trained models: what each is, which one forecasts, and how it came to that.

Pure: a register is what a list of events says, and every act returns the event that it adds. What
is stored is the events and the records; a restart folds them again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args

from seamline_broker.errors import ConfigError
from seamline_platform.demand.protocol import LEVELS

Status = Literal["candidate", "champion", "retired", "failed"]
EventKind = Literal["registered", "promoted", "rolled_back", "failed", "drift"]
Cause = Literal["start", "settings", "schedule", "drift", "person", "import", "fallback"]
EVENT_KINDS: Final[tuple[str, ...]] = get_args(EventKind)
CAUSES: Final[tuple[str, ...]] = get_args(Cause)


@dataclass(frozen=True, slots=True)
class Metrics:
    """How a model did on the last days before its origin, by rolling origins.

    Each origin sees only what came before it. `pinball` is the mean quantile loss in pieces,
    `naive_pinball` that of SeasonalNaive on the same days.
    """

    origins: int
    days: int
    values: int
    pinball: float
    coverage_80: float
    bias: float
    naive_pinball: float

    @property
    def skill(self) -> float:
        """1 - pinball / naive_pinball: above 0 is better than SeasonalNaive."""
        return 1 - self.pinball / self.naive_pinball if self.naive_pinball > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One trained (or imported, not yet trained) model: facts that do not change.

    `trained_ms` is 0 and `data_hash` empty before it was trained here. `kept` says whether its
    trained state lies in the run directory.
    """

    id: str
    model: str
    params: Mapping[str, object] = field(default_factory=dict)
    quantiles: tuple[float, ...] = LEVELS
    recalibrate: bool = True
    code_version: str = ""
    data_hash: str = ""
    rows: int = 0
    series: int = 0
    trained_ms: int = 0
    seconds: float = 0.0
    rss_mb: float = 0.0
    metrics: Metrics | None = None
    kept: bool = False
    cause: str = "start"
    source: str = ""
    """Where it came from: id of the run that first registered it, and its plant."""
    note: str = ""
    note_zh: str = ""

    def __post_init__(self) -> None:
        if not self.id or not self.model:
            raise ValueError("A model needs an id and the name of a forecaster.")
        if self.cause not in CAUSES:
            raise ValueError(f"A model came by {self.cause!r}; allowed: {', '.join(CAUSES)}.")


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One thing that happened to a model, at plant time `plant_ms`."""

    seq: int
    plant_ms: int
    kind: str
    model_id: str
    cause: str
    note: str = ""
    note_zh: str = ""

    def __post_init__(self) -> None:
        if self.kind not in EVENT_KINDS or self.cause not in CAUSES:
            raise ValueError(f"There is no event {self.kind!r} by {self.cause!r}.")


@dataclass(frozen=True, slots=True)
class Register:
    """Records, and what the events have made of them; `earlier` are champions, newest last."""

    records: Mapping[str, ModelRecord] = field(default_factory=dict)
    events: tuple[ModelEvent, ...] = ()
    champion_id: str = ""
    earlier: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()
    since_ms: int = 0
    """Plant time at which the champion became it."""

    @property
    def champion(self) -> ModelRecord | None:
        """The model that forecasts, None before the first."""
        return self.records.get(self.champion_id)

    @property
    def next_seq(self) -> int:
        """The number of the next event."""
        return self.events[-1].seq + 1 if self.events else 1

    def status(self, model_id: str) -> Status:
        """Return what a model is now."""
        if model_id == self.champion_id:
            return "champion"
        if model_id in self.failed:
            return "failed"
        was = any(e.model_id == model_id and e.kind != "registered" for e in self.events)
        return "retired" if was else "candidate"

    def record(self, model_id: str) -> ModelRecord:
        """Return a record.

        Raises:
            ConfigError: if there is no such model.
        """
        found = self.records.get(model_id)
        if found is None:
            known = ", ".join(list(self.records)[-8:]) or "none yet"
            raise ConfigError(f"There is no model {model_id[:80]!r}; the newest are: {known}.")
        return found

    def with_record(self, record: ModelRecord) -> "Register":
        """Return the register with a record added, or with newer facts about one."""
        return replace(self, records={**self.records, record.id: record})

    def with_event(self, event: ModelEvent) -> "Register":
        """Return the register after an event.

        Raises:
            ConfigError: if the event names a model without a record.
        """
        self.record(event.model_id)
        after = replace(self, events=(*self.events, event))
        if event.kind == "promoted":
            # The champion that steps back comes last; a failed one is never returned to.
            gone = self.failed | {event.model_id}
            others = tuple(i for i in self.earlier if i != self.champion_id)
            before = (*others, self.champion_id) if self.champion_id else others
            stack = tuple(i for i in before if i not in gone)
            return replace(
                after, champion_id=event.model_id, earlier=stack, since_ms=event.plant_ms
            )
        if event.kind == "rolled_back":
            at = self.earlier.index(event.model_id) if event.model_id in self.earlier else 0
            return replace(
                after,
                champion_id=event.model_id,
                earlier=self.earlier[:at],
                since_ms=event.plant_ms,
            )
        if event.kind == "failed":
            return replace(
                after,
                failed=self.failed | {event.model_id},
                earlier=tuple(i for i in self.earlier if i != event.model_id),
            )
        return after

    def promotion(
        self, model_id: str, plant_ms: int, cause: str, note: str = "", note_zh: str = ""
    ) -> ModelEvent:
        """Return the event that makes a model the champion.

        Raises:
            ConfigError: if there is no such model, it is the champion already, or it has failed.
        """
        record = self.record(model_id)
        status = self.status(model_id)
        if status == "champion":
            raise ConfigError(f"Model {model_id} ({record.model}) is the champion already.")
        if status == "failed":
            raise ConfigError(
                f"Model {model_id} ({record.model}) has failed and cannot be promoted: "
                f"{record.note or 'see its events'}. Import its recipe to try it anew."
            )
        return ModelEvent(self.next_seq, plant_ms, "promoted", model_id, cause, note, note_zh)

    def rollback(self, plant_ms: int, cause: str, note: str = "", note_zh: str = "") -> ModelEvent:
        """Return the event that makes the champion before this one the champion again.

        Raises:
            ConfigError: if there was none, or all of them have failed.
        """
        if not self.earlier:
            raise ConfigError(
                "There is no earlier champion to roll back to: "
                f"{self.champion_id or 'no model'} is the first that is left."
            )
        to = self.earlier[-1]
        return ModelEvent(self.next_seq, plant_ms, "rolled_back", to, cause, note, note_zh)


def fold(records: Iterable[ModelRecord], events: Sequence[ModelEvent]) -> Register:
    """Return the register that stored records (newest facts last) and events make.

    Events of models whose record is lost are left out: half of a crash must not stop the nights.
    """
    register = Register()
    for record in records:
        register = register.with_record(record)
    for event in sorted(events, key=lambda e: e.seq):
        if event.model_id in register.records:
            register = register.with_event(event)
    return register
