"""The supervisor: starts, restarts, gives up with words, ends everything in order."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seamline_platform.cli.children import Child, ChildError, ChildSpec
from seamline_platform.cli.supervisor import Supervisor, restart_delay_s

Eventually = Callable[..., bool]


def never() -> bool:
    return False


class Bench:
    """A supervisor and what it reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[tuple[str, str]] = []
        self.supervisor = Supervisor(lambda name, what: self.reports.append((name, what)))

    def spec(self, name: str, code: str, phase: int = 0, **more: object) -> ChildSpec:
        # What a child masks is masked before Python starts: a signal may come at any time.
        log = self.folder / f"{name}.log"
        command = (sys.executable, "-c", code)
        return ChildSpec(name, command, log, phase, **more)  # type: ignore[arg-type]

    def waiting(self, name: str, phase: int = 0, last: str = "", **more: object) -> ChildSpec:
        """A child that says `up`, waits for SIGTERM, then does `last`."""
        handler = "signal.signal(signal.SIGTERM, lambda *_: ended.set())"
        code = (
            f"import signal, threading; ended = threading.Event(); {handler}; "
            f"print('up', flush=True)\nwhile not ended.wait(0.05): pass\n{last}"
        )
        ready = {"ready": lambda _pid: "up" in self.said(name), **more}
        return self.spec(name, code, phase, **ready)

    def said(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.supervisor.stop(lambda: True)


def test_children_end_phase_by_phase_and_none_is_left(bench: Bench, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name, phase in (("broker", 3), ("platform", 2), ("gateway", 0), ("field", 1)):
        note = f"open({str(order)!r}, 'a').write({name + ' '!r})"
        bench.supervisor.start(bench.waiting(name, phase, note))
    names = list(bench.supervisor.pids)
    assert bench.supervisor.wait_ready(names, 10, never)
    pids = bench.supervisor.pids.values()
    assert bench.supervisor.stop() == []
    assert order.read_text().split() == ["gateway", "field", "platform", "broker"]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_one_that_dies_is_started_again_and_the_others_stay(
    bench: Bench, eventually: Eventually
) -> None:
    for name in ("a", "b"):
        bench.supervisor.start(bench.waiting(name))
    assert bench.supervisor.wait_ready(["a", "b"], 10, never)
    before = bench.supervisor.pids
    os.kill(before["a"], signal.SIGKILL)

    def back() -> bool:
        bench.supervisor.poll()
        return bench.supervisor.restarts == 1 and bench.supervisor.is_ready()

    assert eventually(back)
    after = bench.supervisor.pids
    assert after["b"] == before["b"]
    assert after["a"] != before["a"]
    assert ("a", "died (signal 9), starts again in 0.2 s") in bench.reports


def test_what_must_run_before_and_after_each_start_does(
    bench: Bench, eventually: Eventually
) -> None:
    calls: list[str] = []
    spec = bench.waiting(
        "a", before=lambda: calls.append("before"), once_ready=lambda: calls.append("ready")
    )
    bench.supervisor.start(spec)
    assert bench.supervisor.wait_ready(["a"], 10, never)
    os.kill(bench.supervisor.pids["a"], signal.SIGKILL)

    def twice() -> bool:
        bench.supervisor.poll()
        return calls == ["before", "ready", "before", "ready"]

    assert eventually(twice)


def test_a_child_that_cannot_start_is_told_in_its_own_words_at_once(bench: Bench) -> None:
    code = "import sys; sys.stderr.write('noise\\nError: no such plant\\nmore\\n'); sys.exit(1)"
    bench.supervisor.start(bench.spec("field", code, ready=lambda _pid: False))
    with pytest.raises(ChildError, match=r"field does not start: no such plant \(log: .*field.log"):
        bench.supervisor.wait_ready(["field"], 10, never)
    assert bench.supervisor.restarts == 0


def test_the_same_error_is_not_repeated_for_ever(bench: Bench, eventually: Eventually) -> None:
    bench.supervisor.start(bench.spec("a", "import sys; sys.exit('seamline: disk is gone')"))
    errors: list[str] = []

    def gives_up() -> bool:
        if not errors:
            try:
                bench.supervisor.poll()
            except ChildError as exc:
                errors.append(str(exc))
        return bool(errors)

    assert eventually(gives_up)
    assert "a ended 3 times right after its start: disk is gone" in errors[0]
    assert bench.supervisor.restarts == 2


def test_one_that_is_killed_again_and_again_is_always_started_again(
    bench: Bench, eventually: Eventually
) -> None:
    bench.supervisor.start(bench.waiting("a"))
    for _ in range(4):
        pid = bench.supervisor.pids["a"]
        os.kill(pid, signal.SIGKILL)

        def another(old: int = pid) -> bool:
            bench.supervisor.poll()
            return bench.supervisor.pids.get("a", old) != old

        assert eventually(another)
    assert bench.supervisor.restarts == 4


def test_one_that_does_not_get_ready_is_named(bench: Bench) -> None:
    bench.supervisor.start(bench.waiting("slow", ready=lambda _pid: False))
    with pytest.raises(ChildError, match="slow is not ready after 0 s; last words:"):
        bench.supervisor.wait_ready(["slow"], 0.3, never)


def test_waiting_ends_when_somebody_stops(bench: Bench) -> None:
    bench.supervisor.start(bench.waiting("slow", ready=lambda _pid: False))
    assert bench.supervisor.wait_ready(["slow"], 60, lambda: True) is False


def test_one_that_ignores_the_end_is_killed_at_its_deadline(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import seamline_platform.cli.supervisor as module

    monkeypatch.setattr(module, "STOP_DEADLINES_S", {0: 0.3})
    code = (
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); threading.Event().wait()"
    )
    spec = bench.spec("deaf", code, ready=lambda _pid: "up" in bench.said("deaf"))
    bench.supervisor.start(spec)
    assert bench.supervisor.wait_ready(["deaf"], 10, never)
    assert bench.supervisor.stop() == ["deaf"]


def test_a_second_ctrl_c_does_not_wait(bench: Bench) -> None:
    code = (
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); threading.Event().wait()"
    )
    bench.supervisor.start(
        bench.spec("deaf", code, ready=lambda _pid: "up" in bench.said("deaf"))
    )  # fmt: skip
    assert bench.supervisor.wait_ready(["deaf"], 10, never)
    assert bench.supervisor.stop(hurry=lambda: True) == ["deaf"]


def test_ctrl_c_of_the_terminal_does_not_reach_children(bench: Bench) -> None:
    bench.supervisor.start(bench.waiting("a"))
    assert os.getpgid(bench.supervisor.pids["a"]) != os.getpgid(0)


def test_settings_of_the_environment_do_not_reach_children_a_second_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAMLINE_SPEED", "7")
    code = "import os; print({k: v for k, v in os.environ.items() if 'SEAMLINE' in k}, flush=True)"
    child = Child(bench.spec("a", code, environment={"MORE": "1"}))
    child.start(0)
    assert child.process is not None
    child.process.wait()
    assert bench.said("a").strip() == str({"SEAMLINE_PARENT_PID": str(os.getpid())})


def test_a_program_that_is_missing_is_an_error(bench: Bench, tmp_path: Path) -> None:
    spec = ChildSpec("ghost", (str(tmp_path / "ghost"),), tmp_path / "ghost.log")
    with pytest.raises(ChildError, match=r"ghost cannot be started: .*No such file"):
        bench.supervisor.start(spec)


def test_a_long_log_is_put_aside_and_old_words_are_not_new(bench: Bench, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("Error: of last week\n" + "x" * 5_000_001)
    child = Child(bench.spec("a", "pass"))
    child.start(0)
    assert child.process is not None
    child.process.wait()
    assert log.read_text() == ""
    assert (tmp_path / "a.log.1").stat().st_size > 5_000_000
    assert child.last_words() == "it said nothing"


def test_restart_delays_grow_to_a_limit() -> None:
    assert [restart_delay_s(n) for n in (0, 1, 2, 3, 20)] == [0.2, 0.2, 0.4, 0.8, 5.0]
