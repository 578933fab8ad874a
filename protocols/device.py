"""What measures a liquid: the least, the most and the step of whatever moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import ECHO, OPENTRONS, TECAN
from world_model.terms.stocks import Holder

from .labware import labware
from .pipettes import measuring_hands
from .volumes import STEP_NL, to_nl

Manner = Literal["tips", "washed tips", "sound"]

# Two drops of 2.5 nL: whole nanolitres. The 525 moves drops of 25 nL.
# Source: Beckman Coulter, Echo 525 and Echo 65x liquid handler data sheets.
_ECHO_STEP_NL = {"Echo 525": 25}
_ECHO_FINE_STEP_NL = 5


@dataclass(frozen=True, kw_only=True)
class Device:
    """A machine, or one pipette of it.

    Attributes:
        name: as messages call it.
        least_nl, most_nl: of one transfer; more is split.
        step_nl: volumes are multiples of it.
        by: tips that are thrown away or washed, or sound, which touches nothing.
    """

    name: str
    least_nl: int
    most_nl: int
    step_nl: int
    by: Manner


# What an Echo does not move (a base medium from a reservoir) is dispensed beforehand. 1 to 1000 µL in tenths: the range of
# a set of hand pipettes from P2 to P1000.
BY_HAND = Device(name="hand pipettes", least_nl=1_000, most_nl=1_000_000, step_nl=STEP_NL, by="tips")


def mark_nl(volume_nl: int) -> int:
    """The coarsest step of common hand pipettes' counters at a volume: 0.1 µL to 20 µL, 0.2 µL to 200 µL (P200), 2 µL beyond (P1000).

    Makers differ: some count a P1000 in single microlitres. A multiple of the coarsest can be set on all.
    """
    return 100 if volume_nl <= 20_000 else 200 if volume_nl <= 200_000 else 2_000


def device_of(lab: LabProfile) -> Device:
    """The finest that the lab's robot measures.

    Raises:
        ProtocolError: an unknown pipette or rack.
    """
    robot = lab.robot
    if robot.model in OPENTRONS:
        hands = measuring_hands(lab)
        least = min(hands, key=lambda hand: hand.smallest_nl)
        return Device(
            name=least.pipette.load_name, least_nl=least.smallest_nl, most_nl=max(hand.largest_nl for hand in hands), step_nl=STEP_NL, by="tips"
        )
    if robot.model in ECHO:
        step_nl = _ECHO_STEP_NL.get(robot.model, _ECHO_FINE_STEP_NL)
        least_nl = max(_multiple_up(to_nl(robot.least_ul or 0.0), step_nl), step_nl)
        return Device(name=robot.called, least_nl=least_nl, most_nl=to_nl(robot.most_ul or 0.0) // step_nl * step_nl, step_nl=step_nl, by="sound")
    step_nl = to_nl(robot.step_ul) if robot.step_ul is not None else STEP_NL
    washed = robot.model in TECAN and robot.tips == "fixed"
    return Device(
        name=robot.called, least_nl=_multiple_up(to_nl(robot.least_ul or 0.0), step_nl), most_nl=to_nl(robot.most_ul or 0.0) // step_nl * step_nl,
        step_nl=step_nl, by="washed tips" if washed else "tips",
    )  # fmt: skip


def devices_by_stock(lab: LabProfile) -> Mapping[str, Device]:
    """What moves each stock: the robot, or hands where an Echo does not reach. Cells are always poured: they settle, and sound
    stirs nothing."""
    device = device_of(lab)
    if device.by != "sound":
        return {stock.name: device for stock in lab.stocks}
    reached = {holder.name for holder in lab.holders if is_echo_source(holder)}
    cells = lab.cells.stock if lab.cells is not None else None
    return {stock.name: device if stock.holder in reached and stock.name != cells else BY_HAND for stock in lab.stocks}


def is_echo_source(holder: Holder) -> bool:
    """Whether an Echo draws from a holder: a source plate of 384 or 1536 wells, or the reservoir of six, with its type named.

    Source: Beckman Coulter, Echo qualified source plates (384PP, 384LDV, 1536LDV, 6RES).
    """
    wells = len(labware(holder.labware).wells)
    return bool(holder.type) and (wells in (384, 1536) or holder.type.upper().startswith("6RES"))


def _multiple_up(volume_nl: int, step_nl: int) -> int:
    return -(-volume_nl // step_nl) * step_nl
