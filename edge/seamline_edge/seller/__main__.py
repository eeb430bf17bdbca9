"""`python -m seamline_edge.seller --config FILE`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from seamline_broker.clock import WallClock
from seamline_edge.process import exit_code, on_stop, read_config, start_logging
from seamline_edge.seller.service import Sellers, SellersConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sellers until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m seamline_edge.seller",
        description="Sellers: each an MQTT client that places the orders which the market decides.",
    )
    parser.add_argument("--config", type=Path, required=True, help="JSON file with the sellers")
    options = parser.parse_args(arguments)
    start_logging()

    def run() -> int:
        config = SellersConfig.from_document(read_config(options.config), options.config)
        sellers = Sellers(config, WallClock())
        on_stop(sellers.stop)
        sellers.run()
        return 0

    return exit_code(run)


if __name__ == "__main__":
    sys.exit(main())
