"""The demo with stand-ins for field, platform, gateways and sellers; the supervisor is real.

The stand-in platform's page is a websocket that sends plant time; STAND_IN=broken lets it fail.
"""

import json
import os
import sys

from seamline_broker.errors import SeamlineError
from seamline_platform.cli.children import ChildSpec
from seamline_platform.cli.demo import Demo, DemoOptions
from seamline_platform.cli.demo_parts import DemoParts
from seamline_platform.settings import load_settings

WORKER = """
import signal, sys, threading
from seamline_broker.parentwatch import ignore_interrupt, watch_parent
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
watch_parent(); ignore_interrupt()
ended.wait()
open(sys.argv[1], "a").write(sys.argv[2] + " ")
"""

FIELD = "import socket, sys\ns = socket.create_server(('127.0.0.1', int(sys.argv[3])))" + WORKER

PLATFORM = (
    """
import json, os, pathlib, sys
if sys.argv[4] == "broken":
    sys.exit("Error: database is in use by process 4711 (python).")
import threading
from websockets.sync.server import serve
def talk(socket):
    socket.recv()
    for step in range(1_000_000):
        frame = {"t": "delta", "topic": "clock", "seq": [step, step],
                 "d": {"put": {"plant_ms": 1_000 + step * 60_000, "wall_ms": 0}}}
        socket.send(json.dumps(frame))
        threading.Event().wait(0.05)
server = serve(talk, "127.0.0.1", 0)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.socket.getsockname()[1]
here = pathlib.Path(sys.argv[3])
part = here / "platform.part"
part.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "token": "t", "pid": os.getpid()}))
part.replace(here / "platform.json")
"""
    + WORKER
)


class StandIns(DemoParts):
    """The parts, with small processes in the place of the large ones."""

    def _stand_in(self, real: ChildSpec, code: str, *words: object) -> ChildSpec:
        note = self.run_dir.path.parent / "ended"
        command = (sys.executable, "-c", code, str(note), real.name, *map(str, words))
        return ChildSpec(
            real.name, command, real.log, real.phase, ready=real.ready, environment=real.environment
        )

    def field_spec(self) -> ChildSpec:
        return self._stand_in(super().field_spec(), FIELD, self.field_port)

    def platform_spec(self) -> ChildSpec:
        how = os.environ.get("STAND_IN", "")
        return self._stand_in(super().platform_spec(), PLATFORM, self.run_dir.path, how)

    def edge_specs(self) -> list[ChildSpec]:
        return [self._stand_in(spec, WORKER) for spec in super().edge_specs()]


def run() -> int:
    """Run the demo that the first argument (JSON) describes."""
    asked = json.loads(sys.argv[1])
    settings = load_settings(None, asked["settings"], {}).settings
    try:
        return Demo(settings, DemoOptions(**asked["options"]), parts=StandIns).run()
    except SeamlineError as exc:
        sys.stderr.write(f"seamline: {exc}\n")
        return 1


if __name__ == "__main__":
    sys.exit(run())
