"""What a command gets that the world cannot carry out, and where commands find their targets."""

from collections.abc import Mapping
from typing import Any

from seamline_sim.core import Core
from seamline_sim.state import Warehouse

Arguments = Mapping[str, Any]


class Refusal(Exception):  # noqa: N818  # not an error of the program: an answer to a command
    """The world cannot do what a command asks."""


def house_at(w: Core, node: str) -> Warehouse:
    """Return the warehouse of a node.

    Raises:
        Refusal: if the node is none.
    """
    region, _, name = node.partition("/")
    if name != "warehouse" or region not in w.warehouses:
        raise Refusal(f"{node} is not a warehouse; there are {', '.join(w.warehouses)}")
    return w.warehouses[region]


def check_product(w: Core, args: Arguments) -> None:
    """Check `style`, `colour` and `sizes` of a command.

    Raises:
        Refusal: if there is no such product; it tells what exists.
    """
    style = w.catalogue.styles.get(args["style"])
    if style is None:
        raise Refusal(f"style {args['style']!r} is unknown")
    if args["colour"] not in style.colours:
        raise Refusal(f"{style.style} comes in {', '.join(style.colours)}")
    unknown = [size for size in args["sizes"] if size not in style.sizes]
    if unknown or not args["sizes"]:
        raise Refusal(f"{style.style} comes in sizes {', '.join(style.sizes)}")
