"""`seamline dispatch` and `seamline promise`: plant and day, and what one more order costs."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_broker.errors import ConfigError
from seamline_platform.cli.words import JsonOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.planning.network.problem import Demand, Network
    from seamline_platform.planning.network.promise import Quote

FileArgument = Annotated[
    Path | None,
    typer.Argument(help="The network as JSON; without it, the plants of --scenario."),
]


def dispatch(
    file: Annotated[Path, typer.Argument(help="The network as JSON: plants, orders, terms.")],
    budget: Annotated[
        float, typer.Option(help="CPU seconds to search for.", min=0.1, max=3_600)
    ] = 10.0,
    lots: Annotated[
        bool, typer.Option("--lots/--whole", help="Split orders that no day can take.")
    ] = True,
    out: Annotated[
        Path | None, typer.Option(help="Also write the assignment here as JSON.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Give every order a region, a plant and a day: least cost within the hours there are.

    A linear programme divides orders over plants and days and proves a bound; rounding, ejection
    and exchanges make the orders whole again. An independent checker has passed the result.
    """
    from seamline_platform.planning.network.dispatch import dispatch as solve
    from seamline_platform.planning.network.document import dispatched_document
    from seamline_platform.planning.network.lots import split_lots

    network = _read(file)
    plan = solve(split_lots(network) if lots else network, time.process_time, budget)
    document = dispatched_document(plan)
    if out is not None:
        _write(out, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        print_json(document)
        return
    print_table(
        ("order", "plant", "region", "day", "arrives", "cost"),
        [(p.order, p.plant, p.region, p.day, p.arrives, f"{p.cost:.2f}") for p in plan.places],
        network.name,
    )
    for name, why in plan.outside.items():
        note(f"{name} has no place. {why}")
    note(
        f"{len(plan.places)} orders; cost {plan.cost:.2f}, at most {plan.gap:.2%} above the best "
        f"possible; {plan.moves} exchanges; {plan.cpu_s:.2f} CPU-s"
    )


def promise(
    file: FileArgument = None,
    style: Annotated[str, typer.Option(help="Style (scenario) or family (file).")] = "",
    pieces: Annotated[int, typer.Option(help="Pieces.", min=1)] = 100,
    region: Annotated[str, typer.Option(help="Region that the goods are for.")] = "",
    days: Annotated[int, typer.Option(help="Days until the goods are wanted.", min=0)] = 7,
    smv: Annotated[float, typer.Option(help="Standard minutes per piece (file).", min=0.01)] = 10.0,
    moq: Annotated[int, typer.Option(help="Least order in pieces.", min=1)] = 100,
    scenario: Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")] = "demo",
    as_json: JsonOption = False,
) -> None:
    """Say when and where one more order could be made, and what other days would cost.

    The price counts what the order's hours are worth to the orders that are there already (the dual
    prices of `seamline dispatch`).
    """
    from seamline_platform.planning.network.dispatch import dispatch as solve
    from seamline_platform.planning.network.promise import Book, PromiseTerms

    network, demand = (
        _asked_of_file(file, style, pieces, region, days, smv)
        if file is not None
        else _asked_of_scenario(scenario, style, pieces, region, days)
    )
    _check_region(network, demand.region)
    book = Book.of(network, solve(network, time.process_time), PromiseTerms(moq_pieces=moq))
    begun = time.perf_counter()
    quotes = book.quote_lots(demand)
    ms = (time.perf_counter() - begun) * 1_000
    if as_json:
        print_json({"quotes": [_document(q) for q in quotes], "ms": round(ms, 2)})
        return
    if len(quotes) == 1:
        _print(quotes[0])
    else:
        _print_lots(demand, quotes)
    note(f"{len(network.orders)} orders are in the book; answered in {ms:.1f} ms")


def _asked_of_file(
    file: Path, family: str, pieces: int, region: str, days: int, smv: float
) -> tuple["Network", "Demand"]:
    from seamline_platform.planning.network.problem import Demand

    network = _read(file)
    families = sorted({f for p in network.plants for f in p.efficiency})
    if not family:
        raise ConfigError(f"Give a family with --style; there is: {', '.join(families)}.")
    where = region or (network.plants[0].region if network.plants else "")
    return network, Demand("new order", family, pieces, pieces * smv / 60, where, days)


def _asked_of_scenario(
    scenario: str, style: str, pieces: int, region: str, days: int
) -> tuple["Network", "Demand"]:
    from seamline_broker.clock import WallClock
    from seamline_platform.planning.network.live import (
        Ask,
        demand_of_ask,
        network_of_catalogue,
    )
    from seamline_platform.planning.params import DispatchParams
    from seamline_sim import World, load_scenario

    made = World.create(load_scenario(scenario), seed=1).catalogue
    if style not in made.styles:
        raise ConfigError(
            f"Style {style!r} is unknown; give --style, one of: {', '.join(made.styles)}."
        )
    network = network_of_catalogue(made, DispatchParams(), WallClock().wall_ms())
    where = region or made.regions[0]
    return network, demand_of_ask(made, Ask(style, pieces, where, days), "new order")


def _check_region(network: "Network", region: str) -> None:
    known = {p.region for p in network.plants} | {o.region for o in network.orders}
    known |= {r for pair in network.terms.transport_days for r in pair}
    if region not in known:
        raise ConfigError(f"Region {region!r} is unknown; there is: {', '.join(sorted(known))}.")


def _read(file: Path) -> "Network":
    from seamline_platform.planning.network.document import network_of

    try:
        return network_of(json.loads(file.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    except ValueError as exc:
        raise ConfigError(f"{file} is not JSON: {exc}.") from exc


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"The assignment cannot be written to {out}: {exc}.") from exc


def _document(quote: "Quote") -> dict[str, object]:
    from dataclasses import asdict

    from seamline_platform.planning.network.promise import in_words

    return {
        "order": quote.order.order,
        "pieces": quote.order.pieces,
        "refused": quote.refused,
        "in_time": quote.in_time,
        "best": None if quote.best is None else asdict(quote.best),
        "alternatives": [
            {**asdict(o), "in_words": in_words(quote, o)[0]} for o in quote.alternatives
        ],
    }


def _print_lots(demand: "Demand", quotes: Sequence["Quote"]) -> None:
    print_table(
        ("lot", "pieces", "plant", "sewn on day", "there on day", "yuan", ""),
        [
            (
                q.order.order, q.order.pieces, q.best.plant, q.best.day, q.best.arrives,
                f"{q.best.price:.2f}", f"{q.best.moves} makes room" if q.best.moves else "",
            )
            for q in quotes if q.best is not None
        ],
        f"{demand.order}: {demand.pieces} pieces to {demand.region}, in lots that fit",
    )  # fmt: skip
    for quote in quotes:
        if quote.best is None:
            note(f"{quote.order.order} cannot be promised: {quote.refused}")
    there = [q.best for q in quotes if q.best is not None]
    if there:
        last = max(o.arrives for o in there)
        word = "in time" if last <= demand.due and len(there) == len(quotes) else "not all in time"
        price = sum(o.price for o in there)
        note(f"all that is promised is there on day {last}, {word}; {price:.2f} yuan")


def _print(quote: "Quote") -> None:
    from seamline_platform.planning.network.promise import in_words

    best = quote.best
    if best is None:
        note(f"{quote.order.order} cannot be promised: {quote.refused}")
        return
    rows = [("best", best, "in time" if quote.in_time else "after the day that was asked for")]
    rows += [("or", o, in_words(quote, o)[0]) for o in quote.alternatives]
    print_table(
        ("", "plant", "sewn on day", "there on day", "yuan", "yuan a piece", ""),
        [
            (
                mark, o.plant, o.day, o.arrives, f"{o.price:.2f}",
                f"{o.price / quote.order.pieces:.2f}",
                words + (f"; {o.moves} makes room" if o.moves else ""),
            )
            for mark, o, words in rows
        ],
        f"{quote.order.order}: {quote.order.pieces} pieces to {quote.order.region}",
    )  # fmt: skip
