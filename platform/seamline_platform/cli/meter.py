"""What a run costs: memory and processor time of the supervisor and all its children."""

import contextlib

import psutil

from seamline_broker.clock import Clock


class Meter:
    """Samples the process tree; processes that died keep counting with their last figure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._me = psutil.Process()
        self._cpu_s: dict[tuple[int, float], float] = {}
        self._known: dict[int, psutil.Process] = {}
        self._base_cpu_s = 0.0
        self._base_s = clock.steady_s()
        self._last_s = self._base_s
        self._rss_mb: list[float] = []
        self.rss_mb_by_pid: dict[int, float] = {}

    def begin(self) -> None:
        """Begin to measure: what was used before does not count."""
        self.sample()
        self._base_cpu_s = sum(self._cpu_s.values())
        self._base_s = self._last_s
        self._rss_mb.clear()

    def sample(self) -> None:
        """Look at all processes once."""
        by_pid: dict[int, float] = {}
        for process in [self._me, *self._children()]:
            with contextlib.suppress(psutil.Error), process.oneshot():
                times = process.cpu_times()
                self._cpu_s[(process.pid, process.create_time())] = times.user + times.system
                by_pid[process.pid] = process.memory_info().rss / 1e6
        self.rss_mb_by_pid = by_pid
        self._rss_mb.append(sum(by_pid.values()))
        self._last_s = self._clock.steady_s()

    @property
    def rss_mb_max(self) -> float:
        """Most memory that all processes held together since `begin`."""
        return max(self._rss_mb, default=0.0)

    @property
    def rss_mb_mean(self) -> float:
        """Memory that all processes held together, on average since `begin`."""
        return sum(self._rss_mb) / len(self._rss_mb) if self._rss_mb else 0.0

    @property
    def cores_mean(self) -> float:
        """Processor cores used on average since `begin`."""
        seconds = self._last_s - self._base_s
        used_s = sum(self._cpu_s.values()) - self._base_cpu_s
        return used_s / seconds if seconds > 0 else 0.0

    def _children(self) -> list[psutil.Process]:
        try:
            found = self._me.children(recursive=True)
        except psutil.Error:
            return []
        # Keep the objects: psutil remembers their creation time, and need not read it again.
        self._known = {p.pid: self._known.get(p.pid, p) for p in found}
        return list(self._known.values())
