"""The conformance suite: does a forecaster keep what `Forecaster` promises?"""

from seamline_platform.demand.conformance.findings import BrokenPromiseError, Finding, Report
from seamline_platform.demand.conformance.suite import check_forecaster

__all__ = ["BrokenPromiseError", "Finding", "Report", "check_forecaster"]
