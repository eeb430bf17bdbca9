"""Forecasts on disk, so that an interrupted benchmark goes on where it stopped."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from seamline_broker.errors import UNREADABLE, ExperimentError
from seamline_platform.experiments.forecasting.contract import Forecasted
from seamline_platform.experiments.forecasting.packing import (
    join,
    split,
    unpack_forecast,
    unpack_frame,
)

_PLAIN: Final = tuple(f.name for f in fields(Forecasted) if f.name not in ("table", "cumulative"))


class ForecastStore:
    """Forecasts below a folder, one file each, by key; a damaged one is named and made again."""

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self.folder, self._note = folder, note

    def file(self, key: str) -> Path:
        """Return where a forecast is kept."""
        return self.folder / key[:2] / f"{key}.forecast"

    def get(self, key: str) -> Forecasted | None:
        """Return the kept forecast, None if there is none, or a damaged one."""
        file = self.file(key)
        try:
            packed = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            self._note(f"Forecast {file} cannot be read ({exc}); it is made again.")
            return None
        try:
            digest, header, *tables = split(packed)
            if digest != _digest(header, tables):
                raise ValueError("its checksum is wrong")
            return read(json.loads(header), tables)
        except (*UNREADABLE, OSError, pa.ArrowException) as exc:
            self._note(f"Forecast {file} is damaged ({exc}); it is made again.")
            return None

    def put(self, key: str, header: dict[str, Any], tables: list[bytes]) -> None:
        """Keep a forecast: whole or not at all.

        Raises:
            ExperimentError: if the folder cannot be written.
        """
        file, text = self.file(key), json.dumps(header).encode()
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(join([_digest(text, tables), text, *tables]))
            part.replace(file)
        except OSError as exc:
            with contextlib.suppress(OSError):
                part.unlink()
            raise ExperimentError(f"Forecast {file} cannot be written: {exc}.") from exc


def read(header: dict[str, Any], tables: list[bytes]) -> Forecasted:
    """Return a forecast from its plain fields and its packed tables (forecast, sums)."""
    plain = {name: header[name] for name in _PLAIN}
    table = unpack_forecast(tables[0]) if tables else None
    sums = unpack_frame(tables[1]) if len(tables) > 1 else None
    return Forecasted(table=table, cumulative=sums, **plain)


def _digest(header: bytes, tables: list[bytes]) -> bytes:
    return hashlib.sha256(join([header, *tables])).digest()
