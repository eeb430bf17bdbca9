"""CP-SAT on shops: small parts of a plan solved well, one after the other.

A model of a whole plant of sixty orders finds nothing within seconds; parts of about ten orders on
two to four lines are solved to the end in tenths of a second, with the plan as a complete hint.
"""

from seamline_platform.planning.shop.cpsat.engine import Limits, have_cp_sat
from seamline_platform.planning.shop.cpsat.full import FullResult, solve_full
from seamline_platform.planning.shop.cpsat.search import lns
from seamline_platform.planning.shop.cpsat.subproblem import SubResult, improve

__all__ = ["FullResult", "Limits", "SubResult", "have_cp_sat", "improve", "lns", "solve_full"]
