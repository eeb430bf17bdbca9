"""Demand data sets in long form: written, described by a manifest, verified when they are read."""
