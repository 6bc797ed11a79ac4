"""What a training of the papers' size would take: memory, time, energy, money.

Counted where it can be counted, on networks made of shapes; where it cannot, an assumption that is
printed and can be replaced by a measured number. Taught in chapter 23.
"""

from irlib.planning.assumptions import Assumptions
from irlib.planning.devices import DEVICES, Device, get_device
from irlib.planning.hours import gpu_hours, recipe_of
from irlib.planning.plan import Plan, StagePlan, plan
from irlib.planning.step import Step, step_of
from irlib.planning.work import Work, count, count_forward

__all__ = [
    "DEVICES",
    "Assumptions",
    "Device",
    "Plan",
    "StagePlan",
    "Step",
    "Work",
    "count",
    "count_forward",
    "get_device",
    "gpu_hours",
    "plan",
    "recipe_of",
    "step_of",
]
