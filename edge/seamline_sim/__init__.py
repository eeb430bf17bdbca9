"""The simulated world of Seamline: market, cloth, plants. Pure, deterministic, stdlib only.

>>> from seamline_sim import World, load_scenario
>>> world = World.create(load_scenario("pi"), seed=1)
>>> world.step_until(3_600_000_000)
>>> world.now_ms - world.start_ms
3600000
"""

from seamline_sim.commands import CommandOutcome
from seamline_sim.core import FIRST_SEQ
from seamline_sim.drivers import Input, InputLog, Replay, run_headless
from seamline_sim.history import history
from seamline_sim.observe import LineSample, StationSample
from seamline_sim.policy import Foreman
from seamline_sim.prerun import Prerun, foreman_for, prerun
from seamline_sim.scenario import BUILT_IN, Scenario, load_scenario
from seamline_sim.world import StationInfo, World

__all__ = [
    "BUILT_IN",
    "FIRST_SEQ",
    "CommandOutcome",
    "Foreman",
    "Input",
    "InputLog",
    "LineSample",
    "Prerun",
    "Replay",
    "Scenario",
    "StationInfo",
    "StationSample",
    "World",
    "foreman_for",
    "history",
    "load_scenario",
    "prerun",
    "run_headless",
]
