"""What the inner loops of annealing read, and what they change."""

from typing import Any, NamedTuple


class Tables(NamedTuple):
    """What does not change: see `Compiled`. Arrays, or lists where nothing is compiled."""

    work: Any
    klass: Any
    setup: Any
    change: Any
    losses: Any
    states: Any
    """By line: work at which it is free, class, age."""
    anticipatory: int
    release: Any
    cut: Any
    cut_transport: int
    finish: Any
    finish_transport: int
    due: Any
    weight: Any
    fixed: Any
    """Orders at the head of each line that stay there."""
    axes: Any
    """First and last interval of each line's axis, then cutting's, then finishing's."""
    starts: Any
    ends: Any
    done: Any
    cut_busy: Any
    """Work from which each table is free; `finish_busy` the same of finishing stations."""
    finish_busy: Any
    tardiness: int
    set_up: int
    move: int
    planned: Any
    """Line of each order in the plan before, or -1."""
    meters: Any
    """By line, where its rates of electricity lie: see `burn_line`."""
    meter_starts: Any
    before: Any
    rates: Any
    near: Any


class State(NamedTuple):
    """What changes: sequences (lines x orders), their lengths, line of an order, and scratch."""

    sequences: Any
    lengths: Any
    line_of: Any
    cut_order: Any
    kit: Any
    sew_end: Any
    spans: Any
    """Work of its line at which sewing of each order begins, and ends."""
    costs: Any
    """Of each line: set-ups and moves."""
    burnt: Any
    """Of each line: electricity, in millionths."""
    ranked: Any
    tables: Any
    taken: Any
    places: Any
    saved_kit: Any
    saved_end: Any
    saved_costs: Any
    saved_burnt: Any
