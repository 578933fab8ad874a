"""L3: from transfers to a robot's moves: deck, order, tips, channels, racks and time."""

from __future__ import annotations

from .run_time import stage_seconds
from .stages import plan_robot

__all__ = ["plan_robot", "stage_seconds"]
