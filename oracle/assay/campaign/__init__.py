"""Time-budgeted runs: which cases are checked in which order, by which processes, and what is kept of it."""

from .loop import Campaign, Failure
from .plan import Arm, arms

__all__ = ["Arm", "Campaign", "Failure", "arms"]
