"""`seamline bench stream`: broker, models as processes of their own, and the bench between them."""

import contextlib
import os
import secrets as random_names
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from seamline_broker.address import BrokerAddress
from seamline_broker.client import MqttClient
from seamline_broker.clock import WallClock
from seamline_broker.contracts.topics import BenchTopics
from seamline_broker.embedded import EmbeddedBroker
from seamline_broker.errors import BrokerError, ConfigError
from seamline_broker.parentwatch import child_environment, die_with_parent
from seamline_broker.users import Secrets

if TYPE_CHECKING:
    from seamline_platform.experiments.forecasting.contract import Forecasted, Task, Window
    from seamline_platform.experiments.forecasting.stream.orders import Disorder
    from seamline_platform.experiments.forecasting.stream.outcome import Outcome
    from seamline_platform.experiments.forecasting.stream.scorebook import Scorebook
    from seamline_platform.experiments.forecasting.stream.script import Script

Note = Callable[[str], None]
ADDRESS_VARIABLE: Final = "SEAMLINE_BENCH_BROKER"
"""Where a model's process reads the broker's URL: a command line would show the password."""
_USER: Final = "bench"
_CONNECT_S: Final = 15.0
_LEAVE_S: Final = 20.0
_REFERENCES: Final = ("SeasonalNaive", "Naive2")


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What to stream, to whom, and how untidily."""

    task: str
    models: tuple[str, ...] = ("SeasonalNaive",)
    wait_for: tuple[str, ...] = ()
    """Models of somebody else's: names under which they will say hello."""
    data_dir: Path | None = None
    series: int = 30
    decisions: bool = False
    pace_s: float = 20.0
    patience_s: float = 120.0
    seed: int = 1
    run: str = ""
    broker: str | None = None
    disorder: "Disorder | None" = None
    allowed_lateness: float = 0.25
    deadline: float = 0.5

    def __post_init__(self) -> None:
        if not self.models and not self.wait_for:
            raise ConfigError("A stream needs a model: --models, or --wait-for for one of yours.")
        for name in ("series", "pace_s", "patience_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: above 0.")


