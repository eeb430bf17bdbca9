"""Periods of a stream: their names in messages, and when they open in plant time."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ContractError
from seamline_platform.demand.frequency import Frequency
from seamline_platform.experiments.forecasting.stream.messages import Label

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Periods:
    """Ordinals of a frequency as labels and as plant time; a plain integer lasts a day."""

    frequency: Frequency

    def opens_ms(self, ordinal: int | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return when periods open, in milliseconds since 1970."""
        ordinals = np.atleast_1d(np.asarray(ordinal, dtype=np.int64))
        if self.frequency.name == "int":
            return ordinals * _DAY_MS
        times = pc.cast(self.frequency.ds(ordinals), pa.timestamp("ms"))
        return np.asarray(pc.cast(times, pa.int64()).to_numpy(), dtype=np.int64)

    def close_ms(self, ordinal: int) -> int:
        """Return when a period is over: when the next one opens."""
        return int(self.opens_ms(ordinal + 1)[0])

    def labels(self, ordinals: npt.NDArray[np.int64]) -> tuple[Label, ...]:
        """Return periods as messages name them."""
        found = self.frequency.ds(ordinals).to_pylist()
        return tuple(value if isinstance(value, int) else value.isoformat() for value in found)

    def ordinals(self, labels: tuple[Label, ...]) -> npt.NDArray[np.int64]:
        """Return the ordinals of named periods.

        Raises:
            ContractError: if a name is not that of a period.
        """
        try:
            if self.frequency.name == "int":
                return self.frequency.ordinals(pa.array(list(labels), pa.int64()))
            parse = datetime.fromisoformat if self.frequency.name == "h" else date.fromisoformat
            values = [parse(str(label)) for label in labels]
            return self.frequency.ordinals(pa.array(values, self.frequency.type))
        except (ValueError, TypeError, pa.ArrowException) as exc:
            raise ContractError(f"Not the name of a period: {exc}.") from exc
