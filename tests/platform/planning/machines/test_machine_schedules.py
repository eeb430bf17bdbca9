"""Problems, the decoder, the independent checker: exact values and every fault."""

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.machines.check import check
from seamline_platform.planning.machines.decode import (
    decode,
    decode_permutation,
    left_shifted,
    sequences_of,
)
from seamline_platform.planning.machines.problem import (
    Job,
    MachineProblem,
    MachineSchedule,
    Operation,
    objective_of,
)
from seamline_platform.planning.machines.structure import (
    Shape,
    shape_of,
    simple_bound,
    stages_of,
)


def job(*steps: tuple[int, int], due: int = 0, weight: int = 1, release: int = 0) -> Job:
    return Job(tuple(Operation((step,)) for step in steps), due, weight, release)


TWO = MachineProblem("two", 2, (job((0, 3), (1, 2)), job((1, 4), (0, 1))))
SETUPS = MachineProblem(
    "setups", 1, (job((0, 5), due=4, weight=3), job((0, 2), due=9)), "weighted_tardiness",
    (((0, 6), (1, 0)),), ((2, 7),),
)  # fmt: skip


def test_decoder_starts_everything_as_early_as_the_sequences_allow() -> None:
    schedule = decode(TWO, [[(0, 0), (1, 1)], [(1, 0), (0, 1)]])
    assert schedule.starts == (((0, 0), (1, 4)), ((1, 0), (0, 4)))
    assert objective_of(TWO, schedule) == 6
    assert check(TWO, schedule).feasible
    assert check(TWO, schedule).objective == 6


def test_setups_stand_before_first_and_later_jobs() -> None:
    # 2 + 5 = 7 (3 late, weight 3); 7 + 6 + 2 = 15 (6 late, weight 1).
    schedule = decode_permutation(SETUPS, [0, 1])
    assert schedule.starts == (((0, 2),), ((0, 13),))
    assert check(SETUPS, schedule).objective == objective_of(SETUPS, schedule) == 3 * 3 + 6
    # 7 + 2 = 9 (in time); 9 + 1 + 5 = 15 (11 late, weight 3).
    assert objective_of(SETUPS, decode_permutation(SETUPS, [1, 0])) == 33


def test_a_setup_may_be_done_before_the_job_arrives() -> None:
    problem = MachineProblem(
        "early", 1, (job((0, 1)), job((0, 1), release=10)), setups=(((0, 6), (6, 0)),)
    )
    assert decode_permutation(problem, [0, 1]).starts[1] == ((0, 10),)


def test_left_shift_takes_out_needless_waiting() -> None:
    late = MachineSchedule.of([[(0, 10), (1, 30)], [(1, 0), (0, 50)]])
    assert check(TWO, late).feasible
    assert objective_of(TWO, left_shifted(TWO, late)) == 6
    assert sequences_of(TWO, late) == [[(0, 0), (1, 1)], [(1, 0), (0, 1)]]


def test_contradicting_sequences_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be started"):
        decode(TWO, [[(1, 1), (0, 0)], [(0, 1), (1, 0)]])
    with pytest.raises(ConfigError, match="3 operations are sequenced; there are 4"):
        decode(TWO, [[(0, 0), (1, 1)], [(1, 0)]])
    with pytest.raises(ConfigError, match="Machine 1 cannot do"):
        decode(TWO, [[(1, 1)], [(0, 0), (1, 0), (0, 1)]])


@pytest.mark.parametrize(
    ("starts", "fault"),
    [
        ([[(0, 0), (1, 4)]], "1 jobs are planned; there are 2"),
        ([[(0, 0)], [(1, 0), (0, 4)]], "Job 0: 1 operations; there are 2"),
        ([[(1, 0), (1, 4)], [(1, 0), (0, 4)]], "machine 1 cannot do it"),
        ([[(0, 0), (1, 2)], [(1, 4), (0, 8)]], "starts at 2, possible from 3"),
        ([[(0, -1), (1, 4)], [(1, 0), (0, 4)]], "starts at -1, possible from 0"),
        ([[(0, 0), (1, 3)], [(1, 0), (0, 4)]], "Machine 1: job 0 starts at 3; job 1 ends at 4"),
    ],
)
def test_checker_finds(starts: list[list[tuple[int, int]]], fault: str) -> None:
    assert any(fault in found for found in check(TWO, MachineSchedule.of(starts)).faults)


def test_checker_finds_missing_setups_and_broken_permutations() -> None:
    first = check(SETUPS, MachineSchedule.of([[(0, 0)], [(0, 20)]]))
    assert "first set-up takes 2" in first.faults[0]
    between = check(SETUPS, MachineSchedule.of([[(0, 2)], [(0, 12)]]))
    assert "the set-up takes 6" in between.faults[0]
    flow = MachineProblem(
        "flow", 2, (job((0, 1), (1, 1)), job((0, 1), (1, 1))), permutation=True
    )  # fmt: skip
    passed = MachineSchedule.of([[(0, 0), (1, 9)], [(0, 1), (1, 2)]])
    assert check(flow, passed).faults == ("Machine 1 takes the jobs in another sequence than "
                                          "machine 0.",)  # fmt: skip


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Operation(()), "at least one"),
        (lambda: Operation(((0, -1),)), "0 or more"),
        (lambda: Operation(((0, 1), (0, 2))), "at most once"),
        (lambda: Job(()), "no operation"),
        (lambda: job((0, 1), release=-1), "expected 0 or more"),
        (lambda: MachineProblem("p", 1, (job((1, 1)),)), "names machine 1; there are 1"),
        (lambda: MachineProblem("p", 1, (job((0, 1)),), setups=(((0, 1),),)), "do not fit"),
        (lambda: MachineProblem("p", 1, (job((0, 1)),), first=((0, 1),)), "first set-ups do not"),
        (lambda: MachineProblem("p", 1, (job((0, 1)),), setups=(((-1,),),)), "below 0"),
        (lambda: MachineProblem("p", 2, (job((1, 1), (0, 1)),), permutation=True), "in turn"),
    ],
)
def test_what_cannot_be_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=message):
        make()


def test_shapes_and_bounds() -> None:
    both = Operation(((0, 4), (1, 4)))
    stages = MachineProblem("h", 3, tuple(Job((both, Operation(((2, 3),)))) for _ in range(3)))
    assert stages_of(stages) == ((0, 1), (2,))
    assert shape_of(stages) is Shape.STAGES
    assert shape_of(TWO) is Shape.JOB_SHOP
    assert shape_of(SETUPS) is Shape.ONE_MACHINE
    # Machine 2 works 3 x 3 and can begin at 4.
    assert simple_bound(stages) == 13
    assert simple_bound(SETUPS) == 0