@dataclass(slots=True)
class _Models:
    """Models that run as processes of ours."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def start(self, name: str, spec: str, run: str, url: str, log: Path) -> None:
        command = [sys.executable, "-m", "seamline_platform.cli.main", "bench", "stream-model",
                   spec, "--run", run]  # fmt: skip
        environment = child_environment() | {ADDRESS_VARIABLE: url}
        with log.open("wb") as out:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment | {"OMP_NUM_THREADS": "1"}, preexec_fn=die_with_parent(),
            )  # fmt: skip
        self.logs[name] = log

    def gone(self) -> Mapping[str, str]:
        """Return models whose process has ended badly, with the end of what it said."""
        return {
            name: " | ".join(self.logs[name].read_text(errors="replace").splitlines()[-2:])
            for name, process in self.processes.items()
            if process.poll() not in (None, 0)
        }

    def close(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LEAVE_S)
            if process.poll() is None:
                process.kill()
                process.wait()


def run(options: StreamOptions, note: Note) -> dict[str, Any]:
    """Stream a task; return what was asked and each model's outcome.

    Raises:
        ConfigError: if the task, or an option, is not allowed; the task's data cannot be streamed.
        MissingDataError: if the task's data are not there.
        BrokerError: if the broker does not start, or cannot be reached.
        ExperimentError: if no model says hello.
    """
    task, dataset, windows = _ground(options)
    script, book = _script(options, task, windows)
    run_id = options.run or f"s{random_names.token_hex(3)}"
    names = _names(options.models)
    note(
        f"{task.name}: {len(book.ids)} series, {len(windows)} origins, {len(script.book.order):,} "
        f"words of orders; run {run_id} ..."
    )
    with tempfile.TemporaryDirectory(prefix="seamline-stream-") as folder:
        gone = _play(options, script, book, names, run_id, Path(folder), note)
        note("The same models on the whole data at once ...")
        batch = _batch(tuple(names.values()), options.seed, task, windows, Path(folder))
    spoke = {name: spec for name, spec in names.items() if name not in gone}
    spoke |= {name: name for name in options.wait_for}
    streamed = {
        spec: tuple(replace(said, model=spec) for said in book.forecasts(name))
        for name, spec in spoke.items()
    }
    found = _outcomes(options, task, dataset, windows, streamed, batch, book, names)
    references = _references(task, dataset, windows, batch, options.seed)
    return {
        "task": task.name, "run": run_id, "series": len(book.ids), "origins": len(windows),
        "kind": windows[0].kind, "metric": task.metric, "seed": options.seed,
        "allowed_lateness_ms": script.brief.allowed_lateness_ms,
        "models": [outcome.document() for outcome in found],
        "references": references,
        "failed": [{"model": names[name], "reason": reason} for name, reason in gone.items()],
    }  # fmt: skip


def _ground(options: StreamOptions) -> tuple["Task", Any, tuple["Window", ...]]:
    from seamline_platform.experiments.forecasting.loaders import load_dataset
    from seamline_platform.experiments.forecasting.stream.outcome import narrowed
    from seamline_platform.experiments.forecasting.task import load_task
    from seamline_platform.experiments.forecasting.windows import windows_of

    task = load_task(options.task)
    if options.decisions and task.terms is None:
        raise ConfigError(f"Task {task.name} has no terms: no decisions are made in it.")
    dataset = load_dataset(task, options.data_dir)
    windows = windows_of(task, dataset, "decisions" if options.decisions else "accuracy")
    return task, dataset, narrowed(windows, options.series)


def _script(
    options: StreamOptions, task: "Task", windows: Sequence["Window"]
) -> tuple["Script", "Scorebook"]:
    from seamline_platform.experiments.forecasting.stream.orders import Disorder
    from seamline_platform.experiments.forecasting.stream.scorebook import Scorebook
    from seamline_platform.experiments.forecasting.stream.script import Rules, Script

    rules = Rules(options.allowed_lateness, options.deadline)
    script = Script(task, windows, rules, options.disorder or Disorder(), options.seed)
    return script, Scorebook(task, windows, script.requests(), script.frequency)


def _names(specs: Sequence[str]) -> dict[str, str]:
    from seamline_platform.demand.protocol import canonical_name
    from seamline_platform.experiments.forecasting.stream.client import name_of

    named = [canonical_name(spec) for spec in specs]
    names = {name_of(spec): spec for spec in named}
    if len(names) < len(specs):
        raise ConfigError(f"Two models would speak under one name: {', '.join(specs)}.")
    return names


def _play(
    options: StreamOptions, script: "Script", book: "Scorebook", names: Mapping[str, str],
    run_id: str, folder: Path, note: Note,
) -> Mapping[str, str]:  # fmt: skip
    """Play the script over the broker; return the models that ended badly, with a reason."""
    from seamline_platform.experiments.forecasting.stream.conductor import Conductor

    topics, models, everybody = BenchTopics(run_id), _Models(), [*names, *options.wait_for]
    with _broker(options, everybody, folder) as urls, contextlib.ExitStack() as stack:
        address = BrokerAddress.parse(urls[_USER])
        heard: list[Callable[..., None]] = []
        client = MqttClient(
            address.host, address.port, client_id=f"bench-{run_id}", user=address.user,
            password=address.password, max_queued=5_000,
            on_message=lambda *message: heard[0](*message),
        )  # fmt: skip
        conductor = Conductor(
            client, topics, script, book, everybody, WallClock(), options.pace_s,
            options.patience_s, models.gone,
        )  # fmt: skip
        heard.append(conductor.hear)
        client.subscribe(topics.sent_by("+", "#"))
        client.start()
        stack.callback(client.stop, 1.0)
        if not client.wait_connected(_CONNECT_S):
            raise BrokerError(f"No connection to {address}: {client.last_error}.")
        stack.callback(models.close)
        for name, spec in names.items():
            models.start(name, spec, run_id, urls[name], folder / f"{name}.log")
        for name in options.wait_for:
            note(f"Waiting for {name!r} at {urls[name]} (run {run_id}) ...")
        conductor.run()
        client.wait_pending(0, _CONNECT_S)
        return models.gone()


@contextmanager
def _broker(
    options: StreamOptions, models: Sequence[str], folder: Path
) -> Iterator[Mapping[str, str]]:
    """Yield the broker's URL for the bench and for each model: the embedded one, or yours."""
    if options.broker is not None:
        BrokerAddress.parse(options.broker)
        yield dict.fromkeys([_USER, *models], options.broker)
        return
    secrets = Secrets.open(folder / "secrets.json")
    users = [secrets.ensure(_USER, "bench"), *(secrets.ensure(m, "model") for m in models)]
    with EmbeddedBroker(secrets, folder / "broker", clock=WallClock()) as broker:
        place = f"{broker.connect_host}:{broker.port}"
        yield {u.name: f"mqtt://{quote(u.name)}:{quote(u.password)}@{place}" for u in users}


def _batch(
    specs: tuple[str, ...], seed: int, task: "Task", windows: Sequence["Window"], folder: Path
) -> dict[str, tuple["Forecasted", ...]]:
    from seamline_platform.experiments.forecasting.runner import Runner

    runner = Runner(folder / "cache", seed=seed)
    try:
        return {
            spec: runner.forecast_all(spec, task, windows)
            for spec in dict.fromkeys([*specs, *_REFERENCES])
        }
    finally:
        runner.close()


def _outcomes(
    options: StreamOptions, task: "Task", dataset: Any, windows: Sequence["Window"],
    streamed: Mapping[str, tuple["Forecasted", ...]],
    batch: dict[str, tuple["Forecasted", ...]], book: "Scorebook", names: Mapping[str, str],
) -> tuple["Outcome", ...]:  # fmt: skip
    from seamline_platform.experiments.forecasting.stream.outcome import outcomes

    kept = {spec: book.punctuality(name) for name, spec in names.items()}
    kept |= {name: book.punctuality(name) for name in options.wait_for}
    return outcomes(task, dataset, windows, streamed, batch, kept, options.seed)


def _references(
    task: "Task", dataset: Any, windows: Sequence["Window"],
    batch: Mapping[str, tuple["Forecasted", ...]], seed: int,
) -> dict[str, Any]:  # fmt: skip
    from seamline_platform.experiments.forecasting.cardfile import plain
    from seamline_platform.experiments.forecasting.scorecard import scores_of

    return {
        score.model: plain(score.metrics)
        for score in scores_of(task, dataset, windows, batch, seed)
        if score.model in _REFERENCES
    }


def address_of(url: str | None) -> str:
    """Return the broker's URL as given, or from the environment.

    Raises:
        ConfigError: if there is none.
    """
    found = url or os.environ.get(ADDRESS_VARIABLE)
    if not found:
        raise ConfigError(
            f"Which broker? --broker mqtt://user:password@host:port, or {ADDRESS_VARIABLE}."
        )
    return found
