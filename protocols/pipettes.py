"""What the mounted pipettes can measure, from the maker's data; and which of them takes a volume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.lab_profile import LabProfile

from .labware import labware
from .volumes import STEP_NL, shown

# Ten steps, 1 µL: half a step is 5 % then. The definitions go down to 0.5 µL for flex_1channel_50, while the maker's
# documentation of volume modes promises 1 µL (docs.opentrons.com/python-api/pipettes/volume-modes).
FEWEST_STEPS = 10


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A volume mode of a pipette and its limits."""

    smallest_nl: int
    largest_nl: int


@dataclass(frozen=True, kw_only=True)
class PipetteData:
    """One pipette model. `low` is its low-volume mode, where it has one; `racks` are the tip racks made for it.

    `engine_name` is what the engine calls it, e.g. p50_single_flex for flex_1channel_50.
    """

    load_name: str
    engine_name: str
    channels: int
    usual: Mode
    low: Mode | None
    racks: frozenset[str]

    def mode_for(self, volume_nl: int) -> Mode:
        """The mode that the robot takes for a volume: the low one below the usual mode's minimum."""
        return self.low if self.low is not None and volume_nl < self.usual.smallest_nl else self.usual


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A mounted one-channel pipette with one kind of tip rack."""

    pipette: PipetteData
    mount: str
    rack: str
    tip_nl: int

    @property
    def smallest_nl(self) -> int:
        """The least of its modes, but never so little that rounding to a step could be more than 5 %."""
        modes = [self.pipette.usual] + ([self.pipette.low] if self.pipette.low else [])
        return max(math.ceil(min(mode.smallest_nl for mode in modes) / STEP_NL) * STEP_NL, FEWEST_STEPS * STEP_NL)

    @property
    def largest_nl(self) -> int:
        return min(self.tip_nl, self.pipette.usual.largest_nl)

    def is_low(self, volume_nl: int) -> bool:
        """Whether the volume (its smallest part) takes the pipette's low-volume mode."""
        return self.pipette.mode_for(min(self.parts(volume_nl))) is self.pipette.low

    def most_nl(self, volume_nl: int) -> int:
        """The most that fits into the tip in the mode of a volume."""
        return min(self.tip_nl, self.pipette.mode_for(volume_nl).largest_nl)

    def parts(self, volume_nl: int) -> tuple[int, ...]:
        """A volume in as few even parts as fit the tip, each a multiple of the pipetting step."""
        count = math.ceil(volume_nl / self.largest_nl)
        steps, extra = divmod(volume_nl // STEP_NL, count)
        return tuple((steps + (i < extra)) * STEP_NL for i in range(count))


@cache
def _flex_names() -> dict[str, str]:
    try:
        from opentrons_shared_data.pipette.types import PIPETTE_API_NAMES_MAP
    except ImportError as fault:
        raise ProtocolError(
            "Expected the pipette definitions (opentrons-shared-data), found none installed. Install the extra: pip install 'nextwell[opentrons]'."
        ) from fault
    return {name: kind.value for name, kind in PIPETTE_API_NAMES_MAP.items() if name.startswith("flex_")}


@cache
def pipette_data(load_name: str) -> PipetteData:
    """The maker's data of one Flex pipette.

    Raises:
        ProtocolError: no such pipette; the nearest are offered.
    """
    names = _flex_names()
    if load_name not in names:
        raise ProtocolError(f"Expected a Flex pipette's load name, found {load_name!r}. {nearest(load_name, names)}")
    from opentrons_shared_data.pipette import load_data, pipette_load_name_conversions
    from opentrons_shared_data.pipette.types import LiquidClasses

    model = pipette_load_name_conversions.convert_pipette_name(names[load_name])  # type: ignore[arg-type]
    told = load_data.load_definition(model.pipette_type, model.pipette_channels, model.pipette_version, model.oem_type)
    modes = {
        kind: Mode(smallest_nl=round(liquid.min_volume * 1000), largest_nl=round(liquid.max_volume * 1000))
        for kind, liquid in told.liquid_properties.items()
    }
    usual = told.liquid_properties[LiquidClasses.default]
    return PipetteData(
        load_name=load_name, engine_name=names[load_name], channels=int(told.channels.value), usual=modes[LiquidClasses.default],
        low=modes.get(LiquidClasses.lowVolumeDefault), racks=frozenset(path.split("/")[1] for path in usual.default_tipracks),
    )  # fmt: skip


def mounted_hands(lab: LabProfile) -> tuple[Hand, ...]:
    """Every one-channel pipette with each of its racks; more channels are left alone at this depth.

    Raises:
        ProtocolError: an unknown pipette or rack.
    """
    return tuple(
        Hand(pipette=pipette_data(pipette.name), mount=pipette.mount, rack=rack, tip_nl=next(iter(labware(rack).wells.values())).capacity_nl)
        for pipette in lab.robot.pipettes
        if pipette_data(pipette.name).channels == 1
        for rack in dict.fromkeys(pipette.tip_racks)
    )


def choose_hand(hands: Sequence[Hand], volume_nl: int) -> Hand:
    """The hand that takes a volume in the fewest parts, and of those the one with the smallest tip: the most precise.

    Raises:
        ProtocolError: the volume is below every pipette's minimum.
    """
    able = [hand for hand in hands if min(hand.parts(volume_nl)) >= hand.smallest_nl]
    if not able:
        least = min(hands, key=lambda hand: hand.smallest_nl)
        raise ProtocolError(f"Expected at least {shown(least.smallest_nl)} ({least.pipette.load_name}), found {shown(volume_nl)}.")
    return min(able, key=lambda hand: (len(hand.parts(volume_nl)), hand.largest_nl, hand.pipette.usual.largest_nl))
