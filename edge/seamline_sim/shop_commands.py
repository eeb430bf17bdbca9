"""Commands about finished goods: to another region, at another price."""

from seamline_sim import shop
from seamline_sim.core import Core
from seamline_sim.refusal import Arguments, Refusal, house_at


def transfer_stock(w: Core, node: str, args: Arguments) -> str:
    """Send finished goods to the stock of another region."""
    house = house_at(w, node)
    other = w.warehouses.get(args["to"])
    if other is None or other is house:
        raise Refusal(f"{args['to']!r} is no other region; there are {', '.join(w.warehouses)}")
    have = house.stock.get(args["sku"], 0)
    if have < args["qty"]:
        raise Refusal(f"{house.node} has {have} pieces of {args['sku']}, not {args['qty']}")
    shop.transfer(w, house, other, args["sku"], args["qty"])
    return ""


def set_price(w: Core, node: str, args: Arguments) -> str:
    """Mark a style's price in a region."""
    house = house_at(w, node)
    if args["style"] not in w.catalogue.styles:
        raise Refusal(f"style {args['style']!r} is unknown")
    shop.set_price(w, house, args["style"], args["price_permille"])
    return ""
