"""The register of models on this plant: kept in the store, acted on by nights and by people."""

import json
import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from seamline_broker.clock import Clock
from seamline_broker.errors import ConfigError
from seamline_broker.users import write_private
from seamline_platform.app.sql import MODEL_EVENTS, MODELS, NEWEST_NIGHTS, integer, text
from seamline_platform.demand.kept import KeptFile
from seamline_platform.demand.registry import (
    Metrics,
    ModelEvent,
    ModelRecord,
    Register,
    fold,
)
from seamline_platform.store.store import Store

log = logging.getLogger(__name__)

KEPT_STATES: Final = 5
"""So many trained states stay in the run directory: those of the champion, the champions before it
and the newest candidates."""

REMEMBERED_NIGHTS: Final = 10
"""So many nights before a restart tell how often in a row the champion has failed."""


class ModelRegister:
    """Records and events, folded once at the start; every act is stored. Safe for many threads."""

    def __init__(self, store: Store, clock: Clock, folder: Path, source: str) -> None:
        """Read what the store knows.

        Args:
            store: where records and events are written.
            clock: for wall times.
            folder: for trained states; made when the first is kept.
            source: id of this run and its plant: where new models come from.

        Raises:
            SeamlineError: if the store cannot be read.
        """
        self._store = store
        self._clock = clock
        self._folder = folder
        self._source = source
        self._lock = threading.RLock()
        self._key = ""
        records = [_record(row) for row in store.read(MODELS)]
        self._register = fold(records, [_event(row) for row in store.read(MODEL_EVENTS)])
        self._failures: dict[str, int] = {}
        for row in reversed(store.read(NEWEST_NIGHTS, [REMEMBERED_NIGHTS])):
            self.night(text(row["model_id"]), row["status"] == "ok")

    @property
    def state(self) -> Register:
        """The register as it stands; it does not change under the reader."""
        return self._register

    @property
    def champion(self) -> ModelRecord | None:
        """The model that forecasts."""
        return self._register.champion

    def new(
        self,
        model: str,
        cause: str,
        plant_ms: int,
        params: Mapping[str, object] | None = None,
        **facts: object,
    ) -> ModelRecord:
        """Register a model that is still to be trained, as a candidate."""
        record = ModelRecord(
            id=f"m-{secrets.token_hex(4)}",
            model=model,
            params=dict(params or {}),
            cause=cause,
            **{"source": self._source, **facts},  # type: ignore[arg-type]  # fields of the record
        )
        with self._lock:
            self.put(record)
            self._happen("registered", record.id, plant_ms, cause, record.note, record.note_zh)
        return record

    def put(self, record: ModelRecord) -> None:
        """Store a record, or newer facts about one."""
        with self._lock:
            self._register = self._register.with_record(record)
            failed = record.id in self._register.failed
            self._store.insert("models", [_row(record, failed, self._clock.wall_ms())])

    def promote(
        self, model_id: str, plant_ms: int, cause: str, note: str = "", note_zh: str = ""
    ) -> ModelRecord:
        """Make a model the champion; return its record.

        Raises:
            ConfigError: if there is no such model, it is the champion, or it has failed.
        """
        with self._lock:
            self._take(self._register.promotion(model_id, plant_ms, cause, note, note_zh))
            self._forget_old_states()
            return self._register.record(model_id)

    def rollback(self, plant_ms: int, cause: str, note: str = "", note_zh: str = "") -> ModelRecord:
        """Make the champion before this one champion again; return its record.

        Raises:
            ConfigError: if there is none.
        """
        with self._lock:
            event = self._register.rollback(plant_ms, cause, note, note_zh)
            self._take(event)
            return self._register.record(event.model_id)

    def fail(self, model_id: str, plant_ms: int, cause: str, note: str, note_zh: str) -> None:
        """Note that a model cannot be used."""
        with self._lock:
            self._happen("failed", model_id, plant_ms, cause, note, note_zh)
            self.put(replace(self._register.record(model_id), note=note, note_zh=note_zh))

    def drifted(self, model_id: str, plant_ms: int, note: str, note_zh: str) -> None:
        """Note that the scores of a model have drifted."""
        with self._lock:
            self._happen("drift", model_id, plant_ms, "drift", note, note_zh)

    def _happen(
        self, kind: str, model_id: str, plant_ms: int, cause: str, note: str, note_zh: str
    ) -> None:
        seq = self._register.next_seq
        self._take(ModelEvent(seq, plant_ms, kind, model_id, cause, note, note_zh))

    def _take(self, event: ModelEvent) -> None:
        self._register = self._register.with_event(event)
        row = asdict(event) | {"plant_ts": event.plant_ms, "wall_ts": self._clock.wall_ms()}
        del row["plant_ms"]
        self._store.insert("model_events", [row])

    def night(self, model_id: str, ok: bool) -> int:
        """Count a night of a model; return how many in a row it has failed."""
        with self._lock:
            self._failures[model_id] = 0 if ok else self._failures.get(model_id, 0) + 1
            return self._failures[model_id]

    def failures(self, model_id: str) -> int:
        """Return how many nights in a row a model has failed."""
        return self._failures.get(model_id, 0)

    # ---- trained states --------------------------------------------------------------------------

    def kept_file(self, model_id: str) -> KeptFile:
        """Return where the trained state of a model is, or will be, and its key.

        Raises:
            ConfigError: if the key of this run cannot be read or made.
        """
        with self._lock:
            self._key = self._key or _key_of(self._folder / "model.key")
            return KeptFile(str(self._folder / f"{model_id}.state"), self._key, model_id)

    def _forget_old_states(self) -> None:
        """Delete trained states that nobody is likely to return to."""
        register = self._register
        newest = [i for i in reversed(list(register.records)) if register.status(i) == "candidate"]
        wanted = [register.champion_id, *reversed(register.earlier), *newest][:KEPT_STATES]
        for record in list(register.records.values()):
            if record.kept and record.id not in wanted:
                (self._folder / f"{record.id}.state").unlink(missing_ok=True)
                self.put(replace(record, kept=False))


