"""A network as JSON and back, with errors that name the place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, TypeVar

from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.dispatch import Dispatched
from seamline_platform.planning.network.problem import Demand, Network, Plant, Terms

FORMAT: Final = "seamline-network/1"
_T = TypeVar("_T")


def network_of(document: object) -> Network:
    """Return the network that a JSON document describes.

    Raises:
        ConfigError: saying what came, what was expected, and where.
    """
    d = _object(document, "The network")
    if d.get("format") != FORMAT:
        raise ConfigError(f"The format is {d.get('format')!r}; expected {FORMAT!r}.")
    _only(d, ("format", "name", "plants", "orders", "terms"), "the network")
    return Network(
        name=str(d.get("name", "")),
        plants=tuple(_plant(x, n) for n, x in enumerate(_list(d, "plants"))),
        orders=tuple(_order(x, n) for n, x in enumerate(_list(d, "orders"))),
        terms=_terms(_object(d.get("terms", {}), "terms")),
    )


def network_document(network: Network) -> dict[str, object]:
    """Return a network as a JSON document."""
    terms = asdict(network.terms)
    for name in ("transport_per_piece", "transport_days"):
        terms[name] = [[*pair, value] for pair, value in getattr(network.terms, name).items()]
    return {
        "format": FORMAT,
        "name": network.name,
        "terms": terms,
        "plants": [asdict(p) for p in network.plants],
        "orders": [asdict(o) for o in network.orders],
    }


def dispatched_document(plan: Dispatched) -> dict[str, object]:
    """Return an assignment as a JSON document."""
    return {
        "orders": [asdict(p) for p in plan.places],
        "outside": dict(plan.outside),
        "cost": round(plan.cost, 2),
        "bound": round(plan.bound, 2),
        "gap": round(plan.gap, 6),
        "prices": [
            {"plant": plant, "day": day, "per_hour": round(price, 4)}
            for (plant, day), price in plan.prices.items()
            if price > 0
        ],
        "cpu_s": round(plan.cpu_s, 3),
    }


def _plant(came: object, number: int) -> Plant:
    where = f"plants[{number}]"
    d = _object(came, where)
    _only(d, [f.name for f in fields(Plant)], where)
    with_lists = {**d, "capacity_h": tuple(_numbers(d.get("capacity_h"), f"{where}.capacity_h"))}
    with_lists.setdefault("region", d.get("plant", ""))
    return _made(Plant, with_lists, where)


def _order(came: object, number: int) -> Demand:
    where = f"orders[{number}]"
    d = _object(came, where)
    _only(d, [f.name for f in fields(Demand)], where)
    plants = d.get("plants", [])
    if not isinstance(plants, list) or not all(isinstance(p, str) for p in plants):
        raise ConfigError(f"{where}.plants is {plants!r}; expected a list of names.")
    return _made(Demand, {**d, "plants": tuple(plants)}, where)


def _terms(d: Mapping[str, Any]) -> Terms:
    _only(d, [f.name for f in fields(Terms)], "terms")
    pairs = {
        name: {(str(a), str(b)): value for a, b, value in _triples(d.get(name, []), name)}
        for name in ("transport_per_piece", "transport_days")
    }
    return _made(Terms, {**d, **pairs}, "terms")


def _triples(came: object, name: str) -> list[tuple[object, object, Any]]:
    if not isinstance(came, list) or not all(isinstance(x, list) and len(x) == 3 for x in came):
        raise ConfigError(f"terms.{name} is {came!r}; expected a list of [from, to, value].")
    return [tuple(x) for x in came]


def _made(kind: Callable[..., _T], values: Mapping[str, Any], where: str) -> _T:
    try:
        return kind(**values)
    except ConfigError as exc:
        raise ConfigError(f"{where}: {exc}") from exc
    except (TypeError, AttributeError) as exc:
        raise ConfigError(f"{where} is not readable: {exc}.") from exc


def _object(came: object, where: str) -> Mapping[str, Any]:
    if not isinstance(came, dict):
        raise ConfigError(f"{where} is {type(came).__name__}; expected an object.")
    return came


def _list(d: Mapping[str, Any], name: str) -> Sequence[object]:
    came = d.get(name, [])
    if not isinstance(came, list):
        raise ConfigError(f"{name} is {type(came).__name__}; expected a list.")
    return came


def _numbers(came: object, where: str) -> list[float]:
    if not isinstance(came, list) or not all(type(x) in (int, float) for x in came):
        raise ConfigError(f"{where} is {came!r}; expected a list of hours by day.")
    return came


def _only(d: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    unknown = sorted(set(d) - set(known))
    if unknown:
        raise ConfigError(f"{where}: {unknown[0]!r} is unknown; there is: {', '.join(known)}.")
