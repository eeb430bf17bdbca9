"""`seamline models`: the register of the running platform: list, promote, roll back, out and in."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.data_commands import PlatformError, ask_platform
from seamline_platform.cli.words import (
    JsonOption,
    RunDirOption,
    SettingsOption,
    note,
    print_json,
    print_table,
)

app = typer.Typer(help="The forecasting models of the running maker.", no_args_is_help=True)

_IdArgument = Annotated[str, typer.Argument(help="Id of a model, from 'seamline models list'.")]
_COLUMNS = (
    "id", "status", "model", "trained", "pinball", "naive", "coverage", "bias", "nights",
    "fallbacks", "by",
)  # fmt: skip


def _ask(run_dir: Path | None, config: Path | None, path: str, body: object = None) -> Any:
    from seamline_platform.settings import load_settings

    settings = load_settings(config, {"run_dir": run_dir}).settings
    answer = ask_platform(settings.run_dir, path, body)
    if answer is None:
        raise PlatformError(
            f"No platform runs in {settings.run_dir}. Start one with 'seamline demo', or name "
            "another with --run-dir DIR."
        )
    return answer


@app.command("list")
def listing(
    as_json: JsonOption = False, run_dir: RunDirOption = None, config: SettingsOption = None
) -> None:
    """All models, newest first, with their measurements; one of them is the champion."""
    _show(_ask(run_dir, config, "/api/models"), as_json)


@app.command()
def promote(
    model_id: _IdArgument,
    as_json: JsonOption = False,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:
    """Let this model forecast from the next night on."""
    _show(_ask(run_dir, config, f"/api/models/{model_id}/promote", {}), as_json)


@app.command()
def rollback(
    as_json: JsonOption = False, run_dir: RunDirOption = None, config: SettingsOption = None
) -> None:
    """Let the champion before this one forecast again."""
    _show(_ask(run_dir, config, "/api/models/rollback", {}), as_json)


@app.command("export")
def export_recipe(
    model_id: _IdArgument,
    file: Annotated[
        Path | None, typer.Argument(help="File to write; without one it is printed.")
    ] = None,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:
    """Write the recipe of a model: how to train it on another plant. JSON, no trained state."""
    recipe = _ask(run_dir, config, f"/api/models/{model_id}/recipe")
    if file is None:
        print_json(recipe)
        return
    try:
        file.write_text(json.dumps(recipe, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{file} cannot be written: {exc.strerror}.") from exc
    note(f"Recipe of {model_id}: {file}")


@app.command("import")
def import_recipe(
    file: Annotated[Path, typer.Argument(help="A recipe that 'models export' wrote.")],
    accept_other_code: Annotated[
        bool,
        typer.Option("--accept-other-code", help="Though the code here is another version."),
    ] = False,
    as_json: JsonOption = False,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:
    """Register a model of another plant by its recipe; it is trained and measured here."""
    from seamline_platform.demand.recipe import Recipe

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    body = {"recipe": Recipe.parse(text).document(), "accept_other_code": accept_other_code}
    answer = _ask(run_dir, config, "/api/models/import", body)
    if as_json:
        print_json(answer)
        return
    for warning in answer["warnings"]:
        note(warning)
    note(f"Imported as {answer['id']}: a candidate until 'seamline models promote {answer['id']}'.")


def _show(answer: Any, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    print_table(_COLUMNS, [_cells(model) for model in answer["models"]])
    if not answer["models"]:
        note("There is no model yet: the first is trained in the first night.")


def _cells(model: dict[str, Any]) -> list[object]:
    metrics = model["metrics"]
    figures = ["", "", "", ""]
    if metrics is not None:
        figures = [
            f"{metrics['pinball']:.3f}",
            f"{metrics['naive_pinball']:.3f}",
            f"{metrics['coverage_80']:.0%}",
            f"{metrics['bias']:+.1%}",
        ]
    trained_s = model["trained_ms"] / 1_000
    trained = f"{datetime.fromtimestamp(trained_s, UTC):%Y-%m-%d}" if trained_s else ""
    return [
        model["id"], model["status"], model["model"], trained, *figures, model["nights"],
        model["fallbacks"], model["cause"],
    ]  # fmt: skip
