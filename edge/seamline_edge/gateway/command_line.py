"""Command line of a gateway: with a configuration file, or alone with flags."""

import argparse
import logging
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

from seamline_broker.address import BrokerAddress
from seamline_broker.clock import WallClock
from seamline_broker.errors import ConfigError
from seamline_edge.bus import BusClient
from seamline_edge.drivers import driver_names, load_driver
from seamline_edge.gateway.config import GatewayConfig, NodeLogin
from seamline_edge.gateway.progress import ProgressLines
from seamline_edge.gateway.service import Gateway
from seamline_edge.process import exit_code, on_stop, start_logging

_log = logging.getLogger(__name__)

_EXAMPLES = """examples:
  a Raspberry Pi with a 1-wire thermometer:
    python3 seamline-edge.pyz --broker mqtt://USER:PASSWORD@192.168.1.5:11883 \\
      --site lab --node pi-7 --driver file \\
      --driver-options metric=temperature_c,file=/sys/bus/w1/devices/28-*/w1_slave
  a recording:
    ... --driver replay --driver-options file=run.csv,speed=60,time_column=datetime
  the simulated plant of another machine:
    ... --field 192.168.1.5:7700 --site hangzhou
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    p = argparse.ArgumentParser(
        prog="seamline-edge",
        description="Seamline gateway: reads machines, keeps rows until the platform has them, "
        "carries out commands.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--config", type=Path, help="configuration file (JSON) instead of the flags")
    p.add_argument("--broker", help="mqtt://user:password@host:port")
    p.add_argument("--site", help="site of the nodes, e.g. the plant")
    p.add_argument("--node", action="append", default=[], help="node; may be given several times")
    p.add_argument(
        "--driver", default=None, help=f"{', '.join(driver_names())}, or mine.py:MyDriver"
    )
    p.add_argument(
        "--driver-options", action="append", default=[], metavar="NAME=VALUE[,NAME=VALUE]",
        help="options of the driver; may be given several times",
    )  # fmt: skip
    p.add_argument("--field", metavar="HOST:PORT", help="field bus (driver 'field')")
    p.add_argument("--outbox", type=Path, help="outbox file; default: outbox/<site>.sqlite here")
    p.add_argument("--client-prefix", default="", help="prefix of MQTT client ids")
    p.add_argument(
        "--for", dest="for_s", type=float, default=0.0, help="stop after so many seconds"
    )
    p.add_argument(
        "--progress", action="store_true", help="say on standard output how far it is, as JSON"
    )
    p.add_argument("--log-level", default="INFO")
    return p


def parse_options(texts: Sequence[str]) -> dict[str, str]:
    """Read `name=value,name=value`; a comma inside a value is written as two.

    Raises:
        ConfigError: if a part has no `=`.
    """
    options: dict[str, str] = {}
    for text in texts:
        for part in text.replace(",,", "\0").split(","):
            name, equals, value = part.partition("=")
            if not equals or not name.strip():
                raise ConfigError(f"Driver option {part!r} is not of the form name=value.")
            options[name.strip()] = value.replace("\0", ",").strip()
    return options


def _nodes_of_field(options: dict[str, str], site: str) -> list[str]:
    """Ask the field which nodes a site has."""
    bus = BusClient(options["host"], int(options["port"]))
    try:
        nodes = [n["node"] for n in bus.ask({"op": "hello"}, "hello")["hello"]["nodes"]]
    finally:
        bus.close()
    found = [node for node in nodes if node.startswith(f"{site}/")]
    if not found:
        sites = sorted({node.partition("/")[0] for node in nodes})
        raise ConfigError(f"Field has no site {site!r}; sites: {', '.join(sites)}.")
    return found


def config_from_flags(a: argparse.Namespace) -> GatewayConfig:
    """Build a configuration from flags.

    Raises:
        ConfigError: if a flag is missing or wrong.
    """
    if not a.broker or not a.site:
        raise ConfigError("A gateway needs --config FILE, or --broker URL and --site SITE.")
    address = BrokerAddress.parse(a.broker)
    options = parse_options(a.driver_options)
    driver = a.driver or "field"
    if driver == "field":
        host, colon, port = (a.field or "").rpartition(":")
        if not colon or not port.isdigit():
            raise ConfigError(f"--field {a.field!r}: driver 'field' needs HOST:PORT.")
        options |= {"host": host, "port": port}
    names = [f"{a.site}/{name}" for name in a.node]
    if not names:
        names = _nodes_of_field(options, a.site) if driver == "field" else []
    if not names:
        names = [f"{a.site}/{socket.gethostname().split('.')[0] or 'gateway'}"]
    return GatewayConfig(
        gateway=a.site,
        broker_host=address.host,
        broker_port=address.port,
        outbox=a.outbox or Path("outbox") / f"{a.site}.sqlite",
        nodes=tuple(NodeLogin(name, address.user, address.password) for name in names),
        client_prefix=a.client_prefix,
        driver=driver,
        driver_options=options,
    )


def _run(arguments: Sequence[str] | None) -> int:
    a = parser().parse_args(arguments)
    start_logging(a.log_level)
    config = GatewayConfig.read(a.config) if a.config else config_from_flags(a)
    driver = load_driver(config.driver)(config.driver_options)
    gateway = Gateway(config, driver, WallClock())
    on_stop(gateway.stop)
    timer = threading.Timer(a.for_s, gateway.stop)
    timer.daemon = True
    if a.for_s > 0:
        timer.start()
    with ProgressLines(gateway, driver, a.progress):
        acked = gateway.run()
    timer.cancel()
    rows = gateway.outbox.accepted_rows
    _log.info("Gateway ends rows=%d all_acknowledged=%s", rows, acked)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a gateway; returns the exit code."""
    return exit_code(lambda: _run(arguments))
