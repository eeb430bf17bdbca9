"""Making markers with spyrrow (sparrow, Gardeyn et al., arXiv 2509.13329), in a child process."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_platform.planning.cutting.marker import Marker, Pattern, Placed, check_marker

Improved = Callable[[Marker], None]


class MarkerError(SeamlineError):
    """No marker was made, or one that the independent check refuses."""


def make_marker(
    pattern: Pattern,
    cpu_s: float,
    *,
    seed: int = 1,
    on_improve: Improved | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Marker:
    """Return the shortest marker found within `cpu_s` CPU seconds of the packing process.

    `on_improve` gets every marker on the way, unchecked; the one returned has passed the
    independent check. When the packing process dies, or `cancelled` says so, the best marker until
    then is returned.

    Raises:
        ConfigError: without spyrrow (`pip install 'seamline[solve]'`), or for a budget of nothing.
        MarkerError: if there is no marker at all, or a wrong one.
    """
    if find_spec("spyrrow") is None:
        raise ConfigError("Markers need spyrrow: pip install 'seamline[solve]'.")
    if not 0 < cpu_s <= 86_400:
        raise ConfigError(f"The budget of a marker is {cpu_s!r} CPU seconds; expected above 0.")
    best: Marker | None = None
    with subprocess.Popen(
        [sys.executable, "-m", "seamline_platform.planning.cutting.nest_worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        stdin, stdout, stderr = child.stdin, child.stdout, child.stderr
        if stdin is None or stdout is None or stderr is None:
            raise MarkerError("The packing process has no pipes.")
        try:
            stdin.write(_request(pattern, cpu_s, seed))
            stdin.close()
            for line in stdout:
                told = json.loads(line)
                if "placed" not in told:
                    best = best and replace(best, cpu_s=float(told["cpu_s"]))
                    break
                best = _marker(pattern, told)
                if on_improve is not None:
                    on_improve(best)
                if cancelled():
                    break
        except BrokenPipeError:
            pass  # it died before it had read its request: said below
        finally:
            child.kill()
        said = stderr.read().strip()
    if best is None:
        raise MarkerError(f"The packing process made no marker. {said[-300:]}".strip())
    wrong = check_marker(best)
    if wrong:
        raise MarkerError(f"The marker was refused: {wrong[0]} ({len(wrong)} in all)")
    return best


def _request(pattern: Pattern, cpu_s: float, seed: int) -> str:
    return json.dumps(
        {
            "name": pattern.name,
            "width": pattern.width,
            "cpu_s": cpu_s,
            "seed": seed,
            "items": [
                {"id": p.piece, "shape": p.shape, "count": p.count,
                 "orientations": list(p.orientations)}
                for p in pattern.pieces
            ],
        }
    )  # fmt: skip


def _marker(pattern: Pattern, d: Mapping[str, Any]) -> Marker:
    placed = tuple(Placed(str(p), float(r), float(x), float(y)) for p, r, x, y in d["placed"])
    return Marker(pattern, float(d["length"]), placed, float(d["cpu_s"]))
