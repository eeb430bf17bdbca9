import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.season import (
    KNOB_BOUNDS,
    KNOB_GRID,
    Knobs,
    Links,
    Practices,
    Setting,
)


def test_names_say_what_is_on():
    assert Links().name == "baseline"
    assert Links(sense_market=True, close_loop=True, scope="region").name == "market+loop+region"
    assert Practices().name == "manual"
    assert Practices(brain=True, warehouse=True).name == "AD"


def test_every_value_of_the_grid_is_within_bounds_and_is_a_knob():
    for name, values in KNOB_GRID.items():
        low, high = KNOB_BOUNDS[name]
        assert all(low <= value <= high for value in values)
        for value in values:
            assert getattr(Knobs(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Links(scope="world"), "line, plant, region, platform"),
        (lambda: Links(elastic=1), "true, false"),
        (lambda: Practices(brain="yes"), "true, false"),
        (lambda: Knobs(cover_days=0), "from 2 to 90"),
        (lambda: Setting(days=10), "60 to 730"),
        (lambda: Setting(capacity="huge"), "slack, tight"),
        (lambda: Setting(hardware={"machines.walk_s": 0}), "100 to 10000"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(make, says):
    with pytest.raises(ConfigError, match=says):
        make()
