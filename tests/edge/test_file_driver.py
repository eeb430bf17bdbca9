"""Sensor files as the kernel shows them, and the driver that reads them."""

import select
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from seamline_broker.contracts.batch import QUALITY_BAD, QUALITY_GAP, QUALITY_GOOD
from seamline_broker.errors import ConfigError, DriverError
from seamline_edge.drivers.file import FileDriver, parse_channels
from seamline_edge.drivers.sensorfiles import kind_of, name_of, quantity_of, read_value
from seamline_edge.outbox import Block

W1_GOOD = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
W1_WRONG = W1_GOOD.replace("YES", "NO")


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("place", "text", "value", "metric", "unit", "name"),
    [
        ("28-0316a2795aff/w1_slave", W1_GOOD, 23.125, "temperature_c", "degC", "28-0316a2795aff"),
        ("28-0316a2795aff/temperature", "23125\n", 23.125, "temperature_c", "degC",
         "28-0316a2795aff"),
        ("hwmon0/temp1_input", "48312\n", 48.312, "temperature_c", "degC", "chip-temp1"),
        ("hwmon0/in0_input", "5021\n", 5.021, "voltage_v", "V", "chip-in0"),
        ("hwmon0/fan1_input", "1350\n", 1350.0, "speed_rpm", "1/min", "chip-fan1"),
        ("hwmon0/power1_input", "2500000\n", 2.5, "power_w", "W", "chip-power1"),
        ("thermal_zone0/temp", "51540\n", 51.54, "temperature_c", "degC", "cpu-thermal"),
        ("iio:device0/in_illuminance_input", "120.5\n", 120.5, "illuminance_lx", "lx",
         "chip-in_illuminance"),
        ("desk/room.txt", "now 21.5 degrees\n", 21.5, "value", "1", "room"),
        ("desk/small.txt", "-1.5e-3", -0.0015, "value", "1", "small"),
    ],
)  # fmt: skip
def test_a_file_gives_value_metric_unit_and_name(
    tmp_path: Path, place: str, text: str, value: float, metric: str, unit: str, name: str
) -> None:
    path = put(tmp_path / place, text)
    if not place.startswith("thermal"):
        put(path.parent / "name", "chip\n")
    else:
        put(path.parent / "type", "cpu-thermal\n")
    kind = kind_of(path)
    assert read_value(path, kind) == pytest.approx(value, rel=1e-12)
    assert (quantity_of(path, kind).metric, quantity_of(path, kind).unit) == (metric, unit)
    assert name_of(path, kind) == name


def test_an_iio_channel_uses_offset_and_scale_of_its_own_or_of_its_type(tmp_path: Path) -> None:
    device = tmp_path / "iio:device0"
    raw = put(device / "in_temp_raw", "1490\n")
    put(device / "in_temp_offset", "-270\n")
    put(device / "in_temp_scale", "18.5\n")
    assert read_value(raw, "iio") == pytest.approx((1490 - 270) * 18.5 / 1000)  # 22.57 degC
    voltage = put(device / "in_voltage3_raw", "2048\n")
    put(device / "in_voltage_scale", "0.8\n")
    assert read_value(voltage, "iio") == pytest.approx(1.6384)
    put(device / "in_voltage3_scale", "0.5\n")
    assert read_value(voltage, "iio") == pytest.approx(1.024)


