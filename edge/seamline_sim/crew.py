"""The operators of a line: what each of them can do, who is there today, and who sits where."""

import functools

from seamline_sim import repair, rng, station, tables, wear
from seamline_sim.core import DAY_US, MINUTE_US, Core
from seamline_sim.layout import plan_of
from seamline_sim.state import Line, Station


@functools.lru_cache(maxsize=262_144)
def _skill(seed: int, operator: str, machine: str, spread: int, known: int) -> tuple[int, bool]:
    pace, knows = rng.words(seed, "skill", f"{operator}|{machine}", 2)
    return rng.between(pace, 1000 - spread, 1000 + spread), rng.below(knows, 1000) < known


def pace_of(w: Core, line: Line, operator: int, machine: str) -> int:
    """Return an operator's pace on a machine class, permille of standard; 0 if he never learnt it.

    Who sits at a station has learnt the classes that stand there in the bulletins of the
    catalogue; other classes some have learnt besides.
    """
    key = (line.index, operator, machine)
    if key not in w.paces:
        w.paces[key] = _learnt(w, line, operator, machine)
    return w.paces[key]


def _learnt(w: Core, line: Line, operator: int, machine: str) -> int:
    pace, knows = _skill(
        w.seed,
        f"{line.node}/op-{operator + 1:02d}",
        machine,
        w.fig("operators.skill_spread_permille"),
        w.fig("operators.second_skill_permille"),
    )
    stations = len(line.stations)
    if knows or any(
        plan_of(bulletin, stations).machines[operator] == machine
        for bulletin in w.catalogue.bulletins
    ):
        return pace
    return 0


def skills(w: Core, line: Line) -> dict[int, dict[str, int]]:
    """Return the skill matrix of a line: operator -> machine class -> pace, permille."""
    classes = dict.fromkeys(line.plan.machines)
    return {
        o: {m: pace for m in classes if (pace := pace_of(w, line, o, m))}
        for o in range(len(line.stations))
    }


def set_pace(w: Core, line: Line) -> None:
    """Bring the operators' pace up to their experience with the bulletin (style-change ramp)."""
    start, end = w.fig("style_change.eta_start_permille"), w.fig("style_change.eta_end_permille")
    ramp = tables.decay(start, end, w.fig("style_change.tau_mdays"))
    days20 = line.experience_ms.get(line.plan.bulletin, 0) * 20 // line.day_ms
    eta = ramp[min(days20, len(ramp) - 1)]
    line.pace = w.fig("operators.pace_end_permille") * eta // end
    for st in line.stations:
        set_base(w, line, st)
        _set_defects(w, line, st, eta)


def set_base(w: Core, line: Line, st: Station) -> None:
    """Work out how long each operation takes at a station, before the spread of single pieces."""
    pace = line.pace * _own_pace(w, line, st) // 1000
    base = [0] * len(line.plan.ops)
    for op, smv_ms in line.plan.work_of[st.machine]:
        base[op] = smv_ms * 1000 // pace
    st.base = base


def _own_pace(w: Core, line: Line, st: Station) -> int:
    """Return the pace of who sits at a station; helpers and beginners have a slower one."""
    pace = pace_of(w, line, st.operator, st.machine) if st.operator >= 0 else 0
    return pace or w.fig("operators.helper_permille")


def _set_defects(w: Core, line: Line, st: Station, eta: int) -> None:
    """Beginners, slow hands and worn machines make more defects."""
    operations = len(line.plan.ops) - 2
    worn = repair.wear_ppm(w, line, st, st.run_ms)
    per_100 = w.fig("quality.defects_per_100") * wear.hazard(
        worn, w.fig("quality.wear_growth_permille")
    )
    end = w.fig("style_change.eta_end_permille")
    own = _own_pace(w, line, st)
    st.defect_limit = per_100 * 65_536 * end // (100 * operations * eta * own)


def seat(w: Core, line: Line) -> None:
    """Put the day's operators at their own stations; where a class would stand empty, a helper."""
    day = w.now_us // DAY_US
    limit = absence_ppm(w, line.site, day)
    away = [
        rng.below(rng.u32(w.seed, "absent", f"{line.node}/{st.id}", day), 1_000_000) < limit
        for st in line.stations
    ]
    line.present = [operator for operator, gone in enumerate(away) if not gone]
    line.operators = len(line.present)
    line.seating += 1
    for st, gone in zip(line.stations, away, strict=True):
        man(st, -1 if gone else st.index)
    call_helpers(line)


def man(st: Station, operator: int) -> None:
    """Let an operator sit down at a station; -1: it stands empty."""
    manned = operator >= 0
    if st.manned != manned:
        st.load += -station.AWAY if manned else station.AWAY
    st.manned, st.helper, st.operator = manned, False, operator


def call_helpers(line: Line) -> None:
    """Put a helper at the first station of each class that nobody holds."""
    line.helpers = 0
    groups: dict[str, list[Station]] = {}
    for st in line.stations:
        groups.setdefault(st.machine, []).append(st)
    for group in groups.values():
        if not any(st.manned for st in group):
            man(group[0], 0)
            group[0].helper, group[0].operator = True, -1
            line.helpers += 1


