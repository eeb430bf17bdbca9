"""Flywheel and snowball: what more data, and more members, are worth."""