@pytest.mark.parametrize(
    ("place", "text", "reason"),
    [
        ("28-1/w1_slave", W1_WRONG, "Sensor 28-1: wrong checksum"),
        ("28-1/w1_slave", "", "is not of the form"),
        ("28-1/w1_slave", "crc=57 YES\nno temperature\n", "is not of the form"),
        ("hwmon0/temp1_input", "\n", "holds no number"),
        ("desk/a.txt", "hello", "holds no number but 'hello'"),
    ],
)
def test_a_file_without_a_value_says_why(
    tmp_path: Path, place: str, text: str, reason: str
) -> None:
    path = put(tmp_path / place, text)
    with pytest.raises(DriverError, match=reason):
        read_value(path, kind_of(path))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"gone\.txt cannot be read: No such file"):
        read_value(tmp_path / "gone.txt", "number")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "needs to know which file"),
        ({"path": "x"}, "has no option 'path'"),
        ({"metric": "m"}, "file=PATTERN is missing"),
        ({"file": "x", "scale": "two"}, "scale='two' is not a number"),
        ({"file": "x", "offset": "inf"}, "offset='inf' is not a number"),
        ({"file": "x", "kind": "gpio"}, "kinds: auto, w1, hwmon"),
        ({"file": "x", "interval_s": "0"}, "not in 0.1 to 86400"),
        ({"file": "x", "metric": "a b"}, "cannot be part of a topic"),
        ({"t.file": "x", "h.unit": "%"}, "h.file=PATTERN is missing"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options: Mapping[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_channels(options)


class Run:
    """A driver, polled by hand."""

    def __init__(self, options: Mapping[str, str], cursor: int = 0) -> None:
        self.driver = FileDriver({"interval_s": "1", **options})
        self.driver.open(["lab/pi-7"], lambda _source: cursor)
        self.now_s = 100.0

    def round(self) -> list[tuple[str, str, float | None, int]]:
        """Read all files once; returns device, metric, value, quality."""
        self.driver.poll(self.now_s, int(self.now_s * 1000))
        assert select.select([self.driver.fileno()], [], [], 10)[0]
        self.intake = self.driver.poll(self.now_s, 0)
        self.now_s += 1.0
        blocks: list[Block] = self.intake.blocks
        return [(b.device[0], b.metric[0], b.values[0][0], b.quality) for b in blocks]


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def make(cursor: int = 0, **options: str) -> Run:
        runs.append(Run({k.replace("__", "."): v for k, v in options.items()}, cursor))
        return runs[-1]

    yield make
    for run in runs:
        run.driver.close()


def test_values_are_scaled_and_stamped_with_the_moment_of_reading(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    put(tmp_path / "press.txt", "200")
    run = start(file=str(tmp_path / "press.txt"), metric="pressure_bar", scale="0.01", offset="-1")
    assert run.round() == [("press", "pressure_bar", 1.0, QUALITY_GOOD)]
    assert run.intake.blocks[0].ts_ms == 100_000
    assert run.driver.wait_s(100.4) == pytest.approx(0.6)


def test_a_pattern_finds_all_sensors_and_later_ones_too(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    put(tmp_path / "28-a" / "w1_slave", W1_GOOD)
    run = start(file=str(tmp_path / "28-*" / "w1_slave"))
    assert run.round() == [("28-a", "temperature_c", 23.125, QUALITY_GOOD)]
    put(tmp_path / "28-b" / "w1_slave", W1_GOOD.replace("23125", "-1250"))
    assert ("28-b", "temperature_c", -1.25, QUALITY_GOOD) in run.round()
    assert run.intake.profile_changed
    profile = run.driver.profiles()["lab/pi-7"]
    assert [(d.id, d.metrics[0].unit) for d in profile.devices] == [
        ("28-a", "degC"), ("28-b", "degC"),
    ]  # fmt: skip


def test_a_file_that_vanishes_is_a_marked_gap(start: Callable[..., Run], tmp_path: Path) -> None:
    sensor = put(tmp_path / "28-a" / "w1_slave", W1_GOOD)
    run = start(file=str(tmp_path / "28-*" / "w1_slave"))
    assert run.round()[0][2:] == (23.125, QUALITY_GOOD)
    sensor.unlink()
    assert run.round() == [("28-a", "temperature_c", None, QUALITY_BAD)]
    assert run.round() == []  # the gap is marked once
    put(sensor, W1_WRONG)
    assert run.round() == []
    put(sensor, W1_GOOD)
    assert run.round() == [("28-a", "temperature_c", 23.125, QUALITY_GAP)]
    assert run.round() == [("28-a", "temperature_c", 23.125, QUALITY_GOOD)]


def test_the_first_value_after_a_restart_is_marked(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    put(tmp_path / "a.txt", "1")
    run = start(cursor=99_000, file=str(tmp_path / "a.txt"))
    assert run.round() == [("a", "value", 1.0, QUALITY_GAP)]
    assert run.intake.cursor == ("file", 100_000)
    assert run.round() == [("a", "value", 1.0, QUALITY_GOOD)]


def test_several_metrics_of_one_device(start: Callable[..., Run], tmp_path: Path) -> None:
    put(tmp_path / "t", "21.5")
    put(tmp_path / "h", "60")
    run = start(
        temperature_c__file=str(tmp_path / "t"), temperature_c__device="room",
        humidity_pct__file=str(tmp_path / "h"), humidity_pct__device="room",
        humidity_pct__unit="%",
    )  # fmt: skip
    assert run.round() == [
        ("room", "temperature_c", 21.5, QUALITY_GOOD), ("room", "humidity_pct", 60.0, QUALITY_GOOD),
    ]  # fmt: skip
    (device,) = run.driver.profiles()["lab/pi-7"].devices
    assert [(m.name, m.unit) for m in device.metrics] == [
        ("temperature_c", "1"), ("humidity_pct", "%"),
    ]  # fmt: skip


def test_files_of_one_name_get_devices_of_their_own(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    for folder in ("x", "y"):
        put(tmp_path / folder / "value.txt", "1")
    run = start(file=str(tmp_path / "*" / "value.txt"))
    assert [device for device, *_ in run.round()] == ["value", "y-value"]


def test_without_a_file_it_waits_and_finds_it_later(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    run = start(file=str(tmp_path / "later.txt"))
    assert run.round() == []
    put(tmp_path / "later.txt", "7")
    assert run.round() == [("later", "value", 7.0, QUALITY_GOOD)]


def test_a_command_to_a_sensor_file_is_refused(start: Callable[..., Run], tmp_path: Path) -> None:
    run = start(file=str(tmp_path / "a.txt"))
    answer = run.driver.write("lab/pi-7", "pause", {}, "c1", 0)
    assert (answer.status, answer.reason) == ("refused", "a sensor file takes no commands")


def test_it_serves_one_node_only(tmp_path: Path) -> None:
    driver = FileDriver({"file": str(tmp_path / "a.txt")})
    with pytest.raises(DriverError, match="serves one node, got 2"):
        driver.open(["a/b", "a/c"], lambda _: 0)
