"""All settings of a run: defaults < file (TOML or JSON) < SEAMLINE_* variables < command line.

Built once by the command line; every part is handed its own section. What a plant looks like is not
here but in a scenario.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from seamline_broker.address import BrokerAddress
from seamline_broker.errors import ConfigError

DEFAULT_FILE: Final = Path("seamline.toml")
PREFIX: Final = "SEAMLINE_"
_OTHER_VARIABLES = frozenset(
    {"SEAMLINE_PARENT_PID", "SEAMLINE_SKIP_WEB", "SEAMLINE_BROKER_PASSWORD"}
)

Port = int


class Section(BaseModel):
    """Base of a section: cannot be changed, knows no other key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BrokerSettings(Section):
    """Where the broker is and how the platform logs in."""

    url: str | None = Field(
        default=None, description="mqtt://[user:password@]host[:port]; none = embedded"
    )
    port: Port = Field(
        default=11883, ge=1, le=65535, description="MQTT port of the embedded broker"
    )
    listen: bool = Field(default=False, description="open the embedded broker to the local network")
    users: bool = Field(
        default=False,
        description="log in at `url` with the users of 'seamline broker mosquitto-conf'",
    )
    host: str = Field(default="127.0.0.1", description="host to connect to (set by the supervisor)")
    user: str | None = Field(
        default=None, description="login of this process (set by the supervisor)"
    )
    password: str | None = Field(default=None, description="its password (set by the supervisor)")
    client_prefix: str = Field(default="local", description="begins every client id of this run")


class ConnectSettings(Section):
    """What the page tells a person who wants to send a value of their own."""

    host: str = "127.0.0.1"
    port: Port = 11883
    user: str = ""
    password: str = ""
    topic: str = "seamline/v1/raw/home/desk/bench/pi-1/temperature"


class StoreSettings(Section):
    """The DuckDB file and how it is written."""

    path: Path | None = Field(default=None, description="DuckDB file; none = store/seamline.duckdb")
    commit_ms: int = Field(
        default=250, ge=10, le=10_000, description="longest time before a commit"
    )
    commit_rows: int = Field(
        default=5_000, ge=1, le=1_000_000, description="rows that trigger a commit"
    )
    memory_limit_mb: int = Field(default=128, ge=64, description="memory that DuckDB may use")
    threads: int = Field(default=2, ge=1, le=64, description="threads of DuckDB")
    checkpoint_s: float = Field(default=10, ge=1, description="seconds between checkpoints")
    retention_plant_hours: int | None = Field(
        default=None, ge=1, description="older readings move to Parquet; none keeps all"
    )
    query_timeout_s: float = Field(default=10, gt=0, description="longest time of a user's SELECT")
    query_rows: int = Field(default=10_000, ge=1, description="most rows of a user's SELECT")
    min_free_mb: int = Field(default=64, ge=0, description="less free disk: nothing is written")


class IngestSettings(Section):
    """From the broker to the store."""

    queue: int = Field(
        default=20_000, ge=100, description="messages waiting between network and decoder"
    )


class ApiSettings(Section):
    """REST, websocket and page."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: Port = Field(
        default=8420, ge=0, le=65535, description="port of the page; 0 = any free one"
    )
    open_browser: bool = Field(default=True, description="open the page at start")


class StreamSettings(Section):
    """Live KPIs."""

    window_min: int = Field(default=15, ge=1, le=1_440, description="window in plant minutes")


class DemandSettings(Section):
    """The demand brain."""

    model: str = Field(default="DemandBrain", description="forecaster, or file.py:Class")
    horizon_days: int = Field(default=14, ge=1, le=90, description="days ahead")
    timeout_s: float = Field(
        default=60, ge=0.1, le=3_600, description="longest time of a night's forecast"
    )
    retrain_days: int = Field(
        default=7, ge=0, le=365, description="plant days between trainings; 0 = only on drift"
    )
    drift: bool = Field(default=True, description="train again when the scores drift")
    recalibrate: bool = Field(
        default=True, description="correct quantiles by how earlier nights turned out"
    )
    threads: int = Field(default=1, ge=1, le=64, description="threads of a forecast process")
    local_series: int = Field(
        default=300, ge=0, le=100_000, description="series with a model of their own, if it has any"
    )


class PlanningSettings(Section):
    """The dispatch hub."""

    rule: str = Field(default="atcs", description="dispatch rule, or file.py:Class")
    plants: Literal["together", "each"] = Field(
        default="together",
        description="plants of waiting orders: chosen for all together, or for each alone",
    )
    minimum_order: int = Field(
        default=100, ge=1, description="pieces of the smallest replenishment"
    )
    accept: Literal["auto", "ask"] = Field(
        default="auto", description="better plans: accepted by policy, or a person is asked"
    )
    search_share: float = Field(
        default=0.08, ge=0.0, le=2.0, description="CPU seconds of the plan search per wall second"
    )


class Settings(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    run_dir: Path = Field(default=Path(".seamline/run"), description="everything that a run writes")
    scenario: str = Field(default="demo", description="scenario by name, or a TOML file")
    seed: int = Field(default=1, ge=0, description="seed of all random draws")
    speed: float = Field(default=60, ge=0.1, le=20_000, description="plant seconds per wall second")
    demand_file: Path | None = Field(
        default=None, description="long frame unique_id, ds, y of real sales"
    )
    sample_budget: int = Field(
        default=2_000, ge=1, le=100_000, description="samples per wall second"
    )
    enterprise: str = Field(default="seamline", description="first level of the Unified Namespace")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    broker: BrokerSettings = BrokerSettings()
    connect: ConnectSettings = ConnectSettings()
    store: StoreSettings = StoreSettings()
    ingest: IngestSettings = IngestSettings()
    api: ApiSettings = ApiSettings()
    streams: StreamSettings = StreamSettings()
    demand: DemandSettings = DemandSettings()
    planning: PlanningSettings = PlanningSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `load_settings` alone, which has put the layers on each other."""
        return (init_settings,)

    @property
    def store_path(self) -> Path:
        """The DuckDB file of the run."""
        return self.store.path or self.run_dir / "store" / "seamline.duckdb"

    @property
    def broker_address(self) -> BrokerAddress:
        """Host, port and login of the broker for this process.

        Raises:
            ConfigError: if the URL is not understood.
        """
        if self.broker.url is not None:
            address = BrokerAddress.parse(self.broker.url)
            if address.user is not None:
                return address
            login = (self.broker.user, self.broker.password)
            return BrokerAddress(address.host, address.port, *login)
        login = (self.broker.user, self.broker.password)
        return BrokerAddress(self.broker.host, self.broker.port, *login)


