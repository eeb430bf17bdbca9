"""A synthetic season that fresh processes can import."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seamline_platform.experiments.evidence import Options, tuned
from seamline_platform.experiments.evidence.workers import Bench
from seamline_platform.experiments.season import Setting


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder where the synthetic season counts runs and is told to misbehave."""
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setattr(tuned, "shipped", dict)  # what Seamline ships was found in its own world
    monkeypatch.setenv("SYNTHETIC_SEASON", str(folder))
    return folder


@pytest.fixture
def options(marks: Path, tmp_path: Path) -> Callable[..., Options]:
    """Return a maker of options on the synthetic season."""
    plain = Options(
        "table2", Setting(days=90, scenario="demo"), 3, out=tmp_path / "out", workers=2,
        bench=Bench("synthetic_season"),
    )  # fmt: skip
    return lambda **changes: replace(plain, **changes)
