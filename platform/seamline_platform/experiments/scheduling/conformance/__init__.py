"""The conformance suite: does a solver keep what `Scheduler` promises?"""

from seamline_platform.experiments.scheduling.conformance.suite import check_scheduler

__all__ = ["check_scheduler"]
