"""`seamline models` against a stand-in for the platform: what it asks, shows and refuses."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_platform.cli.data_commands import PlatformError
from seamline_platform.cli.model_commands import app

METRICS = {
    "origins": 2, "days": 14, "values": 9, "pinball": 0.75, "coverage_80": 0.81, "bias": -0.02,
    "naive_pinball": 1.0, "skill": 0.25,
}  # fmt: skip
MODEL = {
    "id": "m-1", "model": "SeasonalNaive", "status": "champion", "trained_ms": 86_400_000,
    "metrics": METRICS, "nights": 4, "fallbacks": 1, "cause": "start",
}  # fmt: skip
NEW = MODEL | {"id": "m-2", "status": "candidate", "metrics": None, "trained_ms": 0}
LIST = {"champion": "m-1", "models": [NEW, MODEL], "events": []}
RECIPE = {
    "format": "seamline-model-recipe", "version": 1, "model": "SeasonalNaive", "params": {},
    "quantiles": [0.5], "horizon_days": 14, "recalibrate": True, "code_version": "c",
    "seamline_version": "0", "metrics": {}, "source": "r",
}  # fmt: skip
ANSWERS = {
    "GET /api/models": LIST,
    "POST /api/models/m-2/promote": LIST,
    "POST /api/models/rollback": LIST,
    "GET /api/models/m-1/recipe": RECIPE,
    "POST /api/models/import": {"id": "m-3", "warnings": ["Mind the gap."], "warnings_zh": []},
}


@dataclass
class Platform:
    """What was asked of the stand-in, and where it says that it is."""

    run_dir: Path
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def run(self, *words: str) -> Any:
        return CliRunner().invoke(app, [*words, "--run-dir", str(self.run_dir)])


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path / "run")
    platform.run_dir.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            what = f"{self.command} {self.path}"
            platform.asked.append((what, body))
            found = ANSWERS.get(what)
            error = {"what": "No such model.", "expected": "an id", "exists": ["m-1"]}
            data = json.dumps(found if found is not None else {"error": error}).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815  # names of http.server

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        said = {"url": f"http://127.0.0.1:{server.server_port}/?token=t", "token": "t"}
        (platform.run_dir / "platform.json").write_text(json.dumps(said))
        yield platform
        server.shutdown()
        thread.join()


def test_the_list_shows_figures_where_there_are_any(platform: Platform) -> None:
    out = platform.run("list").output
    assert platform.asked == [("GET /api/models", None)]
    for words in ("m-1", "champion", "1970-01-02", "0.750", "81%", "-2.0%", "m-2", "candidate"):
        assert words in out
    assert json.loads(platform.run("list", "--json").output) == LIST


def test_acts_are_posted(platform: Platform) -> None:
    assert platform.run("promote", "m-2").exit_code == 0
    assert platform.run("rollback").exit_code == 0
    assert platform.asked == [
        ("POST /api/models/m-2/promote", {}),
        ("POST /api/models/rollback", {}),
    ]


def test_a_recipe_goes_out_to_a_file_and_in_from_it(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    assert platform.run("export", "m-1", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == RECIPE
    assert json.loads(platform.run("export", "m-1").output) == RECIPE
    done = platform.run("import", str(file), "--accept-other-code")
    assert done.exit_code == 0
    assert platform.asked[-1] == (
        "POST /api/models/import", {"recipe": RECIPE, "accept_other_code": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("prepare", "words", "error"),
    [
        (lambda f: None, "cannot be read", ConfigError),
        (lambda f: f.write_text("{}"), "no recipe", ConfigError),
        (lambda f: f.write_bytes(b"\x80\x04\x95"), "cannot be read", ConfigError),
    ],
)
def test_what_is_no_recipe_is_not_sent(
    platform: Platform,
    tmp_path: Path,
    prepare: Callable[[Path], object],
    words: str,
    error: type[SeamlineError],
) -> None:
    file = tmp_path / "recipe.json"
    prepare(file)
    failed = platform.run("import", str(file))
    assert isinstance(failed.exception, error)
    assert words in str(failed.exception)
    assert platform.asked == []


def test_a_refusal_and_an_absent_platform_are_said(platform: Platform) -> None:
    refused = platform.run("promote", "m-9")
    assert isinstance(refused.exception, PlatformError)
    assert "There are: m-1" in str(refused.exception)
    (platform.run_dir / "platform.json").unlink()
    absent = platform.run("list")
    assert "No platform runs in" in str(absent.exception)
