"""`seamline bench schedule`: plans against rules, raw CP-SAT, PyJobShop, and what is best known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_platform.cli.words import JsonOption, note, print_json

if TYPE_CHECKING:
    from seamline_platform.experiments.scheduling.plan import Options
    from seamline_platform.experiments.scheduling.study import Result


def bench_schedule(
    instances: Annotated[
        Path | None,
        typer.Option(help="Folder of published instances; without it their families are left "
                          "out.", metavar="DIR"),
    ] = None,
    family: Annotated[
        str, typer.Option(help="Families, by commas.  [default: all]")
    ] = "",
    part: Annotated[
        str,
        typer.Option(help="Parts, by commas (--list names them), or none.  [default: all, if no "
                          "family is named]"),
    ] = "",
    solver: Annotated[
        list[str] | None,
        typer.Option(help="One more column: a registered name or mine.py:Mine. Repeatable."),
    ] = None,
    peers: Annotated[
        str, typer.Option(help="On which instances CP-SAT and PyJobShop run too: all, some, none.")
    ] = "some",
    budget: Annotated[
        float | None,
        typer.Option(help="CPU seconds of every solver on every instance.  [default: the "
                          "family's]", min=0.01),
    ] = None,
    moves: Annotated[
        int, typer.Option(help="Moves instead of CPU seconds: equal results anywhere.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of all solvers.", min=0)] = 1,
    jobs: Annotated[int, typer.Option(help="Instances at once.", min=1)] = 2,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two instances of each family, small budgets: two or three "
                                     "minutes."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Keep finished rows here.  [default: .seamline/schedule-bench]",
                     metavar="DIR"),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget finished rows.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the page here.", metavar="FILE")
    ] = None,
    cards: Annotated[
        Path | None, typer.Option(help="Write a result card per solver here.", metavar="DIR")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List families, parts and solvers, and leave.")
    ] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Plan garment plants and problems of the literature; every plan passes a checker.

    Budgets are CPU seconds. A run that was stopped goes on where it was.
    """
    from seamline_platform.experiments.scheduling.plan import FOLDER, Options

    if list_:
        _list(instances, as_json)
        return
    options = Options(
        instances=instances, families=_names(family), parts=_names(part),
        solvers=tuple(solver or ()), peers=peers,  # type: ignore[arg-type]  # checked there
        budget_cpu_s=budget, moves=moves, seed=seed, jobs=jobs, quick=quick, out=out or FOLDER,
        fresh=fresh,
    )  # fmt: skip
    result = _run(options)
    if cards is not None:
        from seamline_platform.experiments.scheduling.cards import write_cards

        note(f"{len(write_cards(result, cards))} result cards: {cards}")
    if html is not None:
        from seamline_platform.experiments.scheduling.page import write_html

        write_html(result, html)
        note(f"Page: {html}")
    if as_json:
        from seamline_platform.experiments.scheduling.document import document_of

        print_json(document_of(result))
    else:
        from seamline_platform.cli.schedule_bench_print import print_result

        print_result(result)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _run(options: "Options") -> "Result":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from seamline_platform.experiments.scheduling import study

    columns = (
        TextColumn("{task.description}"), BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} CPU-s"), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("plans", total=1.0)

        def progress(done: float, total: float, text: str) -> None:
            bar.update(line, completed=done, total=total, description=f"{text:<44.44}")

        try:
            return study.run(options, progress, lambda text: bar.console.print(
                text, highlight=False))  # fmt: skip
        except KeyboardInterrupt:
            note(f"Stopped. Finished rows are kept in {options.out}; the same command goes on.")
            raise typer.Exit(130) from None


def _list(instances: Path | None, as_json: bool) -> None:
    from seamline_platform.cli.words import print_table
    from seamline_platform.experiments.scheduling.catalogue import PARTS, families
    from seamline_platform.planning.solvers import scheduler_names

    rows = [
        (family.name, family.title, family.budget_cpu_s,
         _how_many(family.needs_instances, instances, len(family.load(instances))))
        for family in families()
    ]  # fmt: skip
    if as_json:
        keys = ("family", "title", "budget_cpu_s", "instances")
        print_json({
            "families": [dict(zip(keys, row, strict=True)) for row in rows],
            "parts": list(PARTS), "solvers": scheduler_names(),
        })  # fmt: skip
        return
    print_table(("family", "what", "CPU-s", "instances"), rows, "Families")
    note(f"Parts: {', '.join(PARTS)}. Solvers: {', '.join(scheduler_names())}.")


def _how_many(needed: bool, instances: Path | None, count: int) -> int | str:
    return "needs --instances" if needed and instances is None else count
