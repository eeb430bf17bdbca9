"""Guards of the layout: nothing may shadow the standard library's `platform` module."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROBE = "import platform; assert platform.system(); import seamline_platform, duckdb"


@pytest.mark.parametrize("folder", ["platform", "tests", "tests/platform"])
def test_the_folder_is_not_a_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_test_folder_is_a_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("folder", [".", "platform", "platform/seamline_platform"])
def test_the_standard_librarys_platform_is_found_from(folder: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT / folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_clock_is_read_in_one_place() -> None:
    allowed = {"clock.py"}
    offenders = [
        f"{path.relative_to(ROOT)}: {call}"
        for part in ("edge", "broker", "platform", "dashboards")
        for path in (ROOT / part).rglob("*.py")
        if path.name not in allowed and "node_modules" not in path.parts
        for call in ("time.time(", "time.time_ns(", "datetime.now(", "datetime.utcnow(")
        if call in path.read_text(encoding="utf-8")
    ]
    assert offenders == []


def test_no_lock_file_names_a_package_host() -> None:
    assert not (ROOT / "uv.lock").exists()
    lock = ROOT / "dashboards" / "web" / "package-lock.json"
    assert '"resolved"' not in lock.read_text(encoding="utf-8")
