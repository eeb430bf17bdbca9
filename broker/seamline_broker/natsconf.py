"""The text of the embedded broker's configuration: listeners, users and their subjects."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_broker.users import BrokerUser, Secrets, access_of

SUPERVISOR_USER: Final = "supervisor"
PID_FILE: Final = "nats-server.pid"

_HEAD = """\
# Written by Seamline at each start; changes here are lost.
server_name: "seamline"
# Core NATS: a random loopback port, used by the supervisor alone.
listen: "127.0.0.1:-1"
ports_file_dir: {directory}
pid_file: {pid_file}
log_file: {log_file}
logfile_size_limit: 5MB
logfile_max_num: 3
# Above 64 KiB on purpose: a PUBLISH that is larger than this cuts the connection, and the client
# sends it again for ever. The platform itself rejects what is above 64 KiB, and says so.
max_payload: 1MB
jetstream {{ store_dir: {store}, max_mem: 64MB, max_file: 2GB }}
mqtt {{ listen: {listen}, ack_wait: "30s", max_ack_pending: 8000 }}
accounts {{ SEAMLINE {{
  jetstream: enabled
  users: [
"""
_TAIL = "  ]\n} }\n"


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def subjects(topic_filter: str) -> tuple[str, ...]:
    """Return the NATS subjects of an MQTT filter; `a/#` also means `a`, so it gives two.

    Raises:
        ConfigError: if a level holds a sign that is a wildcard in NATS.
    """
    levels = topic_filter.split("/")
    for level in levels:
        if "*" in level or ">" in level:
            raise ConfigError(f"Topic {topic_filter!r}: the embedded broker forbids '*' and '>'.")
    rest = levels[-1] == "#"
    names = [level.replace(".", "//") for level in (levels[:-1] if rest else levels)]
    base = ".".join("*" if name == "+" else name for name in names)
    return (base, f"{base}.>") if rest else (base,)


def _rule(filters: Iterable[str]) -> str:
    allowed = [subject for topic_filter in filters for subject in subjects(topic_filter)]
    # An empty list would allow everything.
    return f"allow: {json.dumps(allowed, ensure_ascii=False)}" if allowed else 'deny: ">"'


def _user_line(user: BrokerUser) -> str:
    access = access_of(user)
    # Without the connection type the same password would open the core NATS port too.
    return (
        f"    {{ user: {_quoted(user.name)}, password: {_quoted(user.password)}, "
        'allowed_connection_types: ["MQTT"], permissions {\n'
        f"      publish: {{ {_rule(access.publish)} }}\n"
        f"      subscribe: {{ {_rule(access.subscribe)} }} }} }}\n"
    )


def broker_config(secrets: Secrets, directory: Path, log_file: Path, host: str, port: int) -> str:
    """Return the configuration of nats-server for this run directory."""
    listen_host = f"[{host}]" if ":" in host else host
    head = _HEAD.format(
        directory=_quoted(directory),
        pid_file=_quoted(directory / PID_FILE),
        log_file=_quoted(log_file),
        store=_quoted(directory / "js"),
        listen=_quoted(f"{listen_host}:{port}"),
    )
    supervisor = (
        f"    {{ user: {_quoted(SUPERVISOR_USER)}, password: "
        f"{_quoted(secrets.supervisor_password)}, "
        'allowed_connection_types: ["STANDARD", "MQTT"] }\n'
    )
    return head + supervisor + "".join(_user_line(user) for user in secrets.users()) + _TAIL
