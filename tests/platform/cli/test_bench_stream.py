"""A whole streaming benchmark: a broker, models as processes, orders over MQTT alone."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seamline_broker.client import MqttClient
from seamline_broker.contracts.topics import BenchTopics
from seamline_broker.embedded import free_port
from seamline_broker.errors import ConfigError, ExperimentError
from seamline_platform.cli import bench_stream
from seamline_platform.cli.bench_stream import ADDRESS_VARIABLE, StreamOptions, address_of
from seamline_platform.experiments.forecasting.stream.buffer import Buffer
from seamline_platform.experiments.forecasting.stream.messages import decode, encode_forecasts
from seamline_platform.experiments.forecasting.stream.orders import Disorder

TASK = """
name: own
title: My own series
dataset: file
file: own.csv
horizon: 2
season_length: 4
frequency: D
metric: mase
windows: 2
levels: [0.1, 0.5, 0.9]
terms: {lead_time: 1, review: 1, underage: 4, overage: 1}
decision_origins: 4
"""


@pytest.fixture
def task(tmp_path: Path) -> str:
    (tmp_path / "own.yaml").write_text(TASK)
    days = np.arange("2024-01-01", "2024-02-20", dtype="datetime64[D]")
    sold = np.random.default_rng(5).poisson(6.0, (4, len(days))) + 1
    rows = [f"S{s},{day},{sold[s, t]}" for s in range(4) for t, day in enumerate(days)]
    (tmp_path / "own.csv").write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return str(tmp_path / "own.yaml")


def note(text: str) -> None:
    assert text


@pytest.mark.e2e
def test_over_the_embedded_broker_with_nothing_late_the_stream_scores_as_the_batch(
    task: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "from seamline_platform.demand.local.naive import Naive\n\n\nclass Mine(Naive): ...\n"
    )
    models = ("seasonal_naive", f"{tmp_path / 'mine.py'}:Mine")
    found = bench_stream.run(StreamOptions(task, models, pace_s=60, disorder=Disorder.none()), note)
    assert [m["model"] for m in found["models"]] == ["SeasonalNaive", models[1]]
    assert (found["series"], found["origins"], found["failed"]) == (4, 2, [])
    for model in found["models"]:
        assert (model["given"], model["late"], model["refused"]) == (1.0, 0, 0)
        assert model["streamed"] == model["batch"]
        assert 0 < model["worst_delay_ms"] < 86_400_000 / 2


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if binary is None:
        pytest.skip("Mosquitto is not installed (Debian: apt install mosquitto)")
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen(
        [binary, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end_s = time.monotonic() + 10
        while time.monotonic() < end_s:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            threading.Event().wait(0.02)
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


class Stranger:
    """A model in no forecaster's clothes: it forecasts the last value, by the page's messages."""

    def __init__(self, broker: str, run: str, name: str, answers: bool = True) -> None:
        self.topics, self.name, self.answers = BenchTopics(run), name, answers
        self.buffer = Buffer()
        self.told: list[dict[str, Any]] = []
        host, _, port = broker.removeprefix("mqtt://").partition(":")
        self.client = MqttClient(
            host, int(port), client_id=f"stranger-{name}",
            on_message=lambda topic, payload, *_: self.hear(topic, payload),
        )  # fmt: skip
        self.client.subscribe(self.topics.out("#"))
        self.client.subscribe(self.topics.answer(name))
        self.client.start()

    def hear(self, topic: str, payload: bytes) -> None:
        if "/answer/" in topic:
            self.told.append(json.loads(payload))
            return
        for request in self.buffer.take(*decode(payload)):
            self.client.publish(self.topics.sent_by(self.name, "forecast"), b"no json")
            if self.answers:
                last = {row["unique_id"]: row["y"] for row in
                        self.buffer.history(request).to_pylist()}  # fmt: skip
                rows = {name: [[y, y, y]] * 2 for name, y in last.items()}
                for part in encode_forecasts(request.origin, rows):
                    self.client.publish(self.topics.sent_by(self.name, "forecast"), part)
        if self.buffer.called:
            self.buffer.called = False
            self.client.publish(self.topics.sent_by(self.name, "hello"), "{}")
        while self.buffer.syncs:
            said = json.dumps({"seq": self.buffer.syncs.pop(0)})
            self.client.publish(self.topics.sent_by(self.name, "synced"), said)


@pytest.mark.e2e
@pytest.mark.slow
def test_a_stranger_over_mosquitto_takes_part_and_a_silent_one_falls_back(
    task: str, mosquitto: str
) -> None:
    talks = Stranger(mosquitto, "run7", "talks")
    silent = Stranger(mosquitto, "run7", "silent", answers=False)
    try:
        found = bench_stream.run(
            StreamOptions(
                task, (), ("talks", "silent"), pace_s=1.0, broker=mosquitto, run="run7",
                disorder=Disorder.none(),
            ),
            note,
        )  # fmt: skip
    finally:
        talks.client.stop(0)
        silent.client.stop(0)
    models: dict[str, Any] = {model["model"]: model for model in found["models"]}
    assert (models["talks"]["given"], models["talks"]["refused"]) == (1.0, 2)
    assert (models["silent"]["given"], models["silent"]["refused"]) == (0.0, 2)
    assert models["silent"]["streamed"] == found["references"]["SeasonalNaive"]
    assert talks.buffer.ended
    accepted = [answer["accepted"] for answer in talks.told if not answer["error"]]
    assert accepted == [4, 4]
    assert any("not JSON" in answer["error"] for answer in talks.told)


@pytest.mark.e2e
@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_named(task: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("class Bad:\n    pass\n")
    found = bench_stream.run(StreamOptions(task, (f"{tmp_path / 'bad.py'}:Bad",)), note)
    assert found["models"] == []
    (failed,) = found["failed"]
    assert failed["model"].endswith("bad.py:Bad")
    assert "has no method 'forecast'" in failed["reason"]


@pytest.mark.e2e
def test_a_model_that_never_comes_is_waited_for_only_so_long(task: str) -> None:
    with pytest.raises(ExperimentError, match=r"No model said hello.*waited for nobody"):
        bench_stream.run(StreamOptions(task, (), ("nobody",), patience_s=0.5), note)


def test_options_without_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="needs a model"):
        StreamOptions("own", ())
    with pytest.raises(ConfigError, match="pace_s is 0"):
        StreamOptions("own", pace_s=0)
    with pytest.raises(ConfigError, match="one name"):
        bench_stream._names(("a/mine.py:M", "b/mine.py:M"))
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="Which broker"):
        address_of(None)
    monkeypatch.setenv(ADDRESS_VARIABLE, "mqtt://x:1")
    assert address_of(None) == "mqtt://x:1"
    assert address_of("mqtt://y:2") == "mqtt://y:2"
