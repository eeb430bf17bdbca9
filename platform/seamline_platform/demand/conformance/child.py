"""`python -m seamline_platform.demand.conformance.child SPEC SECONDS CHECK..`: a line per check."""

import json
import logging
import os
import sys
from typing import TextIO

from seamline_broker.clock import WallClock
from seamline_broker.parentwatch import ignore_interrupt, watch_parent
from seamline_platform.demand.conformance.checks import CHECKS, Subject
from seamline_platform.demand.conformance.findings import BrokenPromiseError, Finding

_MEND_SUITE = "This is a fault of the suite, not of the forecaster: please report it."


def run_checks(subject: Subject, names: list[str], out: TextIO) -> None:
    """Run the named checks, and write each finding as a line of JSON as soon as it is there."""
    clock = WallClock()
    for name in names:
        check, asked = CHECKS[name]
        start = clock.steady_s()
        ok, came, mend = True, "", ""
        try:
            came = check(subject)
        except BrokenPromiseError as exc:
            ok, came, mend = False, exc.came, exc.mend
        except Exception as exc:  # the report goes on; the reader learns whose fault it is
            ok, came, mend = False, f"the check itself failed: {exc!r}", _MEND_SUITE
        found = Finding(name, ok, asked, came, mend, round(clock.steady_s() - start, 3))
        out.write(json.dumps(found.document(), ensure_ascii=False) + "\n")
        out.flush()


def main() -> int:
    """Check one forecaster; what it prints itself goes to stderr."""
    ignore_interrupt()
    watch_parent()
    logging.disable(logging.CRITICAL)
    spec, budget_s, *names = sys.argv[1:]
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        run_checks(Subject(spec, float(budget_s)), names, out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