def _key_of(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc
    if len(key) != 64:
        key = secrets.token_hex(32)
        write_private(path, key + "\n")
    return key


def _row(record: ModelRecord, failed: bool, wall_ms: int) -> dict[str, object]:
    row: dict[str, object] = asdict(record)
    row["model_id"] = row.pop("id")
    row["trained_ts"] = row.pop("trained_ms") or None
    row["metrics"] = asdict(record.metrics) if record.metrics is not None else None
    row["quantiles"] = list(record.quantiles)
    return row | {"status": "failed" if failed else "ok", "wall_ts": wall_ms}


def _record(row: Mapping[str, object]) -> ModelRecord:
    metrics = Metrics(**json.loads(text(row["metrics"]))) if row["metrics"] else None
    return ModelRecord(
        id=text(row["model_id"]),
        model=text(row["model"]),
        params=json.loads(text(row["params"]) or "{}"),
        quantiles=tuple(json.loads(text(row["quantiles"]))),
        recalibrate=bool(row["recalibrate"]),
        code_version=text(row["code_version"]),
        data_hash=text(row["data_hash"]),
        rows=integer(row["rows"]),
        series=integer(row["series"]),
        trained_ms=integer(row["trained_ms"]),
        seconds=float(str(row["seconds"] or 0.0)),
        rss_mb=float(str(row["rss_mb"] or 0.0)),
        metrics=metrics,
        kept=bool(row["kept"]),
        cause=text(row["cause"]),
        source=text(row["source"]),
        note=text(row["note"]),
        note_zh=text(row["note_zh"]),
    )


def _event(row: Mapping[str, object]) -> ModelEvent:
    return ModelEvent(
        integer(row["seq"]),
        integer(row["plant_ms"]),
        text(row["kind"]),
        text(row["model_id"]),
        text(row["cause"]),
        text(row["note"]),
        text(row["note_zh"]),
    )
