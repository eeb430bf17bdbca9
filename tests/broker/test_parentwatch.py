"""A child leaves when its parent is gone, also where the kernel does not tell it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from seamline_broker.parentwatch import (
    PARENT_VARIABLE,
    child_environment,
    die_with_parent,
    watch_parent,
)

CHILD = """
import signal, sys, threading
from seamline_broker.parentwatch import watch_parent
left = threading.Event()
if "stubborn" not in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: left.set())
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(watch_parent(poll_s=0.05, grace_s=0.3), flush=True)
while not left.wait(0.05):
    pass
"""
PARENT = f"""
import subprocess, sys, threading
from seamline_broker.parentwatch import child_environment, die_with_parent
preexec = die_with_parent() if "kernel" in sys.argv else None
words = [sys.executable, "-c", {CHILD!r}, *sys.argv[1:]]
env = child_environment()
child = subprocess.Popen(words, stdout=subprocess.PIPE, env=env, preexec_fn=preexec, text=True)
print(child.pid, child.stdout.readline().strip(), flush=True)
threading.Event().wait()
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["watch", "stubborn", "kernel"])
def test_a_child_leaves_with_its_parent(how: str, eventually: Callable[..., bool]) -> None:
    words = [sys.executable, "-c", PARENT, how]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, watching = parent.stdout.readline().split()
        assert watching == "True"
        assert alive(int(pid))
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert eventually(lambda: not alive(int(pid)))


def test_a_process_started_by_hand_watches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PARENT_VARIABLE, raising=False)
    assert watch_parent() is False


def test_nonsense_in_the_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PARENT_VARIABLE, "mother")
    with pytest.raises(ValueError, match="SEAMLINE_PARENT_PID='mother' is not a process id"):
        watch_parent()


def test_the_environment_of_a_child_names_this_process() -> None:
    assert child_environment()[PARENT_VARIABLE] == str(os.getpid())


def test_systems_without_the_kernels_help_get_no_preexec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert die_with_parent() is None
