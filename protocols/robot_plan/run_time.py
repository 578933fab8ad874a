"""How long a stage takes on the robot: an estimate from the maker's figures, never timed on a robot by us.

Gantry and z axis move at the default speeds and accelerations of the maker's configuration (opentrons 9.0.0,
`config/defaults_ot3.py` and `defaults_ot2.py`), one trapezoid an axis; the plunger moves at the flow rates of the pipette
data. Picking up a tip takes 4 s and dropping one 10 s on an OT-2, which the maker timed on hardware
(`protocols/duration/estimator.py`); for the Flex the pick-up is taken over, and the drop is a way down and up and a second for
the plunger. Heights of ways are one middle value for all labware. Not counted: homing, calibration, the person's walk.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..labware import labware, slot_positions
from ..pipettes import pipette_data
from ..plan import RobotStage

# A person reads the screen, changes the racks and goes on; assumed.
REFILL_S = 120.0
# Down into a well and up again to where ways are free; labware is 15 to 100 mm high.
_WAY_MM = 80.0
STIR_STROKES = 3


@dataclass(frozen=True, kw_only=True)
class _Speeds:
    """mm/s and mm/s² of the axes; seconds for tips."""

    x: float
    y: float
    z: float
    x_gain: float
    y_gain: float
    z_gain: float
    pick_s: float
    drop_s: float | None


# An OT-2 moves along x and y at 400 mm/s unless a protocol says otherwise (`default_speed` of its pipettes).
_SPEEDS = {
    "Flex": _Speeds(x=350, y=300, z=100, x_gain=800, y_gain=600, z_gain=150, pick_s=4.0, drop_s=None),
    "OT-2": _Speeds(x=400, y=400, z=125, x_gain=3000, y_gain=2000, z_gain=1500, pick_s=4.0, drop_s=10.0),
}


def stage_seconds(stage: RobotStage) -> float:
    """Seconds from the first move to the last drop of a tip, with refills."""
    speeds, corners = _SPEEDS[stage.robot], slot_positions(stage.robot)
    here = corners[stage.trash]
    into_s = 2 * _way_s(_WAY_MM, speeds.z, speeds.z_gain)
    drop_s = speeds.drop_s if speeds.drop_s is not None else into_s + 1.0
    tip_nl, tip_on = 0, False
    total = REFILL_S * len(stage.refills)
    for move in stage.moves:
        stops = [move.source_slot, move.target_slot]
        if move.tip is not None:
            total += (drop_s if tip_on else 0.0) + speeds.pick_s
            stops = [*([stage.trash] if tip_on else []), move.tip.slot, *stops]
            rack = next((item for item in stage.deck if item.slot == move.tip.slot), None)
            tip_nl = labware(rack.load_name).wells[move.tip.place].capacity_nl if rack is not None else tip_nl
            tip_on = True
        for slot in stops:
            there = corners.get(slot, here)
            total += max(_way_s(abs(there[0] - here[0]), speeds.x, speeds.x_gain), _way_s(abs(there[1] - here[1]), speeds.y, speeds.y_gain))
            here = there
        flow = pipette_data(stage.pipettes[move.pipette][1]).flow_rate(tip_nl)
        cycled = move.volume_nl + move.stir_nl * STIR_STROKES + move.mix_nl * move.mix_times
        total += 2 * into_s + cycled / 1000 / flow.aspirate + cycled / 1000 / flow.dispense
    return total + (drop_s if tip_on else 0.0)


def _way_s(way_mm: float, speed: float, gain: float) -> float:
    """From rest to rest: a triangle of speed on a short way, a trapezoid on a long one."""
    if way_mm <= 0:
        return 0.0
    return 2 * (way_mm / gain) ** 0.5 if way_mm < speed**2 / gain else way_mm / speed + speed / gain
