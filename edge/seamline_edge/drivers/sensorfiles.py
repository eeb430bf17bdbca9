"""How a number stands in a file: 1-wire, hwmon, IIO and thermal sysfs, or any text.

Formats: Linux kernel documentation, `w1/slaves/w1_therm`, `hwmon/sysfs-interface`,
`ABI/testing/sysfs-bus-iio`, `ABI/testing/sysfs-class-thermal`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seamline_broker.errors import DriverError

MAX_BYTES: Final = 4_096
"""So much of a file is looked at."""

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_W1_TEMPERATURE: Final = re.compile(r"\bt=(-?\d+)\s*\Z")
_IIO: Final = re.compile(r"in_(?P<channel>(?P<type>[a-z]+)\d*(?:_[a-z]\w*)?)_(?P<form>raw|input)\Z")
_HWMON: Final = re.compile(r"(?P<type>temp|in|fan|curr|power|energy|humidity)\d+_input\Z")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Metric and unit that a kind of file has by itself, and the factor from its own numbers."""

    metric: str
    unit: str
    factor: float = 1.0


_TEMPERATURE: Final = Quantity("temperature_c", "degC", 1e-3)
_HWMON_QUANTITIES: Final[Mapping[str, Quantity]] = {
    "temp": _TEMPERATURE,
    "in": Quantity("voltage_v", "V", 1e-3),
    "fan": Quantity("speed_rpm", "1/min"),
    "curr": Quantity("current_a", "A", 1e-3),
    "power": Quantity("power_w", "W", 1e-6),
    "energy": Quantity("energy_j", "J", 1e-6),
    "humidity": Quantity("humidity_pct", "%", 1e-3),
}
_IIO_QUANTITIES: Final[Mapping[str, Quantity]] = {
    "temp": _TEMPERATURE,
    "voltage": Quantity("voltage_v", "V", 1e-3),
    "current": Quantity("current_a", "A", 1e-3),
    "humidityrelative": Quantity("humidity_pct", "%", 1e-3),
    "pressure": Quantity("pressure_kpa", "kPa"),
    "illuminance": Quantity("illuminance_lx", "lx"),
    "accel": Quantity("acceleration_m_s2", "m/s2"),
    "anglvel": Quantity("angular_velocity_rad_s", "rad/s"),
    "distance": Quantity("distance_m", "m"),
}
_PLAIN: Final = Quantity("value", "1")

KINDS: Final = ("auto", "w1", "hwmon", "iio", "thermal", "number")


def kind_of(path: Path) -> str:
    """Return the kind of a file by its name and folder: w1 | hwmon | iio | thermal | number."""
    if path.name == "w1_slave":
        return "w1"
    if _IIO.match(path.name):
        return "iio"
    if _HWMON.match(path.name):
        return "hwmon"
    millidegrees = path.name == "temp" and path.parent.name.startswith("thermal_zone")
    w1_short = path.name == "temperature" and re.match(r"[0-9a-f]{2}-[0-9a-f]+", path.parent.name)
    return "thermal" if millidegrees or w1_short else "number"


def quantity_of(path: Path, kind: str) -> Quantity:
    """Return what a file measures, as far as its name tells."""
    if kind in ("w1", "thermal"):
        return _TEMPERATURE
    if kind == "hwmon" and (match := _HWMON.match(path.name)):
        return _HWMON_QUANTITIES[match["type"]]
    if kind == "iio" and (match := _IIO.match(path.name)):
        return _IIO_QUANTITIES.get(match["type"], Quantity(match["type"], "1"))
    return _PLAIN


def first_number(text: str, path: Path) -> float:
    """Return the first number in a text.

    Raises:
        DriverError: if there is none.
    """
    match = _NUMBER.search(text)
    if match is None:
        shown = text.strip()[:40]
        raise DriverError(f"File {path} holds no number but {shown!r}.")
    return float(match[0])


def w1_millidegrees(text: str, path: Path) -> float:
    """Return the temperature in a `w1_slave` file, whose first line must end with YES.

    Raises:
        DriverError: if the checksum was wrong or the file has another form.
    """
    lines = text.strip().splitlines()
    if len(lines) < 2 or not (match := _W1_TEMPERATURE.search(lines[1])):
        raise DriverError(
            f"File {path} is not of the form 'crc=.. YES', 't=..': {text.strip()[:60]!r}."
        )
    if not lines[0].rstrip().endswith("YES"):
        raise DriverError(f"Sensor {path.parent.name}: wrong checksum on the 1-wire bus.")
    return float(match[1])


def read_text(path: Path) -> str:
    """Return the beginning of a file.

    Raises:
        DriverError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", errors="replace")
    except OSError as exc:
        raise DriverError(f"File {path} cannot be read: {exc.strerror or exc}.") from exc


def read_value(path: Path, kind: str, read: Callable[[Path], str] = read_text) -> float:
    """Return the value of a sensor file in the unit of its quantity.

    Raises:
        DriverError: if it cannot be read or holds no value.
    """
    quantity = quantity_of(path, kind)
    if kind == "w1":
        return w1_millidegrees(read(path), path) * quantity.factor
    raw = first_number(read(path), path)
    if kind == "iio" and (match := _IIO.match(path.name)) and match["form"] == "raw":
        offset = _iio_attribute(path, match, "offset", 0.0, read)
        raw = (raw + offset) * _iio_attribute(path, match, "scale", 1.0, read)
    return raw * quantity.factor


def _iio_attribute(
    path: Path, match: "re.Match[str]", name: str, default: float, read: Callable[[Path], str]
) -> float:
    """Return scale or offset of a channel: its own, else that of its type."""
    for channel in (match["channel"], match["type"]):
        attribute = path.with_name(f"in_{channel}_{name}")
        if attribute.exists():
            return first_number(read(attribute), attribute)
    return default


def name_of(path: Path, kind: str, read: Callable[[Path], str] = read_text) -> str:
    """Return a name for what is behind a file: chip, 1-wire address, or the file's own."""
    folder = path.parent
    if kind == "w1" or (kind == "thermal" and not folder.name.startswith("thermal_zone")):
        return folder.name
    if kind == "number":
        return path.stem
    label = folder / ("type" if kind == "thermal" else "name")
    try:
        chip = read(label).strip() or folder.name
    except DriverError:
        chip = folder.name
    if kind == "thermal":
        return chip
    return f"{chip}-{path.name.removesuffix('_input').removesuffix('_raw')}"
