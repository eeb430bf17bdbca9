"""Who may do what at the broker: users, their generated passwords, their topics."""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from seamline_broker.contracts.topics import CLOCK, ROOT, NodeId
from seamline_broker.errors import BrokerError, ConfigError

Role = Literal["platform", "node", "seller", "raw", "reader", "replay", "gateway", "bench", "model"]

PLATFORM_USER: Final = "platform"
REPLAY_USER: Final = "replay"
RESERVED_NAMES: Final = frozenset({PLATFORM_USER, REPLAY_USER, "supervisor", "seamline"})

_RAW_NAME = re.compile(r"[^\W_][\w-]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """One user: `name` is the login; a node's user also says which `site/node` it speaks for."""

    name: str
    password: str
    role: Role
    node: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Topic filters (MQTT notation) that a user may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def user_of_node(node: str) -> str:
    """Return the login of a node: `hangzhou/line-1` logs in as `hangzhou.line-1`."""
    return node.replace("/", ".")


def check_raw_name(name: str) -> str:
    """Return `name` if a person may choose it for a device of the open door.

    Raises:
        ConfigError: if it is reserved, too long, or has other signs than letters, digits, '-', '_'.
    """
    if not _RAW_NAME.match(name) or name in RESERVED_NAMES:
        raise ConfigError(
            f"User name {name!r} is not allowed: 1 to 32 letters, digits, '-' or '_', beginning "
            f"with a letter or digit, and none of {', '.join(sorted(RESERVED_NAMES))}."
        )
    return name


def access_of(user: BrokerUser) -> Access:
    """Return what a user may publish and subscribe."""
    if user.role == "platform":
        names = ("ack", "cmd", "uns", "orders", "run", "plan")
        return Access(tuple(f"{ROOT}/{name}/#" for name in names), (f"{ROOT}/#",))
    if user.role in ("node", "gateway"):
        node = NodeId.parse(user.node)
        publish = [node.data_topic, node.birth_topic, node.result_topic]
        # The field's node alone gives the time of the run.
        if user.role == "node" and node.node == "field":
            publish.append(CLOCK)
        return Access(tuple(publish), (node.ack_topic, node.command_topic, f"{ROOT}/run/#"))
    if user.role == "seller":
        orders = f"{ROOT}/orders/{user.name}"
        return Access((f"{orders}/new",), (f"{orders}/promise", f"{ROOT}/run/#"))
    if user.role == "raw":
        return Access((f"{ROOT}/raw/+/+/+/{user.name}/#",), ())
    if user.role == "replay":
        return Access((f"{ROOT}/raw/#",), ())
    bench = f"{ROOT}/bench/+"
    if user.role == "bench":
        return Access((f"{bench}/out/#", f"{bench}/answer/#"), (f"{bench}/in/#",))
    if user.role == "model":  # under test: it hears what all hear, and speaks in its own name
        heard = (f"{bench}/out/#", f"{bench}/answer/{user.name}")
        return Access((f"{bench}/in/{user.name}/#",), heard)
    return Access((), (f"{ROOT}/uns/#", f"{ROOT}/run/#", f"{ROOT}/plan/#"))


class Secrets:
    """The file of generated passwords of one run directory: mode 0600, written as a whole."""

    def __init__(self, path: Path, prefix: str, supervisor: str, users: Iterable[BrokerUser]):
        self.path = path
        self.client_prefix = prefix
        """Begins every client id: a stranger who guesses an id could empty its session."""
        self.supervisor_password = supervisor
        self._users = {user.name: user for user in users}

    @classmethod
    def open(cls, path: Path) -> "Secrets":
        """Read the file, or make it with new secrets.

        Raises:
            BrokerError: if it cannot be read or written.
            ConfigError: if its content is not that of a secrets file.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            made = cls(path, secrets.token_hex(3), secrets.token_urlsafe(18), ())
            made.save()
            return made
        except OSError as exc:
            raise BrokerError(f"Secrets {path} cannot be read: {exc.strerror}.") from exc
        try:
            document = json.loads(text)
            users = [BrokerUser(**item) for item in document["users"]]
            bad = [user.role for user in users if user.role not in get_args(Role)]
            if bad:
                raise ValueError(f"role {bad[0]!r}; allowed: {', '.join(get_args(Role))}")
            return cls(path, str(document["client_prefix"]), str(document["supervisor"]), users)
        except (ValueError, KeyError, TypeError) as exc:
            raise ConfigError(
                f"Secrets {path} is not readable ({exc}); move it away, and new ones are made."
            ) from exc

    def users(self) -> list[BrokerUser]:
        """Return all users, in the order of their making."""
        return list(self._users.values())

    def get(self, name: str) -> BrokerUser | None:
        """Return the user of this name, or None."""
        return self._users.get(name)

    def ensure(self, name: str, role: Role, node: str = "") -> BrokerUser:
        """Return the user, made with a new password if it does not exist (call `save` after).

        Raises:
            ConfigError: if the name is taken by a user of another role.
        """
        user = self._users.get(name)
        if user is None:
            user = BrokerUser(name, secrets.token_urlsafe(12), role, node)
            self._users[name] = user
        elif (user.role, user.node) != (role, node):
            raise ConfigError(f"User {name!r} exists with the role {user.role!r}, not {role!r}.")
        return user

    def add_raw(self, name: str) -> BrokerUser:
        """Make a user for a device of the open door and save.

        Raises:
            ConfigError: if the name is not allowed or taken.
            BrokerError: if the file cannot be written.
        """
        return self._add(name, "raw")

    def add_reader(self, name: str) -> BrokerUser:
        """Make a user who may read the Unified Namespace, plans and the clock alone, and save.

        Raises:
            ConfigError: if the name is not allowed or taken.
            BrokerError: if the file cannot be written.
        """
        return self._add(name, "reader")

    def add_gateway(self, node: str) -> BrokerUser:
        """Make a user for a gateway of your own that speaks for `site/node`, and save.

        Raises:
            ConfigError: if the name is not allowed or taken.
            BrokerError: if the file cannot be written.
        """
        site, slash, name = node.partition("/")
        if not slash:
            raise ConfigError(f"Gateway {node!r} is not of the form SITE/NODE, e.g. lab/pi-7.")
        check_raw_name(site)
        check_raw_name(name)
        return self._add(user_of_node(node), "gateway", node)

    def _add(self, name: str, role: Role, node: str = "") -> BrokerUser:
        if not node:
            check_raw_name(name)
        if name in self._users:
            raise ConfigError(
                f"User {name!r} exists already; 'seamline broker user list' shows it."
            )
        user = self.ensure(name, role, node)
        self.save()
        return user

    def remove(self, name: str) -> None:
        """Remove a user that a person added, and save.

        Raises:
            ConfigError: if there is no such user, or Seamline itself needs it.
            BrokerError: if the file cannot be written.
        """
        user = self._users.get(name)
        added = ("raw", "reader", "gateway")
        removable = [u.name for u in self._users.values() if u.role in added]
        if user is None or name not in removable:
            raise ConfigError(f"User {name!r} cannot be removed; removable: {removable or 'none'}.")
        del self._users[name]
        self.save()

    def save(self) -> None:
        """Write the file so that only its owner can read it.

        Raises:
            BrokerError: if it cannot be written.
        """
        document = {
            "v": 1,
            "client_prefix": self.client_prefix,
            "supervisor": self.supervisor_password,
            "users": [asdict(user) for user in self._users.values()],
        }
        write_private(self.path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 at one stroke: readers see the old or the new one, never half.

    Raises:
        BrokerError: if it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, path)
    except OSError as exc:
        raise BrokerError(f"{path} cannot be written: {exc.strerror}.") from exc


def passwords(users: Iterable[BrokerUser]) -> Mapping[str, str]:
    """Return login -> password."""
    return {user.name: user.password for user in users}
