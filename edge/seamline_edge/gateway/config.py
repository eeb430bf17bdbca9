"""What a gateway is told: its broker, nodes with their logins, driver and outbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seamline_broker.contracts.topics import NodeId
from seamline_broker.errors import ConfigError, ContractError
from seamline_edge.process import read_config


@dataclass(frozen=True, slots=True)
class NodeLogin:
    """A node (`site/node`) and the broker user it connects as; no user for an open broker."""

    node: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            NodeId.parse(self.node)
        except ContractError as exc:
            raise ConfigError(f"Gateway node {self.node!r}: {exc}") from exc


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Everything that a gateway needs to run."""

    gateway: str
    broker_host: str
    broker_port: int
    outbox: Path
    nodes: tuple[NodeLogin, ...]
    client_prefix: str = ""
    driver: str = "field"
    driver_options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.nodes:
            raise ConfigError(f"Gateway {self.gateway!r} has no node.")
        if not 1 <= self.broker_port <= 65_535:
            raise ConfigError(f"Broker port {self.broker_port} is not in 1 to 65535.")

    @classmethod
    def read(cls, path: Path) -> "GatewayConfig":
        """Read a configuration file (JSON).

        Raises:
            ConfigError: if it is missing, not readable, or lacks a key.
        """
        d = read_config(path)
        try:
            options = {k: str(v) for k, v in d.get("driver_options", {}).items()}
            driver = str(d.get("driver", "field"))
            if driver == "field" and "field" in d:
                options |= {"host": str(d["field"]["host"]), "port": str(d["field"]["port"])}
            return cls(
                gateway=str(d["gateway"]),
                broker_host=str(d["broker"]["host"]),
                broker_port=int(d["broker"]["port"]),
                outbox=Path(d["outbox"]),
                nodes=tuple(
                    NodeLogin(n["node"], n.get("user"), n.get("password")) for n in d["nodes"]
                ),
                client_prefix=str(d.get("client_prefix", "")),
                driver=driver,
                driver_options=options,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConfigError(f"Configuration {path}: missing or wrong key: {exc!r}.") from exc
