"""Runs the checks in a worker process, so that a solver which never ends or dies is found out."""

from collections.abc import Callable
from typing import Final

from seamline_platform.demand.conformance.findings import Finding, Report
from seamline_platform.experiments.scheduling.conformance.checks import CHECKS
from seamline_platform.experiments.scheduling.process import Worker, WorkerError
from seamline_platform.experiments.scheduling.worker import CheckOrder

CPU_S: Final = 60.0
_MEND: Final = (
    "Find the loop that does not ask run.cpu() and run.cancelled(), or what ends the process."
)


def check_scheduler(
    spec: str,
    on_finding: Callable[[Finding], None] = lambda finding: None,
    cpu_s: float = CPU_S,
) -> Report:
    """Run every check on a registered solver or a loose file `mine.py:Mine`.

    Each check may take `cpu_s` processor seconds; one that takes more is ended and counts as
    broken. `on_finding` is called after each.
    """
    worker = Worker(lambda: False)
    findings: list[Finding] = []
    try:
        for name, (_, asked) in CHECKS.items():
            if findings and not findings[0].ok:
                found = Finding(name, False, asked, "not tried", "See above.")
            else:
                found = _asked(worker, spec, name, asked, cpu_s)
            findings.append(found)
            on_finding(found)
    finally:
        worker.close()
    return Report(spec, tuple(findings))


def _asked(worker: Worker, spec: str, name: str, asked: str, cpu_s: float) -> Finding:
    try:
        answer = worker.ask(CheckOrder(spec, name), cpu_s, 20 * cpu_s, lambda share, text: None)
    except WorkerError as exc:
        return Finding(name, False, asked, str(exc), _MEND)
    if not isinstance(answer, Finding):
        return Finding(name, False, asked, f"its process said {answer!r}", _MEND)
    return answer
