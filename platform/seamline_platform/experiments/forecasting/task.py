"""Tasks as YAML: those that come along, and a user's own."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from importlib import resources
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.experiments.forecasting.contract import Task, Terms

FREQUENCIES: Final = ("h", "D", "W", "MS", "QS", "YS", "int")
_TASKS: Final = resources.files("seamline_platform.experiments.forecasting") / "tasks"
_WHOLE: Final = frozenset(
    {"horizon", "season_length", "windows", "step", "decision_origins", "decision_horizon",
     "max_series", "accuracy_series", "newest", "refit", "lead_time", "review", "moq", "warm_up"}
)  # fmt: skip
_NUMBERS: Final = frozenset({"underage", "overage", "capacity", "order_cost"})
_FLAGS: Final = frozenset({"official_test", "nonnegative", "carry_over"})
_LISTS: Final = frozenset({"covariates", "past_only", "static"})
_METRICS: Final = (
    "mase", "rmsse", "smape", "owa", "wrmsse", "scaled_pinball", "crps",
)  # fmt: skip
"""What a task may rank models by."""


def task_names() -> list[str]:
    """Return the names of the tasks that come along, in the order in which they are run."""
    order = ("m3", "m4", "carparts", "hospital", "weekly", "walmart", "market")
    names = [entry.name[:-5] for entry in _TASKS.iterdir() if entry.name.endswith(".yaml")]

    def place(name: str) -> tuple[int, str]:
        found = [i for i, prefix in enumerate(order) if name.startswith(prefix)]
        return (found[0] if found else len(order), name)

    return sorted(names, key=place)


def load_task(name_or_path: str) -> Task:
    """Return a task by the name it comes along with, or from a YAML file of your own.

    Raises:
        ConfigError: if there is no such task, or a line of the file says what is not allowed.
        PluginError: if the extra `bench` is not installed.
    """
    if name_or_path in task_names():
        source = f"task {name_or_path}"
        text = (_TASKS / f"{name_or_path}.yaml").read_text(encoding="utf-8")
        return parse_task(text, source)
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(
            f"There is no task {name_or_path!r}; tasks: {', '.join(task_names())}; "
            "or name a YAML file of your own."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"Task file {name_or_path!r} cannot be read: {exc}.") from exc
    task = parse_task(text, str(path), path.resolve().parent)
    if task.name in task_names():
        raise ConfigError(
            f"{path}: name is {task.name!r}, which is taken by a task that comes along; "
            "allowed: any other name."
        )
    return task


def parse_task(text: str, source: str, folder: Path | None = None) -> Task:
    """Return the task in a YAML text; `source` names it in errors.

    A relative `file` is looked for in `folder`.

    Raises:
        ConfigError: naming line and key, what came, and what is allowed.
        PluginError: if the extra `bench` is not installed.
    """
    reader = _Reader(source)
    given = reader.mapping(reader.compose(text), Task)
    if "file" in given and folder is not None:
        given["file"] = str(folder / str(given["file"]))
    missing = [f.name for f in fields(Task) if _required(f) and f.name not in given]
    if missing:
        raise ConfigError(f"{source}: {missing[0]!r} is missing; a task needs {_needs()}.")
    try:
        return Task(**given)
    except ConfigError as exc:
        raise ConfigError(f"{source}: {exc}") from exc


def _required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _needs() -> str:
    return ", ".join(f.name for f in fields(Task) if _required(f))


class _Reader:
    """Reads YAML nodes, which know their line."""

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            import yaml
        except ImportError as exc:
            raise PluginError(
                "Tasks are YAML, which needs the extra: pip install 'seamline[bench]' "
                "(in a copy of the repository: make setup)."
            ) from exc
        self.yaml = yaml

    def compose(self, text: str) -> Any:
        try:
            node = self.yaml.compose(text, Loader=self.yaml.SafeLoader)
        except self.yaml.YAMLError as exc:
            raise ConfigError(f"{self.source} is no YAML: {exc}") from exc
        if not isinstance(node, self.yaml.MappingNode):
            raise ConfigError(f"{self.source}: a task is a mapping of keys to values.")
        return node

    def mapping(self, node: Any, kind: type[Task] | type[Terms]) -> dict[str, Any]:
        known = {f.name for f in fields(kind)}
        given: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name not in known:
                raise self._error(key, f"there is no key {name!r}", sorted(known))
            if name in given:
                raise self._error(key, f"{name!r} comes twice", "once")
            given[name] = self._value(name, value)
        return given

    def _value(self, name: str, node: Any) -> Any:
        if name == "terms":
            return self._terms(node)
        value = self._plain(node)
        if name in _WHOLE:
            return self._typed(name, node, value, type(value) is int and value >= 0,
                               "a whole number, 0 or more")  # fmt: skip
        if name in _NUMBERS:
            right = type(value) in (int, float) and value > 0
            return float(self._typed(name, node, value, right, "a number above 0"))
        if name == "order_cost":
            right = type(value) in (int, float) and value >= 0
            return float(self._typed(name, node, value, right, "a number, 0 or more"))
        if name in _FLAGS:
            return self._typed(name, node, value, isinstance(value, bool), "true or false")
        if name in _LISTS:
            return tuple(self._typed(name, node, value, _texts(value), "a list of column names"))
        if name == "levels":
            return tuple(self._typed(name, node, value, _rising(value),
                                     "a list of rising numbers inside (0, 1)"))  # fmt: skip
        if name == "hierarchy":
            right = isinstance(value, list) and all(_texts(level) for level in value)
            found = self._typed(name, node, value, right, "a list of lists of column names")
            return tuple(tuple(level) for level in found)
        if name == "published":
            right = isinstance(value, dict) and all(_figures(v) for v in value.values())
            return self._typed(name, node, value, right, "model: {metric: number}")
        if name == "not_for":
            right = isinstance(value, dict) and _texts([*value, *value.values()])
            return self._typed(name, node, value, right, "model: the reason, a text")
        return self._text(name, node, value)

    def _text(self, name: str, node: Any, value: Any) -> str:
        allowed = {
            "frequency": FREQUENCIES, "metric": _METRICS, "unmet": ("lost", "backorder"),
        }.get(name)  # fmt: skip
        if allowed is not None:
            return str(self._typed(name, node, value, value in allowed, allowed))
        return str(self._typed(name, node, value, isinstance(value, str) and bool(value), "a text"))

    def _terms(self, node: Any) -> Terms:
        if not isinstance(node, self.yaml.MappingNode):
            raise self._error(node, f"terms is {node.value!r}", "a mapping of keys to values")
        try:
            return Terms(**self.mapping(node, Terms))
        except ConfigError as exc:
            if str(exc).startswith(self.source):
                raise
            raise ConfigError(f"{self.source}, line {node.start_mark.line + 1}: {exc}") from exc

    def _plain(self, node: Any) -> Any:
        loader = self.yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        except self.yaml.YAMLError as exc:
            raise ConfigError(f"{self.source}, line {node.start_mark.line + 1}: {exc}") from exc
        finally:
            loader.dispose()

    def _typed(self, name: str, node: Any, value: Any, right: bool, allowed: Any) -> Any:
        if not right:
            raise self._error(node, f"{name} is {value!r}", allowed)
        return value

    def _error(self, node: Any, what: str, allowed: str | Iterable[str]) -> ConfigError:
        listed = allowed if isinstance(allowed, str) else ", ".join(allowed)
        return ConfigError(
            f"{self.source}, line {node.start_mark.line + 1}: {what}; allowed: {listed}."
        )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _figures(value: Any) -> bool:
    return isinstance(value, dict) and all(type(v) in (int, float) for v in value.values())


def _rising(value: Any) -> bool:
    if not isinstance(value, list) or not all(type(v) in (int, float) for v in value):
        return False
    return bool(value) and value == sorted(set(value)) and value[0] > 0 and value[-1] < 1


def describe(task: Task) -> Mapping[str, Any]:
    """Return what a task is, as plain values: equal descriptions give equal windows."""
    plain: dict[str, Any] = {}
    for f in fields(Task):
        value = getattr(task, f.name)
        if isinstance(value, Terms):
            value = {t.name: getattr(value, t.name) for t in fields(Terms)}
        plain[f.name] = dict(value) if isinstance(value, Mapping) else value
    return plain
