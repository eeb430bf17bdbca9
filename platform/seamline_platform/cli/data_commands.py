"""Data in and out: `query`, `export`, `replay sensors`."""

import csv
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_platform.cli.words import (
    JsonOption,
    RunDirOption,
    SettingsOption,
    note,
    print_json,
    print_table,
)

replay_app = typer.Typer(help="Send recorded data.", no_args_is_help=True)


class PlatformError(SeamlineError):
    """The running platform refuses a request or cannot be reached."""


def _settings(run_dir: Path | None, config: Path | None = None) -> Any:
    from seamline_platform.settings import load_settings

    return load_settings(config, {"run_dir": run_dir}).settings


def ask_platform(run_dir: Path, path: str, body: object, timeout_s: float = 120) -> Any:
    """Send a request to the platform that runs in this directory; None if none runs.

    With a body it is a POST, without one (None) a GET.

    Raises:
        PlatformError: if it refuses the request.
    """
    from seamline_platform.cli.rundir import read_json

    try:
        said = read_json(run_dir / "platform.json")
    except ConfigError:
        return None
    url = str(said["url"]).partition("?")[0].rstrip("/")
    request = urllib.request.Request(
        url + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {said['token']}"},
    )
    # Straight to this machine: a proxy of the environment has no business here.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as exc:
        with exc:
            raise PlatformError(_refusal(exc)) from exc
    except (urllib.error.URLError, TimeoutError, ConnectionError) as exc:
        reason = getattr(exc, "reason", exc)
        if isinstance(reason, ConnectionRefusedError):
            return None  # the file is of a run that is over
        raise PlatformError(f"Platform at {url} does not answer: {reason}.") from exc


def _refusal(exc: urllib.error.HTTPError) -> str:
    text = exc.read().decode("utf-8", errors="replace")
    try:
        error = json.loads(text)["error"]
        expected = f" Expected: {error['expected']}." if error.get("expected") else ""
        exists = f" There are: {', '.join(error['exists'])}." if error.get("exists") else ""
        return f"{error['what'].rstrip('.')}.{expected}{exists}"
    except (ValueError, KeyError, TypeError):
        return f"Platform refuses with {exc.code}: {text[:300]}"


def query(
    sql: Annotated[str, typer.Argument(help='One SELECT, e.g. "SELECT count(*) FROM readings".')],
    limit: Annotated[int, typer.Option(help="Most rows.", min=1)] = 1_000,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:
    """Ask the run's tables: through the running platform, else from the file."""
    settings = _settings(run_dir, config)
    answer = ask_platform(settings.run_dir, "/api/query", {"sql": sql, "limit": limit})
    if answer is None:
        answer = _query_file(settings.store_path, sql, limit)
    columns, rows = answer["columns"], answer["rows"]
    if as_json:
        print_json(answer)
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        print_table(columns, rows)


def _query_file(path: Path, sql: str, limit: int) -> dict[str, Any]:
    """Answer from the file of a run that is over."""
    import duckdb

    from seamline_broker.errors import StoreError
    from seamline_platform.store.errors import opening_error

    if not path.exists():
        raise StoreError(f"No platform runs here, and there is no file {path}. Try --run-dir DIR.")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as exc:
        raise opening_error(path, exc) from exc
    with connection:
        try:
            statements = duckdb.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise StoreError("Exactly one SELECT is answered.")
            connection.execute("SET enable_external_access = false")
            found = connection.execute(sql)
            columns = [column[0] for column in found.description or ()]
            rows = [list(row) for row in found.fetchmany(limit)]
        except duckdb.Error as exc:
            raise StoreError(str(exc).strip().splitlines()[0]) from exc
    return {"columns": columns, "rows": rows, "ms": 0}


def export(
    directory: Annotated[Path, typer.Argument(help="Directory for the Parquet files.")],
    as_json: JsonOption = False,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:
    """Write all tables as Parquet files, also while the maker runs."""
    settings = _settings(run_dir, config)
    target = str(directory.absolute())
    answer = ask_platform(settings.run_dir, "/api/export", {"dir": target}, timeout_s=900)
    if answer is None:
        answer = _export_file(settings.store_path, directory.absolute())
    if as_json:
        print_json(answer)
    else:
        note(f"Written to {target}.")


def _export_file(path: Path, target: Path) -> dict[str, Any]:
    """Export the file of a run that is over."""
    import duckdb

    from seamline_broker.errors import StoreError
    from seamline_platform.store.errors import opening_error

    if not path.exists():
        raise StoreError(f"No platform runs here, and there is no file {path}. Try --run-dir DIR.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(path), read_only=True)
    except OSError as exc:
        raise StoreError(f"Directory {target} cannot be made: {exc.strerror}.") from exc
    except duckdb.Error as exc:
        raise opening_error(path, exc) from exc
    written = []
    with connection:
        tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
        for table in tables:
            file = str(target / f"{table}.parquet").replace("'", "''")
            connection.execute(f"COPY \"{table}\" TO '{file}' (FORMAT parquet)")
            written.append(f"{table}.parquet")
    return {"dir": str(target), "files": written}


@replay_app.callback()
def replay() -> None:
    """Send recorded data."""


@replay_app.command("sensors")
def replay_sensors(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet with a time column and numbers.")],
    speed: Annotated[
        float, typer.Option(help="Times its own pace; 0 = as fast as it goes.", min=0)
    ] = 1.0,
    site: Annotated[str, typer.Option(help="Site that the devices appear under.")] = "replay",
    name: Annotated[
        str | None, typer.Option(help="Node and device.  [default: name of the file]")
    ] = None,
    time_column: Annotated[
        str | None, typer.Option(help="Column with the time stamps.  [default: found by itself]")
    ] = None,
    as_json: JsonOption = False,
    run_dir: RunDirOption = None,
) -> None:
    """Send a recording as devices, with its own time stamps and its own gaps.

    Needs a running demo (or broker and platform). Rows are numbered: each arrives exactly once.
    """
    from seamline_platform.cli.replay import Recording, send_recording

    recording = Recording(file, site, name, time_column)
    figures = send_recording(_settings(run_dir).run_dir, recording, speed, note)
    if as_json:
        print_json(figures)
    else:
        note(f"Sent {figures['rows']} rows, {figures['values']} values to {figures['node']}.")
