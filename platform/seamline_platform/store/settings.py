"""What can be set about the store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Limits and rhythms of the store; the defaults suit the demo on a small machine."""

    commit_ms: int = 250
    """A transaction begins at the latest so long after the first row that waits for it."""
    commit_rows: int = 5_000
    """... or as soon as so many rows wait."""
    transaction_rows: int = 100_000
    """No transaction is larger than about this."""
    queue_rows: int = 1_000_000
    """More waiting rows than this are refused: the disk does not keep up."""
    checkpoint_s: float = 10.0
    """Rhythm at which the write-ahead log is moved into the file."""
    memory_limit: str = "128MB"
    """What DuckDB may keep: it fills up with what was written, so this is memory that is used."""
    threads: int = 2
    min_free_mb: int = 64
    """Below this much free disk the writer waits instead of writing."""
    retry_s: float = 1.0
    """So long after a failed transaction it is tried again."""
    retention_plant_hours: int | None = None
    """Readings older than so many plant hours move to Parquet files; None keeps all."""
    retention_check_s: float = 60.0

    def __post_init__(self) -> None:
        if self.commit_ms < 1 or self.commit_rows < 1 or self.threads < 1:
            raise ValueError("commit_ms, commit_rows and threads must be at least 1.")
        if self.retention_plant_hours is not None and self.retention_plant_hours < 1:
            raise ValueError(f"retention_plant_hours={self.retention_plant_hours}: at least 1.")
