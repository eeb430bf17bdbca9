"""Drawn lines for tests and the benchmark: a seed gives the same line anywhere."""

from random import Random

from seamline_platform.planning.balancing.line import HangerLine, Operation, Operator


def draw_line(
    operations: int, operators: int, seed: int, *, share: float = 0.3, most: int = 3
) -> HangerLine:
    """Return a line whose operators can each do about `share` of the operations.

    Standard times are 0.15 to 0.85 minutes and efficiencies 0.7 to 1.2, both even; every operation
    has two operators who can do it.
    """
    rng = Random(f"hanger line {operations} {operators} {seed}")
    ops = [
        Operation(f"op-{i + 1:02d}", round(rng.uniform(0.15, 0.85), 3)) for i in range(operations)
    ]
    skills: list[dict[str, float]] = [{} for _ in range(operators)]
    for o in ops:
        able = {w for w in range(operators) if rng.random() < share}
        while len(able) < min(2, operators):
            able.add(rng.randrange(operators))
        for w in sorted(able):
            skills[w][o.op] = round(rng.uniform(0.7, 1.2), 3)
    people = [Operator(f"w-{w + 1:02d}", skill) for w, skill in enumerate(skills)]
    return HangerLine(f"drawn {operations} x {operators} #{seed}", tuple(ops), tuple(people), most)
