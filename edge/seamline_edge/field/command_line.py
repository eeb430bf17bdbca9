"""Command line and loop of the field process."""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from seamline_broker.clock import Clock, WallClock
from seamline_edge.field.plant import RunningPlant
from seamline_edge.field.server import BusServer
from seamline_edge.field.start import RunSettings, open_plant
from seamline_edge.process import exit_code, on_stop, start_logging

_log = logging.getLogger(__name__)

TICK_S: Final = 0.05
"""Plant time moves, is logged and shown so often: what a person takes for at once."""


class FieldLoop:
    """Moves the plant and serves its readers, until stopped."""

    def __init__(self, plant: RunningPlant, server: BusServer, clock: Clock) -> None:
        self._plant = plant
        self._server = server
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to save and return."""
        self._stopping = True

    def run(self) -> None:
        """Work until stopped, then write a snapshot.

        Raises:
            StoreError: if log or snapshot cannot be written.
        """
        tick_s = self._clock.steady_s()
        while not self._stopping:
            now_s = self._clock.steady_s()
            if now_s < tick_s:
                self._server.serve(tick_s - now_s)
                continue
            tick_s = max(tick_s + TICK_S, now_s)
            changed = self._plant.advance(hold=self._server.overrun)
            self._server.publish(changed)
            self._server.serve(0)
        self._plant.save()
        self._plant.journal.close()
        self._server.close()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    p = argparse.ArgumentParser(
        prog="python -m seamline_edge.field",
        description="The simulated market and plants as a process with a local field bus.",
    )
    p.add_argument("--run-dir", type=Path, default=Path(".seamline/run"))
    p.add_argument("--host", default="127.0.0.1", help="the bus has no passwords: keep it local")
    p.add_argument("--port", type=int, default=0, help="0 = any; written to field/port.json")
    p.add_argument("--scenario", default="demo", help="pi, demo, large or a TOML file")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--speed", type=float, default=60.0, help="plant seconds per wall second")
    p.add_argument("--demand", type=Path, help="CSV with unique_id, ds, y: real sales")
    p.add_argument("--sample-budget", type=float, default=2_000.0, help="values per wall second")
    p.add_argument("--fresh", action="store_true", help="forget the run in this folder")
    p.add_argument("--start", default="", help="name of this start; the same one keeps the pace")
    p.add_argument("--no-prerun", action="store_true", help="begin at the first midnight, empty")
    p.add_argument("--log-level", default="INFO")
    return p


def _run(arguments: Sequence[str] | None) -> int:
    a = parser().parse_args(arguments)
    start_logging(a.log_level)
    clock = WallClock()
    folder = a.run_dir / "field"
    settings = RunSettings(
        folder,
        a.scenario,
        a.seed,
        a.speed,
        a.sample_budget,
        a.demand,
        a.fresh,
        not a.no_prerun,
        a.start,
    )
    plant, run = open_plant(settings, clock)
    server = BusServer(plant, run, a.host, a.port, clock.steady_s, clock.wall_ms)
    if a.host not in ("127.0.0.1", "localhost", "::1"):
        _log.warning("The field bus listens on %s without a password.", a.host)
    loop = FieldLoop(plant, server, clock)
    on_stop(loop.stop)
    port_file = folder / "port.json"
    temporary = port_file.with_suffix(".tmp")
    temporary.write_text(json.dumps({"host": a.host, "port": server.port, "run": run}))
    temporary.replace(port_file)
    _log.info("Field bus listens host=%s port=%d run=%s", a.host, server.port, run)
    loop.run()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the field; returns the exit code."""
    return exit_code(lambda: _run(arguments))
