"""Parts of the maker alone, so that they can sit on different machines."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import RunDirOption, SettingsOption

if TYPE_CHECKING:
    from seamline_platform.cli.plan import Login, MakerPlan
    from seamline_platform.cli.rundir import RunDir

BrokerOption = Annotated[
    str,
    typer.Option("--broker", help="mqtt://[user:password@]host[:port]", metavar="URL"),
]
FieldOption = Annotated[
    str, typer.Option("--field", help="HOST:PORT of the field bus.", metavar="HOST:PORT")
]
ScenarioOption = Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")]
_LOCAL_BROKER = "mqtt://127.0.0.1:11883"
_LOCAL_FIELD = "127.0.0.1:7700"


def _become(module: str, words: list[str]) -> NoReturn:
    """Turn this process into a part: signals and exit code are then the part's own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *words])


def _flags(values: Mapping[str, object]) -> list[str]:
    return [str(w) for name, value in values.items() if value is not None for w in (name, value)]


def field(
    scenario: ScenarioOption = "demo",
    seed: Annotated[int, typer.Option(help="Seed of all draws.")] = 1,
    speed: Annotated[float, typer.Option(help="Plant seconds per wall second.")] = 60,
    port: Annotated[int, typer.Option(help="Port of the field bus.")] = 7700,
    demand: Annotated[
        Path | None, typer.Option(help="Real sales: unique_id, ds, y.", metavar="FILE")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run.")] = False,
    run_dir: RunDirOption = None,
) -> None:
    """Run the simulated plants alone: machines on a field bus."""
    from seamline_platform.cli.demand_file import as_csv

    directory = _directory(run_dir)
    words = _flags(
        {
            "--run-dir": directory.path,
            "--port": port,
            "--scenario": scenario,
            "--seed": seed,
            "--speed": speed,
            "--demand": as_csv(demand, directory.path / "config") if demand else None,
        }
    )
    _become("seamline_edge.field", [*words, *(["--fresh"] if fresh else [])])


def edge(
    gateway: Annotated[
        str, typer.Argument(help="A plant of the scenario, or 'hub', or a configuration file.")
    ],
    broker: BrokerOption = _LOCAL_BROKER,
    field_bus: FieldOption = _LOCAL_FIELD,
    scenario: ScenarioOption = "demo",
    run_dir: RunDirOption = None,
) -> None:
    """Run one gateway alone; with the broker on another machine, copy its secrets.json first."""
    if Path(gateway).suffix == ".json":
        _become("seamline_edge.gateway", ["--config", gateway])
    from seamline_platform.cli.plan import gateway_config, write_config

    directory, login, maker = _prepared(run_dir, broker, scenario)
    if gateway not in maker.gateways:
        raise ConfigError(
            f"Gateway {gateway!r} is unknown; there are: {', '.join(maker.gateways)}."
        )
    nodes = maker.gateways[gateway]
    document = gateway_config(directory, login, _host_port(field_bus), gateway, nodes)
    write_config(directory, f"gateway-{gateway}", document)
    _become("seamline_edge.gateway", ["--config", str(directory.config(f"gateway-{gateway}"))])


def edge_pyz(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("dist/seamline-edge.pyz"),
) -> None:
    """Build a gateway in one file, for a Raspberry Pi that has Python 3.11 and nothing else."""
    _become("seamline_edge.bundle", [str(path)])


def sellers(
    broker: BrokerOption = _LOCAL_BROKER,
    field_bus: FieldOption = _LOCAL_FIELD,
    scenario: ScenarioOption = "demo",
    run_dir: RunDirOption = None,
) -> None:
    """Run the sellers alone: each an MQTT client that places orders."""
    from seamline_platform.cli.plan import sellers_config, write_config

    directory, login, maker = _prepared(run_dir, broker, scenario)
    write_config(directory, "sellers", sellers_config(login, _host_port(field_bus), maker.sellers))
    _become("seamline_edge.seller", ["--config", str(directory.config("sellers"))])


def platform(
    config: SettingsOption = None,
    broker: Annotated[
        str | None, typer.Option("--broker", help="mqtt://host[:port]", metavar="URL")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page.  [default: 8420]")] = None,
    run_dir: RunDirOption = None,
) -> None:
    """Run the platform alone: ingest, store, brain, dispatch, API and page."""
    from seamline_broker.parentwatch import ignore_interrupt, watch_parent
    from seamline_platform.app.main import serve
    from seamline_platform.logs import set_up_logs
    from seamline_platform.settings import load_settings

    overrides: dict[str, object] = {"run_dir": run_dir, "api.port": port, "broker.url": broker}
    settings = load_settings(config, overrides).settings
    if settings.broker.user is None:
        overrides |= _own_login(_directory(settings.run_dir))
        settings = load_settings(config, overrides).settings
    set_up_logs(settings.log_level)
    if watch_parent():
        ignore_interrupt()
    raise typer.Exit(serve(settings) or 0)


def _own_login(directory: "RunDir") -> dict[str, object]:
    """Return the platform's generated login, if this run directory has one."""
    from seamline_broker.users import PLATFORM_USER

    secrets = directory.secrets()
    user = secrets.get(PLATFORM_USER)
    found: dict[str, object] = {"broker.client_prefix": secrets.client_prefix}
    if user is not None:
        found |= {"broker.user": user.name, "broker.password": user.password}
    return found


def _directory(path: Path | None) -> "RunDir":
    from seamline_platform.cli.rundir import RunDir
    from seamline_platform.settings import load_settings

    directory = RunDir(load_settings(None, {"run_dir": path}).settings.run_dir)
    directory.make()
    return directory


def _prepared(
    run_dir: Path | None, broker: str, scenario: str
) -> "tuple[RunDir, Login, MakerPlan]":
    from seamline_broker.address import BrokerAddress
    from seamline_platform.cli.plan import Login, ensure_users, plan_of

    directory = _directory(run_dir)
    maker = plan_of(scenario)
    secrets = directory.secrets()
    ensure_users(secrets, maker)
    address = BrokerAddress.parse(broker)
    return directory, Login(secrets, address, own_users=address.user is None), maker


def _host_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise ConfigError(f"Field bus {text!r} is not of the form HOST:PORT.")
    return host, int(port)
