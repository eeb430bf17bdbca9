"""Solvers by name: registered by a package, or a class in a loose file `mine.py:Mine`."""

from pathlib import Path
from typing import Final

from seamline_broker.errors import PluginError
from seamline_platform.planning.scheduler import GROUP, Scheduler
from seamline_platform.plugins import load_plugin, plugin_names

KINDS: Final = frozenset({"shop", "machines"})


def scheduler_names() -> list[str]:
    """Return the names of the solvers that are installed."""
    return plugin_names(GROUP)


def canonical_scheduler(spec: str) -> str:
    """Return the registered name that `spec` means, whatever its case; else `spec` as it came."""
    asked = spec.replace("_", "").replace("-", "").casefold()
    return next((name for name in scheduler_names() if name.casefold() == asked), spec)


def known_scheduler(spec: str) -> str:
    """Return the registered name that `spec` means, or a loose file as it came.

    Raises:
        PluginError: if nobody registered such a name, or the file is not there.
    """
    name = canonical_scheduler(spec)
    file = spec.rpartition(":")[0]
    if (".py:" in spec and Path(file).is_file()) or name in scheduler_names():
        return name
    raise PluginError(
        f"There is no solver {spec!r}; registered: {', '.join(scheduler_names())}; or name a file "
        "and a class, as in 'mine.py:Mine'."
    )


def load_scheduler(spec: str) -> Scheduler:
    """Return a new solver by registered name or loose file `mine.py:Mine`.

    Raises:
        PluginError: if it cannot be found, loaded or made, has no `solve` method, or does not say
            in `kinds` what it takes.
    """
    kind = load_plugin(GROUP, canonical_scheduler(spec))
    try:
        made = kind()
    except Exception as exc:  # a plug-in may raise anything
        raise PluginError(f"Solver {spec!r} cannot be made without arguments: {exc!r}.") from exc
    if not isinstance(made, Scheduler) or not callable(made.solve):
        raise PluginError(
            f"Solver {spec!r} needs a method 'solve(problem, budget, run)' and a set 'kinds'."
        )
    try:
        kinds = frozenset(made.kinds)
    except TypeError as exc:
        raise PluginError(f"Solver {spec!r}: kinds is {made.kinds!r}, not a set.") from exc
    if not kinds or not kinds <= KINDS:
        raise PluginError(
            f"Solver {spec!r} takes {', '.join(sorted(map(str, kinds))) or 'nothing'}; "
            f"allowed in 'kinds': {', '.join(sorted(KINDS))}."
        )
    return made
