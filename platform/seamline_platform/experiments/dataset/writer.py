"""Writes a data set: public tables in long form, the truth apart, a manifest, a README."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset.manifest import (
    MANIFEST,
    PUBLIC,
    SEALED,
    FileRecord,
    Manifest,
    record_of,
)

FileKind = Literal["parquet", "csv"]
_README: Final = """# {name}

A generated garment market, version {version}: {days} days from {first_day}, seed {seed}.

| file | columns |
|---|---|
{rows}

`unique_id` is `SKU@region` (a SKU is `style-colour-size`), or `style@region` (prices, signals);
`ds` is a date, `y` the value (pieces, yuan): the files read straight into tools that want long
frames. Sales are what could be sold: where `stock` says that a SKU was out, demand may have been
higher, and some of it went to others. `signals` come before a launch: favourites and deposits.
The first {train_days} days are for training, the rest for testing.

`{sealed}/` holds the truth (demand that nobody sees, and what the market knows of each style). A
model that reads it is not forecasting. `manifest.json` has the hash of every file.
"""


@dataclass(frozen=True, slots=True)
class Tables:
    """Arrow tables by name: the public ones, and the sealed ones."""

    public: Mapping[str, Any]
    sealed: Mapping[str, Any]

    def __post_init__(self) -> None:
        if tuple(self.public) != PUBLIC:
            raise ValueError(f"public tables are {tuple(self.public)}; expected {PUBLIC}")
        if not self.sealed or set(self.sealed) & set(self.public):
            raise ValueError("the truth needs tables with names of their own")


def write_dataset(
    folder: Path, tables: Tables, origin: Manifest, kind: FileKind = "parquet"
) -> Manifest:
    """Write a data set into a folder that is empty or absent; return its manifest.

    `origin` names where the tables come from; its `files` are replaced.

    Raises:
        ConfigError: if the folder holds anything, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder} is not empty; give a new folder (nothing is overwritten).")
        files: dict[str, FileRecord] = {}
        for name, table in tables.public.items():
            files[f"{name}.{kind}"] = _write(folder / f"{name}.{kind}", table, kind)
        for name, table in tables.sealed.items():
            path = f"{SEALED}/{name}.{kind}"
            files[path] = _write(folder / path, table, kind)
        manifest = replace(origin, files=files)
        (folder / MANIFEST).write_text(manifest.text(), encoding="utf-8")
        (folder / "README.md").write_text(_readme(tables, manifest), encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"The data set cannot be written to {folder}: {exc}.") from exc
    return manifest


def _write(file: Path, table: Any, kind: FileKind) -> FileRecord:
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "csv":
        import pyarrow.csv

        pyarrow.csv.write_csv(table, file)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(
            table, file, compression="zstd", compression_level=19, use_dictionary=True
        )
    return record_of(file, table.num_rows)


def _readme(tables: Tables, manifest: Manifest) -> str:
    every = {**tables.public, **{f"{SEALED}/{name}": t for name, t in tables.sealed.items()}}
    rows = "\n".join(f"| `{name}` | {', '.join(t.column_names)} |" for name, t in every.items())
    return _README.format(
        name=manifest.name, version=manifest.version, days=manifest.days, rows=rows,
        first_day=manifest.first_day, seed=manifest.seed, sealed=SEALED,
        train_days=manifest.train_days,
    )  # fmt: skip
