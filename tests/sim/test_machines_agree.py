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
run_headless(world, 86_400_000_000, foreman_for(world))
small = World.create(load_scenario("pi"), 11)
past = prerun(small, days=1)
print(json.dumps({
    "floats": hashlib.sha256(floats.encode()).hexdigest(),
    "digests": [world.digest(), small.digest()],
    "history": hashlib.sha256(repr(past.events).encode()).hexdigest(),
}))
"""
_OFF = ("-AVX2,-FMA,-FMA4,-AVX512F", "-AVX2_Usable,-FMA_Usable,-FMA4_Usable")
"""glibc from 2.33 on, and before: unknown names are passed over."""


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


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or platform.machine() != "x86_64" or not _has_fma(),
    reason="needs glibc on an x86-64 processor that has FMA",
)
def test_fma_on_and_off_give_one_digest() -> None:
    with_fma = _run()
    without = [_run(GLIBC_TUNABLES=f"glibc.cpu.hwcaps={names}") for names in _OFF]
    different = [run for run in without if run["floats"] != with_fma["floats"]]
    assert different, "GLIBC_TUNABLES switched nothing off: this test would prove nothing"
    for run in without:
        assert run["digests"] == with_fma["digests"]
        assert run["history"] == with_fma["history"]


def test_hash_seed_and_optimisation_do_not_matter() -> None:
    runs = [_run(PYTHONHASHSEED=seed, PYTHONOPTIMIZE=o) for seed, o in (("1", ""), ("2", "1"))]
    assert runs[0] == runs[1]
