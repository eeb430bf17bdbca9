"""Stand-ins for the processes of a maker, and the command line as a process."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def _eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        threading.Event().wait(0.02)
    return condition()


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Waits until a condition holds."""
    return _eventually


@pytest.fixture
def seamline(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs `seamline ...` in an empty directory."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*words: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
        command: Sequence[str] = (sys.executable, "-m", "seamline_platform.cli.main", *words)
        return subprocess.run(
            command,
            cwd=here,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    return run
