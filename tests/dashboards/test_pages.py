"""The page is served compressed, cached by content, and locked to its own host."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from seamline_dashboards.pages import page_app


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A small built page."""
    root = tmp_path / "static"
    (root / "assets").mkdir(parents=True)
    files = {"index.html": "<!doctype html>page", "favicon.svg": "<svg/>", "stamp.txt": "s"}
    files["assets/main-ABC.js"] = "console.log(1)"
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
        (root / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return root


@pytest.fixture
def client(static: Path, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(page_app(static, (tmp_path / "panels",))) as client:
        yield client


def test_assets_are_cached_for_ever_and_sent_compressed(client: TestClient) -> None:
    answer = client.get("/assets/main-ABC.js")
    assert answer.text == "console.log(1)"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_client_without_gzip_gets_plain_bytes(client: TestClient) -> None:
    answer = client.get("/assets/main-ABC.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/", "/orders", "/kpis", "/anything"])
def test_every_other_address_is_the_page_and_asked_for_again(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.text == "<!doctype html>page"
    assert answer.headers["cache-control"] == "no-cache"


def test_the_page_may_load_from_its_own_host_only(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert client.get("/").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/none.js"]
)
def test_nothing_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (200, 404)
    assert "secret" not in answer.text


def test_an_unknown_path_of_the_api_is_not_the_page(client: TestClient) -> None:
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["expected"] == "a path of the API"


def test_a_page_that_was_not_built_says_how(tmp_path: Path) -> None:
    answer = TestClient(page_app(tmp_path / "none")).get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


def test_panels_are_read_at_each_request(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/api/panels").json() == {"panels": []}
    folder = tmp_path / "panels"
    folder.mkdir()
    good = 'title = "P"\nchart = "bar"\ntopic = "lines"\nfields = ["wip"]\n'
    (folder / "p.toml").write_text(good, "utf-8")
    assert client.get("/api/panels").json()["panels"][0]["id"] == "p"
    (folder / "p.toml").write_text("chart = 1\n", "utf-8")
    answer = client.get("/api/panels")
    assert answer.status_code == 422
    assert "p.toml" in answer.json()["error"]["what"]
