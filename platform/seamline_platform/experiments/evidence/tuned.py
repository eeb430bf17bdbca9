"""Tuned knobs on file: by experiment, capacity, class of days and policy, and what found them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import UNREADABLE, ConfigError
from seamline_platform.experiments.evidence.cache import write_whole
from seamline_platform.experiments.evidence.designs import Design
from seamline_platform.experiments.evidence.jobs import knobs_document
from seamline_platform.experiments.evidence.tuning import Budget, Search, distance
from seamline_platform.experiments.season import Knobs, Setting

SHORT_DAYS: Final = 120
"""Up to so many days a season is `short`: fewer styles have their whole life in it."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Knobs of every policy of a design, and what a reader must know of them."""

    knobs: Mapping[str, Knobs]
    notes: tuple[str, ...]


def days_class(days: int) -> str:
    """Return `short` or `long`."""
    return "short" if days <= SHORT_DAYS else "long"


def section(design: Design, setting: Setting) -> str:
    """Return the key of a section of the file."""
    return f"{design.name}/{setting.capacity}/{days_class(setting.days)}"


def shipped() -> dict[str, Any]:
    """Return the sections that come with Seamline."""
    file = resources.files("seamline_platform.experiments") / "data" / "tuned.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def read(file: Path) -> dict[str, Any]:
    """Return the sections of a user's file; none if there is no file.

    Raises:
        ConfigError: if it cannot be read.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise ConfigError(f"Tuned parameters {file} cannot be read: {exc}.") from exc
    if not isinstance(document, dict):
        raise ConfigError(f"Tuned parameters {file}: expected an object of sections.")
    return document


def write(file: Path, sections: Mapping[str, Any]) -> None:
    """Write sections, replacing those of the same key and keeping the others.

    Policies found by the same budget, seeds, scenario and code join what a section has already.
    """
    document = read(file)
    for key, found in sections.items():
        old = document.get(key, {})
        same = all(old.get(k) == v for k, v in found.items() if k != "policies")
        policies = (old["policies"] if same else {}) | found["policies"]
        document[key] = {**found, "policies": policies}
    write_whole(file, json.dumps(document, indent=1, sort_keys=True) + "\n")


def entry(
    setting: Setting,
    searches: Mapping[str, Search],
    budget: Budget,
    hashes: tuple[str, str],
) -> dict[str, Any]:
    """Return a section: what was found, by which budget, seeds, scenario and code."""
    scenario, code = hashes
    return {
        "days": setting.days,
        "scenario": setting.scenario,
        "scenario_hash": scenario,
        "code_hash": code,
        "budget": {
            "start_trials": budget.start_trials,
            "trials": budget.trials,
            "exchanged": budget.exchanged,
        },
        "training_seeds": budget.training_seeds(),
        "policies": {
            name: {
                "knobs": knobs_document(search.knobs),
                "training_profit_k": round(search.best, 1),
                "trials": len(search.tried),
            }
            for name, search in searches.items()
        },
    }


def pick(
    design: Design, setting: Setting, sections: Mapping[str, Any], hashes: tuple[str, str]
) -> Tuned:
    """Return the knobs of every policy of a design.

    A policy that was not tuned by itself takes the knobs of the tuned one that is most like it; if
    there is no section for this class of days, that of the other class serves. Both are noted.

    Raises:
        ConfigError: if a section is not what `entry` wrote.
    """
    key = section(design, setting)
    other = "long" if days_class(setting.days) == "short" else "short"
    spare = f"{design.name}/{setting.capacity}/{other}"
    found, notes = sections.get(key), []
    if found is None and spare in sections:
        found = sections[spare]
        notes.append(f"Tuned over {found['days']} days; these runs are over {setting.days}.")
    if found is None:
        note = "No policy is tuned for this setting: all use the same default parameters; --retune."
        return Tuned(dict.fromkeys(design.policies, Knobs()), (note,))
    try:
        notes += _differences(found, setting, hashes)
        known = {
            str(name): Knobs(**row["knobs"])
            for name, row in found["policies"].items()
            if name in design.policies
        }
    except (*UNREADABLE, AttributeError) as exc:
        raise ConfigError(f"Tuned parameters, section {key}: {exc!r} is wrong.") from exc
    return _fill(design, known, notes)


def _differences(found: Mapping[str, Any], setting: Setting, hashes: tuple[str, str]) -> list[str]:
    scenario, code = hashes
    notes = []
    if found["scenario_hash"] != scenario:
        notes.append(
            f"Tuned for another scenario or other figures ({found['scenario']}, "
            f"{found['scenario_hash']}); this is {setting.scenario}, {scenario}: --retune."
        )
    elif found["code_hash"] != code:
        notes.append(
            f"Tuned with another state of the code ({found['code_hash']}; this is {code})."
        )
    return notes


def _fill(design: Design, known: Mapping[str, Knobs], notes: list[str]) -> Tuned:
    if not known:
        return Tuned(dict.fromkeys(design.policies, Knobs()), (*notes, "No policy is tuned."))
    knobs, lent = {}, []
    for name, policy in design.policies.items():
        if name not in known:
            lent.append(name)
        like = min(known, key=lambda o: (distance(policy, design.policies[o]), o))
        knobs[name] = known.get(name, known[like])
    if lent:
        notes.append(
            f"{len(lent)} of {len(knobs)} policies are not tuned by themselves and take the "
            f"parameters of the tuned one most like them: {', '.join(lent[:4])}"
            f"{' ...' if len(lent) > 4 else ''}."
        )
    return Tuned(knobs, tuple(notes))
