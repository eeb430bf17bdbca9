"""Runs the checks in a process of their own, so that a model which never ends is found out."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Final

from seamline_broker.clock import WallClock
from seamline_broker.errors import PluginError
from seamline_broker.parentwatch import child_environment
from seamline_platform.demand.conformance.checks import CHECKS
from seamline_platform.demand.conformance.findings import Finding, Report
from seamline_platform.demand.protocol import canonical_name

TIME_BUDGET_S: Final = 60.0
START_S: Final = 60.0
"""A child that has not begun its first check by then has an import that never ends."""
MAX_TIMEOUTS: Final = 2
_MEND_ENDLESS: Final = (
    "Find the loop that does not end (a search without a limit on its steps?), or make it faster: "
    "the factory waits no longer than this, then seasonal naive takes its place."
)


def check_forecaster(
    spec: str,
    time_budget_s: float = TIME_BUDGET_S,
    on_finding: Callable[[Finding], None] | None = None,
) -> Report:
    """Run every check on a registered forecaster or a loose file `mine.py:Mine`.

    Each check may take `time_budget_s`; one that takes longer is ended and counts as failed, after
    two of those the rest is not tried. `on_finding` is called after each.

    Raises:
        PluginError: if the time budget is not above zero.
    """
    if not time_budget_s > 0:
        raise PluginError(f"A time budget of {time_budget_s} s is not above zero.")
    spec = canonical_name(spec)
    findings: list[Finding] = []
    endless = 0
    while len(findings) < len(CHECKS):
        left = list(CHECKS)[len(findings) :]
        if endless == MAX_TIMEOUTS or _unloadable(findings):
            found = [Finding(n, False, CHECKS[n][1], "not tried", "See above.") for n in left]
        else:
            found = _run_child(spec, left, time_budget_s, on_finding)
            endless += 1
        findings += found
    return Report(spec, tuple(findings))


def _unloadable(findings: list[Finding]) -> bool:
    return bool(findings) and findings[0].check == "loads" and not findings[0].ok


def _run_child(
    spec: str, names: list[str], budget_s: float, on_finding: Callable[[Finding], None] | None
) -> list[Finding]:
    """Return the findings of one child, the last of them that of a check which did not end."""
    words = [sys.executable, "-m", "seamline_platform.demand.conformance.child"]
    child = subprocess.Popen(
        [*words, spec, str(budget_s), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=child_environment(),
    )
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    findings: list[Finding] = []
    try:
        for name in names:
            finding = _next(lines, name, budget_s + (0.0 if findings else START_S))
            findings.append(finding)
            if on_finding is not None:
                on_finding(finding)
            if finding.came in (_ENDLESS, _DIED) or _unloadable(findings):
                break
    finally:
        child.kill()
        child.wait()
        reader.join()
        if child.stdout is not None:
            child.stdout.close()
    return findings


def _read(child: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    for line in child.stdout or ():
        lines.put(line)
    lines.put(None)


_ENDLESS: Final = "it had not ended when the time was up"
_DIED: Final = "its process died"


def _next(lines: "queue.Queue[str | None]", name: str, wait_s: float) -> Finding:
    clock, asked = WallClock(), CHECKS[name][1]
    start = clock.steady_s()
    try:
        line = lines.get(timeout=wait_s)
    except queue.Empty:
        seconds = round(clock.steady_s() - start, 3)
        return Finding(name, False, asked, _ENDLESS, _MEND_ENDLESS, seconds)
    if line is None:
        mend = "It ended the whole process (sys.exit, out of memory, or a crash in a library)."
        return Finding(name, False, asked, _DIED, mend)
    return Finding(**json.loads(line))
