from seamline_platform.app.lateness import Lateness


def test_lateness_is_told_as_median_tail_and_worst() -> None:
    late = Lateness()
    assert late.metrics() == {}
    for ms in range(100):
        late.add(ms / 1_000)
    late.add(-0.5)
    assert late.metrics() == {
        "loop_late_ms_p50": 49.0,
        "loop_late_ms_p99": 98.0,
        "loop_late_ms_max": 99.0,
    }


def test_old_measurements_leave_the_quantiles_but_not_the_worst() -> None:
    late = Lateness()
    late.add(2.0)
    for _ in range(2_000):
        late.add(0.001)
    assert late.metrics()["loop_late_ms_p99"] == 1.0
    assert late.metrics()["loop_late_ms_max"] == 2_000.0