def absence_ppm(w: Core, site: str, day: int) -> int:
    """Return the share of a plant's people who are away on a day, millionths.

    Beta(2, b) from day to day, and more of them around the lunar New Year.
    """
    knots = tables.beta2(w.fig("operators.absence_beta_b"))
    knot = knots[rng.u32(w.seed, "absence", site, day) >> 22]
    permille = w.fig("operators.absence_permille")
    if near_new_year(w, day):
        permille = permille * w.fig("operators.new_year_absence_permille") // 1000
    return min(permille * 1000 * knot // tables.KNOTS, 600_000)


def near_new_year(w: Core, day: int) -> bool:
    """Return whether many are on their way home, or not back yet."""
    return w.market.rhythm.near_new_year(day)


def rebalance(w: Core, line: Line) -> int:
    """Seat the operators who are there by skill and load; return how many have to move.

    The heads go to the classes where the work per head is heaviest; who moves is chosen by pace.
    A moved operator needs some minutes, in which his new station stands still.
    """
    here = {st.operator: st for st in line.stations if st.operator >= 0}
    heads = _heads(line, len(here))
    count: dict[str, int] = {}
    for st in here.values():
        count[st.machine] = count.get(st.machine, 0) + 1
    moves: list[tuple[int, str]] = []
    while True:
        short = [m for m in heads if count.get(m, 0) < heads[m]]
        if not short:
            break
        move = _best_move(w, line, here, heads, count, short[0])
        if not move:
            break
        for operator, machine in move:
            moves.append((operator, machine))
            old = here.pop(operator)
            count[old.machine] -= 1
            count[machine] = count.get(machine, 0) + 1
    return _move(w, line, moves)


def _heads(line: Line, present: int) -> dict[str, int]:
    """Return how many should sit at each class: one each, then where most work waits per head."""
    plan = line.plan
    work: dict[str, int] = {}
    for op in plan.ops:
        work[op.machine] = work.get(op.machine, 0) + op.smv_ms
    able: dict[str, int] = {}
    for st in line.stations:
        able[st.machine] = able.get(st.machine, 0) + (not st.in_repair)
    heads: dict[str, int] = {}
    for machine in sorted(work, key=lambda m: (-work[m], m)):
        if present and able.get(machine):
            heads[machine] = 1
            present -= 1
    for _ in range(present):
        free = [m for m in heads if heads[m] < able[m]]
        if not free:
            break
        heaviest = max(free, key=lambda m: (work[m] * 1000 // heads[m], m))
        heads[heaviest] += 1
    return heads


def _best_move(
    w: Core, line: Line, here: dict[int, Station], heads: dict[str, int],
    count: dict[str, int], machine: str,
) -> list[tuple[int, str]]:  # fmt: skip
    """Return who goes to a class that is short.

    Straight from a class with too many, or by a colleague in between who knows both.
    """
    spare = {m for m in count if count[m] > heads.get(m, 0)}
    givers = [o for o, st in here.items() if st.machine in spare]
    best: list[tuple[int, str]] = []
    top = 0
    for operator in givers:
        pace = pace_of(w, line, operator, machine)
        if pace > top:
            top, best = pace, [(operator, machine)]
    if best:
        return best
    for between, st in here.items():
        if not pace_of(w, line, between, machine) or st.machine in spare:
            continue
        for operator in givers:
            pace = pace_of(w, line, operator, st.machine)
            if pace > top:
                top, best = pace, [(between, machine), (operator, st.machine)]
    return best or [(o, machine) for o in givers[:1]]


def _move(w: Core, line: Line, moves: list[tuple[int, str]]) -> int:
    """Let operators leave their stations, and sit down at others after some minutes."""
    places = {st.operator: st for st in line.stations if st.operator >= 0}
    for operator, _ in moves:
        st = places[operator]
        station.interrupt(w, st)
        man(st, -1)
    left = [places[operator] for operator, _ in moves]
    ready = w.now_us + w.fig("operators.move_min") * MINUTE_US
    taken: set[int] = set()
    for operator, machine in moves:
        target = _free_seat(line, machine, taken) or places[operator]
        taken.add(target.index)
        w.at(ready, "seated", line.index, target.index, operator, line.seating)
    for st in left:
        station.send_on(w, line, st, with_job=True)
    line.moves += len(moves)
    line.moving_us = ready if moves else 0
    return len(moves)


def _free_seat(line: Line, machine: str, taken: set[int]) -> Station | None:
    for st in line.stations:
        free = st.operator < 0 and not st.in_repair and st.index not in taken
        if free and st.machine == machine:
            return st
    return None


def seated(w: Core, line_index: int, station_index: int, operator: int, seating: int) -> None:
    """An operator sits down at the station that a rebalancing gave to him."""
    line = w.lines[line_index]
    st = line.stations[station_index]
    if seating != line.seating or (st.manned and not st.helper):
        return
    if st.helper:
        line.helpers -= 1
    man(st, operator)
    set_pace(w, line)
    station.resume(w, line, st)
