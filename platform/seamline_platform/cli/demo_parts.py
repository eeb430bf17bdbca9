"""The processes of the demo as specifications: commands, configurations, how to tell readiness."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

from seamline_broker.address import BrokerAddress
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.errors import ConfigError
from seamline_broker.users import PLATFORM_USER, Secrets
from seamline_platform.cli import plan
from seamline_platform.cli.children import ChildSpec
from seamline_platform.cli.ports import free_port
from seamline_platform.cli.rundir import RunDir, read_json
from seamline_platform.settings import Settings

BROKER: Final = "broker"
FIELD: Final = "field"
PLATFORM: Final = "platform"
SELLERS: Final = "sellers"

_EDGE_PHASE, _FIELD_PHASE, _PLATFORM_PHASE, _BROKER_PHASE = 0, 1, 2, 3
# Threads of numeric libraries, arenas of threads and Arrow's own pool would each keep memory for
# nothing: with these the platform holds a tenth less.
_ENVIRONMENT: Final = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

Helper = Callable[[str, "subprocess.Popen[bytes]"], None]


def gateway_name(gateway: str) -> str:
    """Return the name of a gateway's process and of its files."""
    return f"gateway-{gateway}"


def lan_address() -> str:
    """Return this machine's address in the local network, as far as its routes tell."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # a documentation address; nothing is sent
        return str(probe.getsockname()[0])
    return socket.gethostname()


def accepts(host: str, port: int) -> bool:
    """Tell whether somebody listens there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


@dataclass(slots=True)
class DemoParts:
    """Everything that the supervisor starts for one run."""

    run_dir: RunDir
    settings: Settings
    maker: plan.MakerPlan
    secrets: Secrets
    field_port: int = field(default_factory=free_port)
    broker: EmbeddedBroker | None = None
    start: str = field(default_factory=lambda: token_hex(8))

    def __post_init__(self) -> None:
        if self.settings.broker.url is None:
            self.broker = EmbeddedBroker(
                self.secrets,
                self.run_dir.path / "broker",
                host="0.0.0.0" if self.settings.broker.listen else "127.0.0.1",
                port=self.settings.broker.port,
                log_file=self.run_dir.log(BROKER),
            )

    @property
    def login(self) -> plan.Login:
        """How the parts log in at the broker."""
        url = self.settings.broker.url
        if url is None:
            address = BrokerAddress("127.0.0.1", self.settings.broker.port)
            return plan.Login(self.secrets, address, own_users=True)
        return plan.Login(self.secrets, BrokerAddress.parse(url), self.settings.broker.users)

    @property
    def connect(self) -> plan.Document:
        """What a person needs to send a value."""
        host = lan_address() if self.settings.broker.listen else self.login.address.host
        return plan.guest(self.login, host)

    def write_configs(self) -> None:
        """Write the configuration of every process.

        Raises:
            SeamlineError: if one cannot be written.
        """
        bus = ("127.0.0.1", self.field_port)
        for gateway, nodes in self.maker.gateways.items():
            document = plan.gateway_config(self.run_dir, self.login, bus, gateway, nodes)
            plan.write_config(self.run_dir, gateway_name(gateway), document)
        sellers = plan.sellers_config(self.login, bus, self.maker.sellers)
        plan.write_config(self.run_dir, SELLERS, sellers)
        plan.write_config(self.run_dir, PLATFORM, self._platform_config())

    def _platform_config(self) -> plan.Document:
        user, password = self.login.of(PLATFORM_USER)
        address = self.login.address
        document: plan.Document = self.settings.model_dump(mode="json")
        document["run_dir"] = str(self.run_dir.path)
        document["connect"] = self.connect
        document["broker"] = {
            "host": address.host,
            "port": address.port,
            "user": user,
            "password": password,
            "client_prefix": self.secrets.client_prefix,
        }
        return document

    def broker_spec(self, helper: Helper) -> ChildSpec | None:
        """Return the embedded broker, or None if another broker is used."""
        broker = self.broker
        if broker is None:
            return None

        def limit() -> None:
            with self.run_dir.log("broker-limit").open("ab") as log:
                command, environment = broker.limit_command(), broker.limit_environment()
                process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            helper("broker-limit", process)

        def prepare() -> None:
            # Users may have been added by another process since the last start.
            broker.secrets = Secrets.open(self.run_dir.secrets_path)
            broker.prepare()

        return ChildSpec(
            BROKER,
            tuple(broker.prepare()),
            self.run_dir.log("broker-start"),
            _BROKER_PHASE,
            ready=broker.is_ready,
            before=prepare,
            once_ready=limit,
        )

    def field_spec(self) -> ChildSpec:
        """Return the simulated plant."""
        s = self.settings
        flags = {
            "--run-dir": self.run_dir.path,
            "--port": self.field_port,
            "--scenario": _absolute_file(s.scenario),
            "--seed": s.seed,
            "--speed": s.speed,
            "--start": self.start,
            "--sample-budget": s.sample_budget,
            "--demand": self._demand_csv(),
        }
        words = [
            str(w) for name, value in flags.items() if value is not None for w in (name, value)
        ]
        return self._python(
            FIELD,
            _FIELD_PHASE,
            ("seamline_edge.field", *words),
            lambda _pid: accepts("127.0.0.1", self.field_port),
        )

    def _demand_csv(self) -> Path | None:
        if self.settings.demand_file is None:
            return None
        from seamline_platform.cli.demand_file import as_csv  # Arrow only where it is needed

        return as_csv(self.settings.demand_file, self.run_dir.path / "config")

    def platform_spec(self) -> ChildSpec:
        """Return the platform."""
        config = str(self.run_dir.config(PLATFORM))
        return self._python(
            PLATFORM,
            _PLATFORM_PHASE,
            ("seamline_platform.cli.main", "platform", "--config", config),
            lambda pid: self.page(pid) is not None,
        )

    def edge_specs(self) -> list[ChildSpec]:
        """Return gateways and sellers."""
        specs = [
            self._python(name, _EDGE_PHASE, ("seamline_edge.gateway", "--config", config))
            for name, config in (
                (gateway_name(g), str(self.run_dir.config(gateway_name(g))))
                for g in self.maker.gateways
            )
        ]
        config = str(self.run_dir.config(SELLERS))
        return [
            *specs,
            self._python(SELLERS, _EDGE_PHASE, ("seamline_edge.seller", "--config", config)),
        ]

    def _python(
        self,
        name: str,
        phase: int,
        words: tuple[str, ...],
        ready: Callable[[int], bool] | None = None,
    ) -> ChildSpec:
        return ChildSpec(
            name,
            (sys.executable, "-m", *words),
            self.run_dir.log(name),
            phase,
            ready=ready or (lambda _pid: True),
            environment=_ENVIRONMENT,
        )

    def page(self, pid: int | None = None) -> tuple[str, str] | None:
        """Return URL and token of the platform, or None while it (with this `pid`) is not up."""
        try:
            said = read_json(self.run_dir.platform_path)
        except ConfigError:
            return None
        if pid is not None and said.get("pid") != pid:
            return None
        url, token = str(said.get("url", "")), str(said.get("token", ""))
        return (url.partition("?")[0].rstrip("/"), token) if url else None


def _absolute_file(scenario: str) -> str:
    """Children may run elsewhere: a scenario that is a file gets its whole path."""
    path = Path(scenario)
    return str(path.absolute()) if path.suffix == ".toml" and path.exists() else scenario
