"""Drivers: how a gateway reaches machines, sensors and recordings; and the door for your own.

A driver is a class with the methods of `Driver`. It is found by name through the entry point group
`seamline.drivers`, or as a loose file: `--driver mine.py:MyDriver`.
"""

from seamline_edge.drivers.driver import Driver, Intake, NodeProfile, PlantClock, WriteAnswer
from seamline_edge.drivers.loading import BUILT_IN, driver_names, load_driver

__all__ = [
    "BUILT_IN",
    "Driver",
    "Intake",
    "NodeProfile",
    "PlantClock",
    "WriteAnswer",
    "driver_names",
    "load_driver",
]
