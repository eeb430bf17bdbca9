"""One digest on machines with and without FMA; the same machine with FMA off stands for the latter.

glibc's exp, log and pow differ in their last bits between the two (the test makes sure that they do
here), so a float that decided anything would show.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

_CHILD = """
import hashlib, json, math
from seamline_sim import World, foreman_for, load_scenario, prerun, run_headless
floats = repr([math.exp(i / 7.3) + math.log(1 + i) for i in range(4000)])
world = World.create(load_scenario("demo"), 11)
run_headless(world, 11 * 3_600_000_000, foreman_for(world))
small = World.create(load_scenario("pi"), 11)
past = prerun(small, days=1, history_days=28)
season = World.create(load_scenario("demo"), 11, resolution="bundle")
run_headless(season, 3 * 86_400_000_000, foreman_for(season), every_us=3_600_000_000)
print(json.dumps({
    "floats": hashlib.sha256(floats.encode()).hexdigest(),
    "digests": [world.digest(), small.digest(), season.digest()],
    "history": hashlib.sha256(repr(past.events).encode()).hexdigest(),
}))
"""


def _names_of_features() -> str:
    """Return what this glibc calls them: `_Usable` was dropped with 2.33."""
    version = tuple(int(part) for part in platform.libc_ver()[1].split(".")[:2])
    return "-AVX2,-FMA,-FMA4,-AVX512F" if version >= (2, 33) else "-AVX2_Usable,-FMA_Usable"


def _run(**environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def _has_fma() -> bool:
    try:
        return " fma " in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


@pytest.fixture(scope="module")
def here() -> dict[str, object]:
    return _run(PYTHONHASHSEED="1")


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or platform.machine() != "x86_64" or not _has_fma(),
    reason="needs glibc on an x86-64 processor that has FMA",
)
def test_fma_on_and_off_give_one_digest(here: dict[str, object]) -> None:
    without = _run(GLIBC_TUNABLES=f"glibc.cpu.hwcaps={_names_of_features()}")
    assert without["floats"] != here["floats"], "nothing was switched off: this proves nothing"
    assert without["digests"] == here["digests"]
    assert without["history"] == here["history"]


def test_hash_seed_and_optimisation_do_not_matter(here: dict[str, object]) -> None:
    assert _run(PYTHONHASHSEED="2", PYTHONOPTIMIZE="1") == here
