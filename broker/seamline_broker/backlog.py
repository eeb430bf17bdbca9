"""Limits what the embedded broker keeps for absent clients: 256 MiB, the oldest dropped first.

Without the limit the broker's disk quota fills while the platform is away, and then nobody can
connect any more, not even the platform that would empty it. Run as a short process of its own
(`python -m seamline_broker.backlog`), so that the supervisor stays small.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from typing import Any, Final

import nats
from nats.errors import Error as NatsError

from seamline_broker.client import MqttClient
from seamline_broker.errors import BrokerError
from seamline_broker.natsconf import SUPERVISOR_USER

STREAM: Final = "$MQTT_msgs"
MAX_BYTES: Final = 256 * 1024 * 1024
PASSWORD_VARIABLE: Final = "SEAMLINE_BROKER_PASSWORD"

_TIMEOUT_S = 5.0


def limit_backlog(nats_url: str, mqtt: tuple[str, int], password: str) -> Mapping[str, object]:
    """Set the limit and return the stream's configuration afterwards.

    Raises:
        BrokerError: if the broker does not answer or refuses.
    """
    # The broker makes its MQTT streams when the first MQTT client connects.
    first = MqttClient(
        *mqtt, client_id=f"limit-{secrets.token_hex(6)}", user=SUPERVISOR_USER, password=password
    )
    first.start()
    try:
        if not first.wait_connected(_TIMEOUT_S):
            raise BrokerError(first.last_error or f"MQTT broker {mqtt[0]}:{mqtt[1]} is silent.")
        return asyncio.run(_limit(nats_url, password))
    except (NatsError, OSError, TimeoutError) as exc:
        raise BrokerError(f"Broker at {nats_url} does not take its limits: {exc!r}.") from exc
    finally:
        first.stop(0)


async def _limit(nats_url: str, password: str) -> Mapping[str, object]:
    connection = await nats.connect(
        nats_url,
        user=SUPERVISOR_USER,
        password=password,
        allow_reconnect=False,
        connect_timeout=_TIMEOUT_S,
    )
    try:
        info = await _request(connection, f"$JS.API.STREAM.INFO.{STREAM}", b"")
        wanted = {**info["config"], "max_bytes": MAX_BYTES, "discard": "old"}
        body = json.dumps(wanted).encode()
        answer = await _request(connection, f"$JS.API.STREAM.UPDATE.{STREAM}", body)
        config: Mapping[str, object] = answer["config"]
        return config
    finally:
        await connection.close()


async def _request(connection: Any, subject: str, body: bytes) -> Any:
    answer = json.loads((await connection.request(subject, body, timeout=_TIMEOUT_S)).data)
    if "error" in answer:
        raise BrokerError(f"Broker refused {subject}: {answer['error'].get('description')}.")
    return answer


def main(arguments: list[str]) -> int:
    """Run as `python -m seamline_broker.backlog NATS_URL MQTT_HOST MQTT_PORT`."""
    nats_url, host, port = arguments
    try:
        limit_backlog(nats_url, (host, int(port)), os.environ[PASSWORD_VARIABLE])
    except BrokerError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
