"""From a setting to a scenario: horizon, capacity and hardware written into the scenario file."""

from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.season.contract import Setting
from seamline_sim.scenario import BUILT_IN, Scenario, load_scenario, parse_scenario

LAST_DAY: Final = date(2025, 12, 11)
"""A season ends between 11.11 and 12.12; a shorter one begins later."""
CONSUMER_PERMILLE: Final = {"slack": 560, "tight": 860}
"""Consumers' share of all lines' capacity: with the sellers' share about .8 and 1.15 of joined."""


def _text(name: str) -> str:
    if name in BUILT_IN:
        path = resources.files("seamline_sim") / "scenarios" / f"{name}.toml"
        return path.read_text(encoding="utf-8")
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"Scenario {name!r} cannot be read: {exc}. Built in: {', '.join(BUILT_IN)}."
        ) from exc


def _hardware(base: Scenario, setting: Setting) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, permille in setting.hardware.items():
        values = base.figure_list(name)
        if values:
            changed[name] = [max(v * permille // 1000, 0) for v in values]
        elif name in base.figures:
            changed[name] = base.figure(name) * permille // 1000
        else:
            near = sorted({key.partition(".")[0] for key in base.figures})
            raise ConfigError(
                f"Setting.hardware names {name!r}; allowed: 'section.figure' of the calibration, "
                f"sections {', '.join(near)}."
            )
    return changed


def scenario_of(setting: Setting, progressive: bool = False) -> Scenario:
    """Return the scenario of a setting; `progressive` gives its lines bundles, not hangers.

    Raises:
        ConfigError: if there is no such scenario, it has no collection, or a figure is unknown.
    """
    base = load_scenario(setting.scenario)
    if base.collection is None:
        raise ConfigError(
            f"Scenario {base.name!r} has no [collection]; an experiment needs one, as in season."
        )
    start = LAST_DAY - timedelta(days=setting.days)
    calibration = _hardware(base, setting)
    lines = []
    section = ""
    for line in _text(setting.scenario).splitlines():
        if line.startswith("["):
            section = line.strip()
        key = line.partition("=")[0].strip()
        if not section and key == "start":
            line = f"start = {start.isoformat()}"
        elif section == "[market]" and key == "consumer_share_permille":
            line = f"consumer_share_permille = {CONSUMER_PERMILLE[setting.capacity]}"
        elif section == "[collection]" and key == "days":
            line = f"days = {setting.days}"
        elif section == "[calibration]" and key.strip('"') in calibration:
            continue
        elif section == "[[plants]]" and key == "id" and progressive:
            line = f'{line}\ntransport = "bundle"'
        lines.append(line)
        if line.startswith("[calibration]"):
            lines += [f'"{name}" = {value}' for name, value in calibration.items()]
    return parse_scenario("\n".join(lines) + "\n", f"{base.name}, {setting.days} days")
