"""Code blocks of the documents, so that tests can run them as they stand."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def write_blocks(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the blocks of a document that bear a file name into a directory, and returns it."""

    def write(page: str) -> Path:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for _language, name, code in _BLOCK.findall(text):
            if name:
                (tmp_path / name).write_text(code, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes the entry points of a pyproject.toml known, as pip would."""
    import tomllib

    place = tmp_path / "site"

    def install(project: Path) -> None:
        document = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        name, version = document["name"], document["version"]
        info = place / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        lines = []
        for group, points in document["entry-points"].items():
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        for module in project.parent.glob("*.py"):
            shutil.copy(module, place)
        monkeypatch.syspath_prepend(str(place))

    before = set(sys.modules)
    yield install
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(place) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]
