"""The MQTT connection of one node: certificate, will, subscriptions."""

from collections.abc import Callable
from typing import Final, Protocol

from seamline_broker.client import MqttClient
from seamline_broker.clock import Clock
from seamline_broker.contracts.batch import MAX_MESSAGE_BYTES
from seamline_broker.contracts.messages import Birth
from seamline_broker.contracts.topics import NodeId
from seamline_broker.errors import ContractError
from seamline_edge.drivers.driver import NodeProfile
from seamline_edge.gateway.config import GatewayConfig, NodeLogin

CONNECTED: Final = ""


class Inbox(Protocol):
    """Takes what the network thread has received; an empty topic says that the node connected."""

    def __call__(self, node: str, topic: str, payload: bytes) -> None:
        """Put a message into the queue of the gateway's loop."""


class NodeLink:
    """One node's connection, with a death certificate left at the broker as its will.

    Args:
        config: where the broker is.
        prefix: begins the client id; two connections with one id throw each other out.
        login: node and user.
        clock: stamps certificates.
        inbox: takes messages, in the network thread.
        connect: makes the client; tests hand in another.
    """

    def __init__(
        self,
        config: GatewayConfig,
        prefix: str,
        login: NodeLogin,
        clock: Clock,
        inbox: Inbox,
        connect: Callable[..., MqttClient] = MqttClient,
    ) -> None:
        self.node = login.node
        self._id = NodeId.parse(login.node)
        self._clock = clock
        self._born = False
        self.profile = NodeProfile("sensor")
        self._client = connect(
            config.broker_host,
            config.broker_port,
            client_id=f"{prefix}-{self._id.site}.{self._id.node}",
            user=login.user,
            password=login.password,
            will=(self._id.birth_topic, self._certificate(False, "").encode(), 1, True),
            on_connect=lambda _client: inbox(login.node, CONNECTED, b""),
            on_message=lambda topic, payload, _mid, _qos, _retain: inbox(
                login.node, topic, payload
            ),
        )
        self._client.subscribe(self._id.ack_topic)
        self._client.subscribe(self._id.command_topic)

    @property
    def ready(self) -> bool:
        """True if connected and the certificate of this connection is on its way."""
        return self._born and self._client.connected

    def start(self) -> None:
        """Begin to connect."""
        self._client.start()

    def is_ack(self, topic: str) -> bool:
        """Tell an acknowledgement from a command."""
        return topic == self._id.ack_topic

    def _certificate(self, online: bool, epoch: str) -> Birth:
        shown = self.profile if online else NodeProfile(self.profile.kind)
        return Birth(
            self._id.site, self._id.node, shown.kind, online, self._clock.wall_ms(), epoch,
            shown.devices, shown.commands, shown.catalogue,
        )  # fmt: skip

    def bear(self, epoch: str) -> None:
        """Publish the birth certificate.

        Raises:
            ContractError: if it is larger than a message may be.
        """
        payload = self._certificate(True, epoch).encode()
        if len(payload) > MAX_MESSAGE_BYTES:
            raise ContractError(
                f"Birth certificate of {self.node} takes {len(payload)} bytes; {MAX_MESSAGE_BYTES} "
                "are allowed. Give its devices to several nodes, or the scenario fewer styles."
            )
        self._born = self._client.publish(self._id.birth_topic, payload, 1, True)

    def send(self, payload: bytes) -> bool:
        """Publish a batch; False if that is not possible now."""
        return self.ready and self._client.publish(self._id.data_topic, payload, 1)

    def report(self, payload: bytes) -> bool:
        """Publish the result of a command."""
        return self._client.connected and self._client.publish(self._id.result_topic, payload, 1)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Publish something else, if connected."""
        return self._client.connected and self._client.publish(topic, payload, qos, retain)

    def bury(self, epoch: str) -> None:
        """Publish the death certificate of an orderly end."""
        if self._client.connected:
            self._client.publish(
                self._id.birth_topic, self._certificate(False, epoch).encode(), 1, True
            )

    def stop(self, timeout_s: float) -> None:
        """Close the connection once the broker has everything, or after `timeout_s`."""
        self._client.stop(timeout_s)
