"""One run of an experiment as a value: what goes in, what comes out, and a key for its result."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from seamline_broker.errors import UNREADABLE, ExperimentError
from seamline_platform.experiments.evidence.designs import Policy, fields_of
from seamline_platform.experiments.season import Accounts, Knobs, Outcome, Setting


@dataclass(frozen=True, slots=True)
class Job:
    """One policy on one seed."""

    name: str
    """Id of the policy, for people; no part of the key."""
    setting: Setting
    policy: Policy
    knobs: Knobs
    seed: int

    def document(self) -> dict[str, Any]:
        """Return everything that decides the result, but for the code."""
        return {
            "setting": setting_document(self.setting),
            "policy": {"kind": type(self.policy).__name__, **fields_of(self.policy)},
            "knobs": knobs_document(self.knobs),
            "seed": self.seed,
        }

    def key(self, world: str) -> str:
        """Return the name of the result; `world` is a hash of code and scenario."""
        return digest({**self.document(), "world": world})[:32]


def knobs_document(knobs: Knobs) -> dict[str, int]:
    """Return the knobs as plain values."""
    return {field.name: getattr(knobs, field.name) for field in fields(knobs)}


def setting_document(setting: Setting) -> dict[str, Any]:
    """Return the setting as plain values."""
    return {
        "days": setting.days,
        "capacity": setting.capacity,
        "scenario": setting.scenario,
        "hardware": dict(sorted(setting.hardware.items())),
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values."""
    return {
        "kpis": dict(outcome.kpis),
        "outputs": {name: list(pair) for name, pair in outcome.accounts.outputs.items()},
        "inputs": {name: list(pair) for name, pair in outcome.accounts.inputs.items()},
        "exogenous_digest": outcome.exogenous_digest,
        "world_digest": outcome.world_digest,
        "cpu_s": outcome.cpu_s,
    }


def read_outcome(document: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `outcome_document` wrote.

    Raises:
        ExperimentError: if it is not one.
    """
    try:
        return Outcome(
            kpis={str(name): float(value) for name, value in document["kpis"].items()},
            accounts=Accounts(_pairs(document["outputs"]), _pairs(document["inputs"])),
            exogenous_digest=str(document["exogenous_digest"]),
            world_digest=str(document["world_digest"]),
            cpu_s=float(document["cpu_s"]),
        )
    except (*UNREADABLE, AttributeError) as exc:
        raise ExperimentError(f"This is not the result of a run: {exc!r}.") from exc


def digest(document: object) -> str:
    """Return SHA-256 of a value as canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _pairs(values: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {str(name): (float(q), float(price)) for name, (q, price) in values.items()}
