"""Settings for Eclipse Mosquitto with the users and permissions of a run directory.

For those who want MQTT 5, TLS or a broker of their own: it takes MQTT 3.1.1 and 5 on one port.
"""

import base64
import hashlib
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seamline_broker.users import BrokerUser, access_of, write_private

CONF_NAME: Final = "mosquitto.conf"
ACL_NAME: Final = "mosquitto.acl"
PASSWORDS_NAME: Final = "mosquitto.passwd"

_ITERATIONS = 101
_SALT_BYTES = 12

_CONF = """\
# Mosquitto 2 for Seamline. It accepts MQTT 3.1.1 and MQTT 5 on the same port.
listener {port} {host}
# Started as root (a system service), it must be the owner of these private files to read them.
user {owner}
allow_anonymous false
password_file {directory}/{passwords}
acl_file {directory}/{acl}
# The platform itself rejects above 64 KiB and records it; this is only the outer wall.
max_packet_size 1048576
# The default of 1000 drops acknowledged messages of a platform that is away for a second.
max_queued_messages 100000
max_queued_bytes 268435456
max_inflight_messages 1000
persistence true
persistence_location {directory}/
autosave_interval 30
set_tcp_nodelay true
"""


@dataclass(frozen=True, slots=True)
class MosquittoFiles:
    """The three files: configuration, access list, hashed passwords."""

    conf: str
    acl: str
    passwords: str

    def write(self, directory: Path) -> Path:
        """Write them into `directory` (mode 0600) and return the path of the configuration.

        Raises:
            BrokerError: if they cannot be written.
        """
        write_private(directory / ACL_NAME, self.acl)
        write_private(directory / PASSWORDS_NAME, self.passwords)
        write_private(directory / CONF_NAME, self.conf)
        return directory / CONF_NAME


def mosquitto_files(
    users: Iterable[BrokerUser], directory: Path, host: str = "127.0.0.1", port: int = 1883
) -> MosquittoFiles:
    """Return the files as they should lie in `directory`."""
    known = list(users)
    conf = _CONF.format(
        port=port,
        host=host,
        owner=pwd.getpwuid(os.getuid()).pw_name,
        directory=directory.absolute(),
        acl=ACL_NAME,
        passwords=PASSWORDS_NAME,
    )
    passwords = "".join(f"{user.name}:{hash_password(user.password)}\n" for user in known)
    return MosquittoFiles(conf, "\n".join(_acl_block(user) for user in known), passwords)


def hash_password(password: str, salt: bytes | None = None) -> str:
    """Return a password as Mosquitto 2 stores it: salted PBKDF2 over SHA-512."""
    seed = os.urandom(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), seed, _ITERATIONS)
    parts = (base64.b64encode(seed).decode(), base64.b64encode(digest).decode())
    return f"$7${_ITERATIONS}${parts[0]}${parts[1]}"


def _acl_block(user: BrokerUser) -> str:
    access = access_of(user)
    lines = [f"user {user.name}"]
    lines += [f"topic write {topic_filter}" for topic_filter in access.publish]
    lines += [f"topic read {topic_filter}" for topic_filter in access.subscribe]
    return "\n".join(lines) + "\n"
