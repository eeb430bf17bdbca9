"""What the hub remembers about its plans besides the board: why, when, what was foretold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from seamline_platform.app.triggers import Trigger
from seamline_platform.planning.explain import Text
from seamline_platform.planning.shop.predictions import Prediction

KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan answers, and when; `cost_before` is the cost of the plan in force before."""

    trigger: Trigger
    plant_ms: int
    wall_ms: int
    cost_before: int = 0


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the twin foretold when it chose a plan: its candidates, and when orders will be sewn."""

    version: int
    trigger: str
    compared: Mapping[str, Any]
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class PlanMemory:
    """Circumstances by number of the plan, predictions (newest last), the policy's last words."""

    circumstances: Mapping[int, Circumstances] = field(default_factory=dict)
    predictions: tuple[Foretold, ...] = ()
    policy_said: Text = ("", "")
    outlooks: Mapping[int, Prediction] = field(default_factory=dict)
    """How plans do under chance, by number, before they are compared with others."""

    def noted(self, number: int, what: Circumstances) -> "PlanMemory":
        """Return the memory with the circumstances of one more plan."""
        kept = dict(list(self.circumstances.items())[-KEPT:])
        return replace(self, circumstances={**kept, number: what})

    def foretold(
        self, number: int, trigger: str, compared: Mapping[str, Any], prediction: Prediction
    ) -> "PlanMemory":
        """Return the memory with one more prediction."""
        new = Foretold(number, trigger, compared, prediction)
        return replace(self, predictions=(*self.predictions, new)[-KEPT:])

    def looked_ahead(self, number: int, prediction: Prediction) -> "PlanMemory":
        """Return the memory with how a plan does under chance."""
        kept = dict(list(self.outlooks.items())[-KEPT:])
        return replace(self, outlooks={**kept, number: prediction})

    def decided(self, why: Text) -> "PlanMemory":
        """Return the memory with what the policy said last."""
        return replace(self, policy_said=why)

    def prediction_of(self, number: int) -> Prediction | None:
        """Return what was foretold of a plan, None if it was not run forward."""
        for foretold in reversed(self.predictions):
            if foretold.version == number:
                return foretold.prediction
        return self.outlooks.get(number)
