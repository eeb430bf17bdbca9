"""Ends a child process when the process that started it is gone, even by `kill -9`.

The starter puts its process id into the environment variable `SEAMLINE_PARENT_PID`. Linux also
sends a signal by itself (`die_with_parent`); the watch is for systems without it, and for a parent
that died before the child could ask for that signal.
"""

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

PARENT_VARIABLE = "SEAMLINE_PARENT_PID"
_PR_SET_PDEATHSIG = 1


def die_with_parent(libc: ctypes.CDLL | None = None) -> Callable[[], None] | None:
    """Return a `preexec_fn` that lets the kernel send SIGTERM to the child when its parent dies.

    Call `Popen` from the main thread: the kernel means the thread that started the child. Returns
    None where the system cannot do it.
    """
    if not sys.platform.startswith("linux"):
        return None
    library = libc or ctypes.CDLL(None)  # looked up here: after fork nothing may be imported
    terminate = int(signal.SIGTERM)

    def ask_kernel() -> None:
        library.prctl(_PR_SET_PDEATHSIG, terminate)

    return ask_kernel


def child_environment() -> dict[str, str]:
    """Return the environment for a child that watches this process."""
    return {**os.environ, PARENT_VARIABLE: str(os.getpid())}


def watch_parent(
    on_lost: Callable[[], None] | None = None, *, poll_s: float = 0.5, grace_s: float = 4.0
) -> bool:
    """Watch the parent in a background thread, if a starter asked for it.

    When the parent is gone, `on_lost` runs (default: SIGTERM to this process, as the parent would
    have sent it); if the process still lives `grace_s` later, it is ended hard.

    Returns:
        True if there is a parent to watch; False for a process started by hand.

    Raises:
        ValueError: if the environment variable does not hold a process id.
    """
    text = os.environ.get(PARENT_VARIABLE)
    if not text:
        return False
    if not text.isdigit():
        raise ValueError(f"{PARENT_VARIABLE}={text!r} is not a process id.")
    arguments = (int(text), on_lost or _terminate_self, poll_s, grace_s)
    threading.Thread(target=_watch, args=arguments, name="parentwatch", daemon=True).start()
    return True


def ignore_interrupt() -> None:
    """Let Ctrl-C pass by: it reaches the whole group, but the supervisor stops parts in order."""
    with contextlib.suppress(ValueError):  # only the main thread may set signal handlers
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _terminate_self() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int, on_lost: Callable[[], None], poll_s: float, grace_s: float) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(poll_s)
    _log.warning("Parent process is gone, leaving parent=%d", parent)
    try:
        on_lost()
    finally:
        pause.wait(grace_s)
        os._exit(1)
