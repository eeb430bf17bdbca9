"""A duel in a process of its own: `python -m seamline_platform.experiments.duel.worker`.

Lines of JSON on stdin and stdout, as `session` lists them; the first line on stdin says what to
compare: `{"seed", "capacity", "days", "days_per_s", "left": {..links..}, "right": {..}}`. What
cannot be done is said on stderr, with exit code 2. It runs at low priority, and ends when its
input does.
"""

import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from seamline_broker.clock import WallClock
from seamline_broker.errors import ConfigError, SeamlineError
from seamline_broker.parentwatch import ignore_interrupt, watch_parent
from seamline_platform.experiments.duel.makers import Season, open_season
from seamline_platform.experiments.duel.pace import Pace
from seamline_platform.experiments.duel.session import Emit, Inbox, Session, run
from seamline_platform.experiments.season.contract import Links, Setting

_NICE: Final = 5


def begin(request: Mapping[str, Any]) -> tuple[Season, Pace]:
    """Return the season that a request asks for.

    Raises:
        ConfigError: if something in it is missing or not allowed.
    """
    try:
        setting = Setting(days=request["days"], capacity=request["capacity"])
        links = [Links(**request[side]) for side in ("left", "right")]
        return open_season(setting, request["seed"], *links), Pace(request["days_per_s"])
    except (KeyError, TypeError) as exc:
        raise ConfigError(f"The request {dict(request)!r:.300} is not whole: {exc}.") from exc


def listen(lines: Iterable[str], inbox: Inbox) -> None:
    """Put every order into the inbox, and None when no more will come."""
    for line in lines:
        try:
            inbox.put(json.loads(line))
        except ValueError:
            logging.getLogger(__name__).warning("not_json line=%.100s", line)
    inbox.put(None)


def serve(lines: Iterable[str], emit: Emit) -> None:
    """Run the duel that the first line asks for; the others steer it.

    Raises:
        SeamlineError: if it cannot be run.
    """
    source = iter(lines)
    try:
        request = json.loads(next(source, ""))
    except ValueError as exc:
        raise ConfigError(
            "The first line must be a JSON object that says what to compare."
        ) from exc
    inbox: Inbox = queue.Queue()
    threading.Thread(target=listen, args=(source, inbox), daemon=True).start()
    season, pace = begin(request)
    spans = [{"name": n, "first": first, "last": last} for n, first, last in season.calendar]
    emit({"t": "began", "start_ms": season.start_ms, "days": season.duel.days, "calendar": spans})
    run(Session(season.duel, pace, WallClock(), emit), inbox)


def main() -> int:
    """Serve stdin and stdout; return the exit code."""
    ignore_interrupt()
    watch_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)

    def emit(document: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()

    try:
        serve(sys.stdin, emit)
    except SeamlineError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
