"""Processor time for tests of speed."""

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def cpu() -> Callable[[], float]:
    """Return a timer of this process's CPU seconds."""
    return time.process_time