class Loaded:
    """Settings together with the place that each value came from."""

    def __init__(self, settings: Settings, sources: Mapping[str, str]) -> None:
        self.settings = settings
        self._sources = sources

    def rows(self) -> Iterator[tuple[str, object, str, str]]:
        """Yield key, value, source and meaning of every setting; passwords are not shown."""
        yield from self._rows(self.settings, "")

    def _rows(self, section: BaseModel, above: str) -> Iterator[tuple[str, object, str, str]]:
        for name, field in type(section).model_fields.items():
            key = f"{above}{name}"
            value = getattr(section, name)
            if isinstance(value, Section):
                yield from self._rows(value, f"{key}.")
                continue
            shown = "(hidden)" if name == "password" and value else value
            yield key, shown, self._sources.get(key, "default"), field.description or ""


def load_settings(
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Put defaults, file, environment and command line on each other.

    Args:
        file: TOML or JSON file; without one, `seamline.toml` here is read if it exists.
        overrides: values of the command line by dotted key; None means not given.
        environ: the environment; default that of the process.

    Raises:
        ConfigError: names the source, the key, the value and what is allowed.
    """
    layers: list[tuple[str, dict[str, Any]]] = []
    if file is not None or DEFAULT_FILE.exists():
        path = file or DEFAULT_FILE
        layers.append((str(path), _read_file(path)))
    layers.append(("environment", _read_environment(os.environ if environ is None else environ)))
    given: dict[str, Any] = {}
    for key, value in (overrides or {}).items():
        if value is not None:
            _put(given, key.split("."), value, "command line")
    layers.append(("command line", given))
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, values in layers:
        _merge(merged, values, "", source, sources)
    try:
        return Loaded(Settings(**merged), sources)
    except ValidationError as exc:
        raise ConfigError(_explain(exc, sources)) from exc


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as exc:
        raise ConfigError(f"Settings file {path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:
        raise ConfigError(f"Settings file {path} is not readable: {exc}.") from exc
    if not isinstance(document, dict):
        raise ConfigError(f"Settings file {path} does not hold a table of settings.")
    return document


def _read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and name not in _OTHER_VARIABLES:
            _put(result, name[len(PREFIX) :].lower().split("__"), text, "environment")
    return result


def _put(target: dict[str, Any], keys: list[str], value: object, source: str) -> None:
    for key in keys[:-1]:
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise ConfigError(f"Setting {'.'.join(keys)!r} ({source}): {key!r} is not a section.")
    target[keys[-1]] = value


def _merge(
    target: dict[str, Any], values: Mapping[str, Any], above: str, source: str,
    sources: dict[str, str],
) -> None:  # fmt: skip
    for key, value in values.items():
        dotted = f"{above}{key}"
        if isinstance(value, dict):
            below = target.setdefault(key, {})
            if isinstance(below, dict):
                sources.setdefault(dotted, source)
                _merge(below, value, f"{dotted}.", source, sources)
                continue
        target[key] = value
        sources[dotted] = source


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    """Say in one line which value, from where, breaks which rule."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    source = sources.get(key, "default")
    if first["type"] == "extra_forbidden":
        section = _section(key.rpartition(".")[0])
        known = ", ".join(section.model_fields) if section else "none"
        return f"Setting {key!r} ({source}) does not exist; there are: {known}."
    more = f" ({error.error_count() - 1} more like this)" if error.error_count() > 1 else ""
    value = "(hidden)" if "password" in key else repr(first["input"])
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"Setting {key} = {value} ({source}): {message}{more}."


def _section(dotted: str) -> type[BaseModel] | None:
    model: type[BaseModel] = Settings
    for name in filter(None, dotted.split(".")):
        found = model.model_fields[name].annotation if name in model.model_fields else None
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            return None
        model = found
    return model
