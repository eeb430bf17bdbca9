"""`seamline docs`: reference pages made from the code."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seamline_broker.errors import ConfigError

docs_app = typer.Typer(help="Reference pages made from the code.", no_args_is_help=True)


@docs_app.callback()
def docs() -> None:
    """Reference pages made from the code."""


@docs_app.command()
def messages(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write this file instead of printing.")
    ] = None,
) -> None:
    """Topics, messages, events, commands and tables, as Markdown."""
    from seamline_platform.cli.docs_messages import reference

    page = reference()
    if out is None:
        sys.stdout.write(page)
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{out} cannot be written: {exc.strerror}.") from exc
