"""The search for better plans in a process of its own: `python -m ..app.solver_worker`.

On stdin one question per line (JSON), on stdout one answer per line: `ready`, `better` for every
improvement, `done`, `failed`. A new question cancels the one before; closed stdin ends the process.
It can be killed at any moment: whoever asked holds the best plan that was answered.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any, Final

from seamline_broker.errors import SeamlineError
from seamline_broker.parentwatch import ignore_interrupt, watch_parent
from seamline_platform.planning.hub.question import Answer, Question
from seamline_platform.planning.hub.search import answer, method, warm_up

_NICE: Final = 10
Say = Callable[[dict[str, Any]], None]


class _Inbox:
    """Questions as they come in; `newer` tells the search that its question is out of date."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), name="inbox", daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)

    def newer(self) -> bool:
        """Return True if something waits: another question, or the end."""
        return not self._lines.empty()

    def take(self) -> str | None:
        """Wait for the newest question; None at the end."""
        line = self._lines.get()
        while line is not None and self.newer():
            line = self._lines.get()
        return line


def _work(line: str, inbox: _Inbox, say: Say) -> None:
    """Answer one question; what is wrong with it is an answer as well."""
    number = 0
    try:
        document = json.loads(line)
        number = int(document["id"])
        question = Question.from_document(document)

        def better(found: Answer) -> None:
            say({"t": "better", "id": number, **found.to_document()})

        result = answer(question, time.process_time, on_improve=better, cancelled=inbox.newer)
        say({"t": "done", "id": number, **result.to_document()})
    except (SeamlineError, ValueError, KeyError, TypeError) as exc:
        say({"t": "failed", "id": number, "reason": f"{type(exc).__name__}: {exc}"})


def main() -> int:
    """Answer questions until stdin is closed."""
    ignore_interrupt()
    watch_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # What a solver prints must not break the stream: its stdout becomes stderr.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)

        def say(document: dict[str, Any]) -> None:
            out.write(json.dumps(document, separators=(",", ":")) + "\n")
            out.flush()

        inbox = _Inbox(sys.stdin)
        warm_up(time.process_time)
        say({"t": "ready", "method": method()})
        while (line := inbox.take()) is not None:
            _work(line, inbox, say)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
