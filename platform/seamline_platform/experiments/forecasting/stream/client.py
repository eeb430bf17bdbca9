"""Any forecaster as an MQTT client: the model's side of a streaming benchmark.

It hears orders and nothing else, and answers each request that its buffer says is due.
"""

import json
import queue
import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from seamline_broker.address import BrokerAddress
from seamline_broker.client import MqttClient
from seamline_broker.contracts.topics import BenchTopics
from seamline_broker.errors import BrokerError, ContractError
from seamline_platform.demand.frame import grid_of, panel_of
from seamline_platform.demand.protocol import (
    Forecaster,
    Trainable,
    check_forecast,
    load_forecaster,
)
from seamline_platform.experiments.forecasting.stream.buffer import Buffer
from seamline_platform.experiments.forecasting.stream.messages import (
    Brief,
    Message,
    Request,
    decode,
    encode_forecasts,
)

_CONNECT_S: Final = 15.0
_SEND_S: Final = 60.0


def name_of(spec: str) -> str:
    """Return a model's name as one level of a topic: `mine.py:Mine` speaks as `mine-py-Mine`."""
    return re.sub(r"[^\w-]+", "-", spec.rpartition("/")[2])[:64]


class Pupil:
    """A forecaster with its buffer: messages in, forecasts out. No broker, no clock."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self.buffer = Buffer()
        self._model: Forecaster | None = None
        self._answered = 0

    def take(self, seq: int, message: Message) -> list[bytes]:
        """Take one message; return the messages of the forecasts that it makes due.

        Raises:
            PluginError: if the model cannot be loaded, or breaks its promise.
            ContractError: if a message has a period that is none.
        """
        return [
            part for request in self.buffer.take(seq, message) for part in self._answer(request)
        ]

    def _answer(self, request: Request) -> list[bytes]:
        brief = self.buffer.brief
        if brief is None:
            raise ContractError("A forecast was asked for before the task was told.")
        history = self.buffer.history(request)
        model = self._loaded(brief)
        if isinstance(model, Trainable) and self._answered % brief.refit == 0:
            model.fit(history, brief.horizon, brief.levels)
        self._answered += 1
        return encode_forecasts(request.origin, _rows(model, history, brief))

    def _loaded(self, brief: Brief) -> Forecaster:
        if self._model is None:
            self._model = load_forecaster(
                self.spec, season_length=brief.season_length, threads=1, seed=brief.seed
            )
        return self._model


def _rows(model: Forecaster, history: pa.Table, brief: Brief) -> Mapping[str, list[list[float]]]:
    panel = panel_of(history)
    came = model.forecast(history, brief.horizon, brief.levels)
    grid = grid_of(check_forecast(came, panel, brief.horizon, brief.levels), panel.freq)
    return {name: grid.values[i].tolist() for i, name in enumerate(grid.ids)}


def run_model(spec: str, broker: str, run: str) -> dict[str, int]:
    """Take part in a run until its end; return counts of orders, of those told twice, and late.

    Args:
        spec: registered forecaster or loose file `mine.py:Mine`.
        broker: `mqtt://user:password@host:port`.
        run: name of the run.

    Raises:
        BrokerError: if the broker cannot be reached, or is lost while sending.
        PluginError: if the model cannot be loaded, or breaks its promise.
        ContractError: if a message is not of the documented form.
    """
    topics, name = BenchTopics(run), name_of(spec)
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    address = BrokerAddress.parse(broker)

    client = MqttClient(
        address.host, address.port, client_id=f"bench-{run}-{name}", user=address.user,
        password=address.password, clean_session=True,
        on_message=lambda topic, payload, *_: heard.put(payload), max_queued=20_000,
    )  # fmt: skip
    client.subscribe(topics.out("#"))
    client.start()
    if not client.wait_connected(_CONNECT_S):
        client.stop(0)
        raise BrokerError(f"No connection to {address}: {client.last_error}.")
    pupil = Pupil(spec)
    try:
        while not pupil.buffer.ended:
            _step(client, topics, name, pupil, heard.get())
    finally:
        client.wait_pending(0, 5.0)
        client.stop(1.0)
    counts = pupil.buffer.counts
    return {"orders": counts.orders, "twice": counts.twice, "late": counts.late}


def _step(client: MqttClient, topics: BenchTopics, name: str, pupil: Pupil, payload: bytes) -> None:
    for part in pupil.take(*decode(payload)):
        _send(client, topics.sent_by(name, "forecast"), part)
    if pupil.buffer.called:
        pupil.buffer.called = False
        said = {"v": 1, "model": pupil.spec}
        _send(client, topics.sent_by(name, "hello"), json.dumps(said))
    while pupil.buffer.syncs:
        heard = {"v": 1, "seq": pupil.buffer.syncs.pop(0)}
        _send(client, topics.sent_by(name, "synced"), json.dumps(heard))


def _send(client: MqttClient, topic: str, payload: bytes | str) -> None:
    if not client.publish(topic, payload):
        client.wait_pending(0, _SEND_S)
        if not client.publish(topic, payload):
            raise BrokerError(f"The broker takes no message on {topic!r}: {client.last_error}.")
