"""Sensor models: what instruments would show of a station, a line and a hall.

Noise is a pure function of (seed, station, sample time): nothing here touches the world or its
digest. Only the head temperature has a memory, and that is not part of the world either.

    rpm            needle speed of the operator's habit while sewing, 0 otherwise
    current_a      idle current + speed + load + wear, with noise
    vibration_mm_s grows with the square of wear; a floor when the machine stands
    temperature_c  C dT/dt = P - (T - Ta) / R, solved exactly between two samples
    environment    daily waves of temperature and humidity per hall
"""

import hashlib
import math
import struct
from typing import Final

from seamline_broker.contracts.messages import Metric
from seamline_edge.field.world import LineState, StationState

DAY_MS: Final = 86_400_000

STATION_METRICS: Final = (
    Metric("stitches", "1", "stitches since the machine was put up; only grows"),
    Metric("rpm", "1/min", "speed of the main shaft"),
    Metric("current_a", "A", "motor current, RMS"),
    Metric("vibration_mm_s", "mm/s", "vibration velocity of the head, RMS; grows with wear"),
    Metric("temperature_c", "degC", "temperature of the head"),
)
LINE_METRICS: Final = (
    Metric("wip", "1", "garments on the line"),
    Metric("power_kw", "kW", "electric power now"),
    Metric("energy_kwh", "kWh", "electric energy; only grows"),
)
HALL_METRICS: Final = (
    Metric("temperature_c", "degC", "air temperature in the hall"),
    Metric("humidity_pct", "%", "relative humidity in the hall"),
)

_TAU_MS: Final = 25 * 60_000
_RISE_C: Final = 28.0
_NORMALS: Final = struct.Struct("<12H")
_UNIT: Final = 1.0 / 65_535.0


def noise(seed: int, key: str, ts_ms: int) -> tuple[float, float, float, float]:
    """Return four draws, nearly normal with mean 0 and deviation 1, fixed by their key and time."""
    raw = hashlib.blake2b(f"{seed}/{key}/{ts_ms}".encode(), digest_size=24).digest()
    u = [v * _UNIT for v in _NORMALS.unpack(raw)]
    # The sum of three uniform draws has variance 1/4.
    return (
        2 * (u[0] + u[1] + u[2] - 1.5),
        2 * (u[3] + u[4] + u[5] - 1.5),
        2 * (u[6] + u[7] + u[8] - 1.5),
        2 * (u[9] + u[10] + u[11] - 1.5),
    )


def hall(seed: int, site: str, ts_ms: int) -> tuple[float, float]:
    """Return air temperature (degC) and relative humidity (%) of a hall."""
    shift, wet, n1, n2 = (
        *noise(seed, f"hall/{site}", 0)[:2],
        *noise(seed, f"hall/{site}", ts_ms)[:2],
    )
    # Warmest at 15:00, coolest at 03:00.
    wave = math.sin(2 * math.pi * ((ts_ms % DAY_MS) / DAY_MS - 0.375))
    temperature = 24.5 + 0.8 * shift + 2.2 * wave + 0.08 * n1
    humidity = 58.0 + 4.0 * wet - 7.0 * wave + 0.4 * n2
    return round(temperature, 2), round(min(98.0, max(15.0, humidity)), 1)


class StationSensors:
    """Instruments of all stations.

    Args:
        seed: of the run.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._before: dict[str, tuple[int, int, float]] = {}
        self._habit: dict[str, tuple[float, float]] = {}

    def _habits(self, key: str) -> tuple[float, float]:
        """Return a station's own needle speed and vibration when new."""
        found = self._habit.get(key)
        if found is None:
            speed, quiet, _, _ = noise(self._seed, f"habit/{key}", 0)
            found = self._habit[key] = (3_400 + 350 * speed, max(0.5, 1.1 + 0.15 * quiet))
        return found

    def sample(
        self, line: str, station: StationState, ts_ms: int, air_c: float
    ) -> tuple[float, float, float, float, float]:
        """Return the values of `STATION_METRICS` at one moment."""
        key = f"{line}/{station.id}"
        n_rpm, n_current, n_vibration, n_temperature = noise(self._seed, key, ts_ms)
        usual_rpm, quiet = self._habits(key)
        wear = station.wear
        rpm = max(400.0, usual_rpm + 180 * n_rpm) if station.state == "run" else 0.0
        load = rpm / usual_rpm
        current = 0.35 + 0.00042 * rpm + 0.55 * load + 0.8 * wear * load + 0.05 * n_current
        if station.state == "off":
            current = 0.0
        vibration = (quiet * (1 + 6.0 * wear * wear) if rpm else 0.12) * (1 + 0.06 * n_vibration)
        head = self._head(key, station, ts_ms, air_c) + 0.1 * n_temperature
        return (
            float(station.stitches), round(rpm), round(max(0.0, current), 3),
            round(max(0.02, vibration), 3), round(head, 2),
        )  # fmt: skip

    def _head(self, key: str, station: StationState, ts_ms: int, air_c: float) -> float:
        """Return the head's temperature, from the share of time it ran since the last sample."""
        before = self._before.get(key)
        if before is None or ts_ms <= before[0]:
            share = 0.6 if station.state == "run" else 0.0
            head = air_c + _RISE_C * share
        else:
            then_ms, ran_ms, old = before
            gap_ms = ts_ms - then_ms
            share = min(1.0, max(0.0, (station.running_ms - ran_ms) / gap_ms))
            steady = air_c + _RISE_C * share * (1 + 0.4 * station.wear)
            head = steady + (old - steady) * math.exp(-gap_ms / _TAU_MS)
        self._before[key] = (ts_ms, station.running_ms, head)
        return head


def line_values(line: LineState) -> tuple[float, float, float]:
    """Return the values of `LINE_METRICS`."""
    return float(line.wip), round(line.power_w / 1000, 3), round(line.energy_wh / 1000, 3)
