"""`seamline broker user`: logins for devices, readers and gateways of one's own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from seamline_platform.cli.main import app


def user(run_dir: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["broker", "user", *words, "--run-dir", str(run_dir)])


@pytest.mark.parametrize(
    ("words", "name", "may"),
    [
        (("pi-7",), "pi-7", "write seamline/v1/raw/+/+/+/pi-7/#"),
        (
            ("explorer", "--reader"),
            "explorer",
            "read seamline/v1/uns/#, read seamline/v1/run/#, read seamline/v1/plan/#",
        ),
        (
            ("lab/pi-7", "--gateway"),
            "lab.pi-7",
            "write seamline/v1/data/lab/pi-7, write seamline/v1/node/lab/pi-7, "
            "write seamline/v1/result/lab/pi-7, read seamline/v1/ack/lab/pi-7, "
            "read seamline/v1/cmd/lab/pi-7, read seamline/v1/run/#",
        ),
    ],
)
def test_a_user_is_made_kept_listed_and_removed(
    words: tuple[str, ...], name: str, may: str, tmp_path: Path
) -> None:
    made = json.loads(user(tmp_path, "add", *words, "--json").stdout)
    assert (made["user"], made["may"], made["applied"]) == (name, may, False)
    stored = json.loads((tmp_path / "secrets.json").read_text(encoding="utf-8"))["users"]
    assert [(u["name"], u["password"]) for u in stored] == [(name, made["password"])]
    listed = json.loads(user(tmp_path, "list", "--json").stdout)["users"]
    assert [(u["user"], u["may"]) for u in listed] == [(name, may)]
    assert made["password"] not in user(tmp_path, "list").stdout
    assert user(tmp_path, "remove", name).exit_code == 0
    assert json.loads(user(tmp_path, "list", "--json").stdout)["users"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lab/pi-7", "--gateway", "--reader"), "either a --reader or a --gateway"),
        (("pi-7", "--gateway"), "not of the form SITE/NODE"),
        (("lab/pi-7",), "is not allowed"),
    ],
)
def test_what_cannot_be_a_user_is_refused(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    refused = user(tmp_path, "add", *words)
    assert refused.exit_code == 1
    assert said in str(refused.exception)
