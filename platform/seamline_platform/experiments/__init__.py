"""Experiments: the world on its own, headless, with its truth open to the scorer."""

from seamline_platform.experiments.headless import run_scenario
from seamline_platform.experiments.tally import Tally

__all__ = ["Tally", "run_scenario"]
