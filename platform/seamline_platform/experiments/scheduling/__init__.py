"""The scheduling benchmark: families of instances, solvers side by side, cards and pages."""
