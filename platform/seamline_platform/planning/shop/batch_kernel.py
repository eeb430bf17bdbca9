"""Many plans evaluated whole, one after another, and the same loops without a compiler."""

from types import FunctionType
from typing import Any

from seamline_platform.planning.shop.annealing_kernel import evaluate_all
from seamline_platform.planning.shop.kernels import _compiled


@_compiled
def evaluate_each(t, s, sequences, lengths, cut_orders, costs):  # type: ignore[no-untyped-def]
    """Fill in the cost of every plan; all of them hold the orders of the state `s`."""
    for n in range(len(costs)):
        for line in range(len(s.lengths)):
            s.lengths[line] = lengths[n][line]
            for k in range(lengths[n][line]):
                s.sequences[line][k] = sequences[n][line][k]
        for k in range(len(s.cut_order)):
            s.cut_order[k] = cut_orders[n][k]
        costs[n] = evaluate_all(t, s)


def uncompiled(function: Any) -> Any:
    """Return a compiled function in plain Python, and so all that it calls.

    Where nothing is compiled the function itself comes back.
    """
    made: dict[Any, Any] = {}

    def plain(one: Any) -> Any:
        source = getattr(one, "py_func", None)
        if source is None:
            return one
        if source not in made:
            names = dict(source.__globals__)
            made[source] = FunctionType(source.__code__, names, source.__name__)
            names.update({n: plain(names[n]) for n in source.__code__.co_names if n in names})
        return made[source]

    return plain(function)
