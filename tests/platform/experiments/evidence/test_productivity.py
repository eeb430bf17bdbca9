"""Fisher's index by hand, and a planted productivity shift that it recovers."""

import math

import pytest

from seamline_broker.errors import ExperimentError
from seamline_platform.experiments.evidence.productivity import (
    fisher_quantity,
    total_factor_productivity,
)


def test_fisher_by_hand() -> None:
    base = {"shirt": (10.0, 2.0), "polo": (5.0, 4.0)}
    other = {"shirt": (12.0, 3.0), "polo": (4.0, 5.0)}
    # Laspeyres (24 + 16) / 40 = 1; Paasche (36 + 20) / (30 + 25) = 56 / 55
    assert fisher_quantity(base, other) == pytest.approx(math.sqrt(56 / 55))
    assert fisher_quantity(base, base) == 1


def test_turning_the_sides_turns_the_index() -> None:
    base = {"a": (3.0, 7.0), "b": (11.0, 2.0)}
    other = {"a": (5.0, 4.0), "b": (6.0, 3.0)}
    assert fisher_quantity(base, other) * fisher_quantity(other, base) == pytest.approx(1)


@pytest.mark.parametrize("shift", [0.8, 1.0, 1.1, 1.37])
def test_a_planted_shift_is_recovered_whatever_the_inputs_do(shift: float) -> None:
    """Output = shift x (all inputs scaled): the index gives back the shift exactly."""
    inputs = {"labour_h": (400.0, 32.0), "cloth_m": (900.0, 21.0), "data_capital": (0.0, 1.0)}
    outputs = {"tops": (500.0, 60.0), "jeans": (80.0, 140.0)}
    scale = 1.7
    more_inputs = {name: (q * scale, p) for name, (q, p) in inputs.items()}
    more_outputs = {name: (q * scale * shift, p) for name, (q, p) in outputs.items()}
    assert total_factor_productivity(outputs, inputs, more_outputs, more_inputs) == pytest.approx(
        shift
    )


def test_data_capital_that_the_base_lacks_counts_as_an_input() -> None:
    """Törnqvist would take log(0) here."""
    inputs = {"labour_h": (100.0, 10.0)}
    richer = {"labour_h": (100.0, 10.0), "data_capital": (50.0, 2.0)}  # 10 % more means
    outputs = {"tops": (10.0, 5.0)}
    assert total_factor_productivity(outputs, inputs, outputs, richer) == pytest.approx(1 / 1.1)


def test_undefined_indices_are_errors() -> None:
    with pytest.raises(ExperimentError, match="worth something"):
        fisher_quantity({"a": (0.0, 2.0)}, {"a": (1.0, 2.0)})
    with pytest.raises(ExperimentError, match="of a are"):
        fisher_quantity({"a": (1.0, 2.0)}, {"a": (-1.0, 2.0)})
    with pytest.raises(ExperimentError, match="without any input"):
        total_factor_productivity(
            {"a": (1.0, 1.0)}, {"l": (1.0, 1.0)}, {"a": (1.0, 1.0)}, {"l": (0.0, 1.0)}
        )
