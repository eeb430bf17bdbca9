"""Small things that all commands share: durations, output, options that come again and again."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from seamline_broker.errors import ConfigError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|)\Z")
_SECONDS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

RunDirOption = Annotated[
    Path | None,
    typer.Option("--run-dir", help="Directory of the run.  [default: .seamline/run]"),
]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file, TOML or JSON.  [default: seamline.toml, if here]"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]


def parse_duration(text: str) -> float:
    """Return seconds of `90`, `60s`, `5m` or `1h`.

    Raises:
        ConfigError: if it is none of these.
    """
    match = _DURATION.match(text.strip())
    if match is None:
        raise ConfigError(f"Duration {text!r} is not understood; use 90, 60s, 5m or 1h.")
    return float(match[1]) * _SECONDS[match[2]]


def print_json(document: object) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


_WIDE = 130


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> None:
    """Print a table for a person."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")  # a digest is of no use with its end cut off
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console = Console()
    if not console.is_terminal:  # a file or another program has no narrow window
        console = Console(width=_WIDE)
    console.print(table)


def print_figures(figures: dict[str, object], title: str) -> None:
    """Print name and value of each figure as a table."""
    print_table(("figure", "value"), figures.items(), title)


def note(text: str) -> None:
    """Say something to a person without touching standard output."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
