"""One digest that every machine and every Python must find.

Whoever changes what the world does (a figure of the calibration, a scenario, a handler) writes the
new digest here, with the change; whoever finds another one without such a change has found a
machine, or a Python, on which runs cannot be compared.
"""

from seamline_sim import Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US

GOLDEN = "f36074761ba0696b923da09b88cfcb9d051c2f3bc9e794a3db5704a20fed5619"


def test_the_digest_of_a_few_days_of_pi(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    run_headless(world, 3 * DAY_US + 11 * HOUR_US + 1, foreman_for(world))
    assert sum(line.sewn for line in world.lines) == 4454
    assert world.digest() == GOLDEN
