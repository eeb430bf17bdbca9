"""Which processes a maker consists of: nodes of a scenario, their users, their configurations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seamline_broker.address import BrokerAddress
from seamline_broker.users import PLATFORM_USER, REPLAY_USER, Secrets, user_of_node, write_private
from seamline_platform.cli.rundir import RunDir

HUB: Final = "hub"
FIELD_NODE: Final = "field/field"
GUEST_USER: Final = "pi-1"
GUEST_TOPIC: Final = f"seamline/v1/raw/home/desk/bench/{GUEST_USER}/temperature"

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class MakerPlan:
    """The parts of a maker: nodes by gateway, and sellers."""

    gateways: Mapping[str, Sequence[str]]
    sellers: Sequence[str]

    @property
    def nodes(self) -> list[str]:
        """All nodes of all gateways."""
        return [node for nodes in self.gateways.values() for node in nodes]


def plan_of(scenario: str) -> MakerPlan:
    """Return the parts of the maker that a scenario describes.

    Raises:
        ConfigError: if there is no such scenario or a value in it is not allowed.
    """
    from seamline_sim.scenario import load_scenario

    world = load_scenario(scenario)
    gateways = {
        plant.id: [
            f"{plant.id}/plant",
            *(f"{plant.id}/line-{number + 1}" for number in range(plant.lines)),
        ]
        for plant in world.plants
    }
    gateways[HUB] = [*(f"{region.id}/warehouse" for region in world.regions), FIELD_NODE]
    return MakerPlan(gateways, list(world.sellers))


def ensure_users(secrets: Secrets, plan: MakerPlan) -> None:
    """Make sure that each part of the maker, and one guest, has a user; saves the secrets.

    Raises:
        SeamlineError: if a name is taken by another role or the file cannot be written.
    """
    secrets.ensure(PLATFORM_USER, "platform")
    secrets.ensure(REPLAY_USER, "replay")
    secrets.ensure(GUEST_USER, "raw")
    for node in plan.nodes:
        secrets.ensure(user_of_node(node), "node", node)
    for seller in plan.sellers:
        secrets.ensure(seller, "seller")
    secrets.save()


@dataclass(frozen=True, slots=True)
class Login:
    """How parts log in: by their own generated users, by one given login, or without any."""

    secrets: Secrets
    address: BrokerAddress
    own_users: bool

    def of(self, name: str) -> tuple[str | None, str | None]:
        """Return user and password of a part."""
        user = self.secrets.get(name) if self.own_users else None
        return (user.name, user.password) if user else (self.address.user, self.address.password)

    def document(self, name: str) -> Document:
        """Return user and password of a part as they stand in its configuration."""
        user, password = self.of(name)
        return {"user": user, "password": password}


def gateway_config(
    run_dir: RunDir, login: Login, field: tuple[str, int], gateway: str, nodes: Sequence[str]
) -> Document:
    """Return the configuration of a gateway process."""
    return {
        "gateway": gateway,
        "broker": {"host": login.address.host, "port": login.address.port},
        "field": {"host": field[0], "port": field[1]},
        "outbox": str(run_dir.outbox(gateway)),
        "client_prefix": login.secrets.client_prefix,
        "nodes": [{"node": node, **login.document(user_of_node(node))} for node in nodes],
        "driver": "field",
        "driver_options": {},
    }


def sellers_config(login: Login, field: tuple[str, int], sellers: Sequence[str]) -> Document:
    """Return the configuration of the sellers' process."""
    return {
        "broker": {"host": login.address.host, "port": login.address.port},
        "field": {"host": field[0], "port": field[1]},
        "client_prefix": login.secrets.client_prefix,
        "sellers": [{"seller": seller, **login.document(seller)} for seller in sellers],
    }


def guest(login: Login, advertised_host: str) -> Document:
    """Return what a person needs to send a value: section `connect` of the settings."""
    user, password = login.of(GUEST_USER)
    return {
        "host": advertised_host,
        "port": login.address.port,
        "user": user or "",
        "password": password or "",
        "topic": GUEST_TOPIC,
    }


def publish_line(connect: Mapping[str, object]) -> str:
    """Return a command line that sends one value from this machine."""
    login = f" -u {connect['user']} -P {connect['password']}" if connect["user"] else ""
    return (
        f"mosquitto_pub -h {connect['host']} -p {connect['port']}{login} "
        f"-t {connect['topic']} -m 21.5"
    )


def write_config(run_dir: RunDir, name: str, document: Document) -> None:
    """Write the configuration of a process, readable by its owner alone.

    Raises:
        BrokerError: if it cannot be written.
    """
    write_private(run_dir.config(name), json.dumps(document, indent=1, ensure_ascii=False) + "\n")
