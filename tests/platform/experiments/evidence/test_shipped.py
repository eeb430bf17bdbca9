"""The tuned parameters that come with Seamline can be used, and say how they were found."""

import pytest

from seamline_platform.experiments.evidence.designs import DESIGNS
from seamline_platform.experiments.evidence.tuned import pick, section, shipped
from seamline_platform.experiments.evidence.tuning import FIRST_TRAINING_SEED
from seamline_platform.experiments.season import Setting


@pytest.mark.parametrize("key", sorted(shipped()))
def test_every_section_covers_its_design(key: str) -> None:
    name, capacity, _ = key.split("/")
    found, design = shipped()[key], DESIGNS[name]()
    setting = Setting(days=found["days"], capacity="tight" if capacity == "tight" else "slack")
    assert section(design, setting) == key
    assert min(found["training_seeds"]) >= FIRST_TRAINING_SEED
    assert set(found["policies"]) == set(design.policies)
    used = pick(design, setting, shipped(), (found["scenario_hash"], found["code_hash"]))
    assert used.notes == ()
    assert all(row["trials"] <= found["budget"]["trials"] for row in found["policies"].values())
