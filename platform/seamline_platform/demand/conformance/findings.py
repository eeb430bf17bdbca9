"""What the conformance suite says: one finding per check, and the report of all."""

from dataclasses import asdict, dataclass


class BrokenPromiseError(Exception):
    """A check found a promise broken: what came instead, and how to mend it."""

    def __init__(self, came: str, mend: str) -> None:
        super().__init__(came)
        self.came, self.mend = came, mend


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was asked, what came, and (unless `ok`) how to mend it."""

    check: str
    ok: bool
    asked: str
    came: str
    mend: str = ""
    seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """Return the finding as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one forecaster."""

    forecaster: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Return True if every promise was kept."""
        return all(finding.ok for finding in self.findings)

    def document(self) -> dict[str, object]:
        """Return the report as plain data."""
        return {
            "forecaster": self.forecaster,
            "ok": self.ok,
            "checks": [finding.document() for finding in self.findings],
        }
