"""The topic tree `seamline/v1/...` (MQTT 3.1.1), built and parsed in one place."""

import re
from dataclasses import dataclass

from seamline_broker.errors import ContractError

ROOT = "seamline/v1"
CLOCK = f"{ROOT}/run/clock"
MAX_LEVEL_CHARS = 64

DATA_FILTER = f"{ROOT}/data/+/+"
NODE_FILTER = f"{ROOT}/node/+/+"
RESULT_FILTER = f"{ROOT}/result/+/+"
RAW_FILTER = f"{ROOT}/raw/+/+/#"
ORDERS_FILTER = f"{ROOT}/orders/+/new"

_FORBIDDEN = re.compile(r"[+#/\s\x00-\x1f\x7f]")


def check_level(name: str, what: str = "id") -> str:
    """Return `name` if it can stand as one level of a topic.

    Raises:
        ContractError: if it is empty, longer than 64 characters, or holds a blank, `+`, `#`, `/`
            or a control character.
    """
    if not name or len(name) > MAX_LEVEL_CHARS or _FORBIDDEN.search(name):
        raise ContractError(
            f"{what} {name!r} cannot be part of a topic: 1 to {MAX_LEVEL_CHARS} characters "
            "without blanks, '+', '#' or '/'."
        )
    return name


@dataclass(frozen=True, slots=True, order=True)
class NodeId:
    """Names one node: the site (plant, region, or group of devices) and the node in it."""

    site: str
    node: str

    def __post_init__(self) -> None:
        check_level(self.site, "site")
        check_level(self.node, "node")

    def __str__(self) -> str:
        return f"{self.site}/{self.node}"

    @classmethod
    def parse(cls, text: str) -> "NodeId":
        """Read `site/node`.

        Raises:
            ContractError: if `text` is not two levels.
        """
        site, slash, node = text.partition("/")
        if not slash:
            raise ContractError(f"Node {text!r} is not of the form 'site/node'.")
        return cls(site, node)

    @property
    def data_topic(self) -> str:
        """Topic of the node's numbered batches."""
        return f"{ROOT}/data/{self}"

    @property
    def ack_topic(self) -> str:
        """Topic of the platform's watermarks for this node."""
        return f"{ROOT}/ack/{self}"

    @property
    def birth_topic(self) -> str:
        """Topic of the node's retained birth and death certificates."""
        return f"{ROOT}/node/{self}"

    @property
    def command_topic(self) -> str:
        """Topic of commands to this node."""
        return f"{ROOT}/cmd/{self}"

    @property
    def result_topic(self) -> str:
        """Topic of the node's answers to commands."""
        return f"{ROOT}/result/{self}"


def node_of(topic: str) -> NodeId:
    """Return the node of a `data`, `ack`, `node`, `cmd` or `result` topic.

    Raises:
        ContractError: if the topic is not one of these.
    """
    levels = topic.split("/")
    if len(levels) != 5 or levels[:2] != ["seamline", "v1"]:
        raise ContractError(f"Topic {topic!r} does not name a node.")
    return NodeId(levels[3], levels[4])


@dataclass(frozen=True, slots=True)
class RawTopic:
    """A topic of the open door: `raw/{site}/{area}/{line}/{cell}[/{metric}]`."""

    site: str
    area: str
    line: str
    cell: str
    metric: str | None

    @classmethod
    def parse(cls, topic: str) -> "RawTopic":
        """Read a raw topic.

        Raises:
            ContractError: if it has not four or five levels after `raw`, or a level is not allowed.
        """
        levels = topic.split("/")
        if levels[:3] != ["seamline", "v1", "raw"] or len(levels) not in (7, 8):
            raise ContractError(
                f"Topic {topic!r} is not '{ROOT}/raw/<site>/<area>/<line>/<cell>[/<metric>]'."
            )
        for level in levels[3:]:
            check_level(level, "level")
        site, area, line, cell = levels[3:7]
        return cls(site, area, line, cell, levels[7] if len(levels) == 8 else None)


def uns_topic(enterprise: str, site: str, *levels: str) -> str:
    """Return the retained Unified Namespace topic of a site, area, line or cell (ISA-95)."""
    return "/".join((ROOT, "uns", enterprise, site, *levels))


def new_order_topic(seller: str) -> str:
    """Topic on which a seller places orders."""
    return f"{ROOT}/orders/{check_level(seller, 'seller')}/new"


def promise_topic(seller: str) -> str:
    """Topic on which the platform answers a seller with a promise date."""
    return f"{ROOT}/orders/{check_level(seller, 'seller')}/promise"


PLAN_FILTER = f"{ROOT}/plan/+"
PLAN_STATUSES = ("accepted", "provisional", "proposal")


def plan_topic(status: str) -> str:
    """Topic of the plan with this status; an empty payload means that there is none.

    Raises:
        ContractError: if no plan can have that status.
    """
    if status not in PLAN_STATUSES:
        raise ContractError(f"A plan is {', '.join(PLAN_STATUSES)}; got {status!r}.")
    return f"{ROOT}/plan/{status}"


@dataclass(frozen=True, slots=True)
class BenchTopics:
    """Topics of one streaming benchmark: `bench/{run}/out|in|answer/...`."""

    run: str

    def __post_init__(self) -> None:
        check_level(self.run, "run")

    def out(self, kind: str) -> str:
        """Topic of what every model hears: `task`, `series`, `orders`, `known`, .. (`#`: all)."""
        return f"{ROOT}/bench/{self.run}/out/{kind}"

    def sent_by(self, model: str, kind: str) -> str:
        """Topic of what a model says: `hello`, `synced`, `forecast` (`+` and `#`: all)."""
        return f"{ROOT}/bench/{self.run}/in/{model}/{kind}"

    def answer(self, model: str) -> str:
        """Topic on which a model is told what became of its forecast."""
        return f"{ROOT}/bench/{self.run}/answer/{model}"
