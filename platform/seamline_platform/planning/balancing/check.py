"""An independent check of a balance: skills, hours, counted operations and stations, rate.

It uses nothing of the solver: everything is added up again from the assignment's minutes.
"""

from collections import Counter

from seamline_platform.planning.balancing.balance import Balance

TOLERANCE = 1e-6


def check_balance(balance: Balance) -> list[str]:
    """Return what is wrong, one sentence each; an empty list if the line can work like that."""
    line = balance.line
    wrong: list[str] = []
    for (who, op), minutes in balance.minutes.items():
        if who not in line.operator_of or op not in line.operation_of:
            wrong.append(f"{who} at {op}: one of them does not exist.")
        elif line.operator_of[who].pace(line.operation_of[op]) <= 0:
            wrong.append(f"{who} does {op}, which he or she cannot do.")
        if minutes < 0:
            wrong.append(f"{who} gives {minutes} minutes to {op}.")
    if wrong:
        return wrong
    return [*_people(balance), *_stations(balance), *_rate(balance)]


def _people(balance: Balance) -> list[str]:
    wrong = []
    hours: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for (who, _), minutes in balance.minutes.items():
        hours[who] += minutes  # type: ignore[assignment]  # a counter of minutes
        count[who] += 1
    for who, minutes in hours.items():
        if minutes > 60 + TOLERANCE:
            wrong.append(f"{who} works {minutes:.3f} minutes per hour.")
        if count[who] > balance.line.most:
            wrong.append(f"{who} does {count[who]} operations; {balance.line.most} are allowed.")
    return wrong


def _stations(balance: Balance) -> list[str]:
    line = balance.line
    used = {(who, line.operation_of[op].machine) for who, op in balance.minutes}
    taken = Counter(machine for _, machine in used)
    return [
        f"{taken[machine]} stations {machine} are used; there are {count}."
        for machine, count in line.machines.items()
        if taken[machine] > count
    ]


def _rate(balance: Balance) -> list[str]:
    line = balance.line
    wrong = []
    for o in line.operations:
        earned = sum(
            minutes * line.operator_of[who].pace(o)
            for (who, op), minutes in balance.minutes.items()
            if op == o.op
        )
        if earned < o.smv * balance.rate * (1 - TOLERANCE) - TOLERANCE:
            wrong.append(
                f"{o.op} passes {earned / o.smv:.3f} pieces/h; the rate is {balance.rate:.3f}."
            )
    if balance.rate > balance.bound * (1 + TOLERANCE):
        wrong.append(f"The rate {balance.rate:.3f} is above its bound {balance.bound:.3f}.")
    return wrong
