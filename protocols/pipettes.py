"""What the mounted pipettes can measure, from the maker's data; and which of them takes a volume."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from world_model.terms.errors import ProtocolError, nearest
from world_model.terms.lab_profile import LabProfile

from .labware import labware
from .nozzles import PITCH_MM
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
class FlowRate:
    """How fast the plunger moves liquid with one size of tip, µL a second."""

    aspirate: float
    dispense: float


@dataclass(frozen=True, kw_only=True)
class PipetteData:
    """One pipette model. `low` is its low-volume mode, where it has one; `racks` are the tip racks made for it.

    `engine_name` is what the engine calls it, e.g. p50_single_flex for flex_1channel_50. `flow_rates` are by a tip's
    capacity in nanolitres.
    """

    load_name: str
    engine_name: str
    robot: str
    channels: int
    usual: Mode
    low: Mode | None
    racks: frozenset[str]
    flow_rates: Mapping[int, FlowRate]

    def mode_for(self, volume_nl: int) -> Mode:
        """The mode that the robot takes for a volume: the low one below the usual mode's minimum."""
        return self.low if self.low is not None and volume_nl < self.usual.smallest_nl else self.usual

    def flow_rate(self, tip_nl: int) -> FlowRate:
        """The flow rate with a tip; of the next larger size where the maker tells none for this one."""
        sizes = sorted(self.flow_rates)
        return self.flow_rates[next((size for size in sizes if size >= tip_nl), sizes[-1])]


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A mounted pipette with one kind of tip rack."""

    pipette: PipetteData
    mount: str
    rack: str
    tip_nl: int

    @property
    def channels(self) -> int:
        return self.pipette.channels

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

    def least_nl(self, volume_nl: int) -> int:
        """The least that is measured in the mode of a volume."""
        return max(self.pipette.mode_for(volume_nl).smallest_nl, STEP_NL)

    def parts(self, volume_nl: int) -> tuple[int, ...]:
        """A volume in as few even parts as fit the tip, each a multiple of the pipetting step."""
        count = math.ceil(volume_nl / self.largest_nl)
        steps, extra = divmod(volume_nl // STEP_NL, count)
        return tuple((steps + (i < extra)) * STEP_NL for i in range(count))


@cache
def _names() -> dict[str, str]:
    try:
        from opentrons_shared_data.pipette.types import PIPETTE_API_NAMES_MAP
    except ImportError as fault:
        raise ProtocolError(
            "Expected the pipette definitions (opentrons-shared-data), found none installed. Install the extra: pip install 'nextwell[opentrons]'."
        ) from fault
    # 96 channels at once pour one liquid into a whole plate; nothing in a design of single wells asks for that
    return {name: kind.value for name, kind in PIPETTE_API_NAMES_MAP.items() if "96channel" not in name and not name.endswith("_em")}


@cache
def pipette_data(load_name: str) -> PipetteData:
    """The maker's data of one pipette of a Flex or an OT-2, with one channel or eight.

    Raises:
        ProtocolError: no such pipette; the nearest are offered.
    """
    names = _names()
    if load_name not in names:
        raise ProtocolError(f"Expected a pipette's load name, found {load_name!r}. {nearest(load_name, names)}")
    from opentrons_shared_data.pipette import load_data, pipette_load_name_conversions
    from opentrons_shared_data.pipette.types import LiquidClasses

    model = pipette_load_name_conversions.convert_pipette_name(names[load_name])  # type: ignore[arg-type]
    told = load_data.load_definition(model.pipette_type, model.pipette_channels, model.pipette_version, model.oem_type)
    modes = {
        kind: Mode(smallest_nl=round(liquid.min_volume * 1000), largest_nl=round(liquid.max_volume * 1000))
        for kind, liquid in told.liquid_properties.items()
    }
    usual = told.liquid_properties[LiquidClasses.default]
    nozzles = [place[1] for place in told.nozzle_map.values()]
    if any(not math.isclose(one - two, PITCH_MM) for one, two in itertools.pairwise(nozzles)):
        raise ProtocolError(f"Expected nozzles {PITCH_MM:g} mm apart, found others on {load_name}. Mount another pipette.")
    return PipetteData(
        load_name=load_name, engine_name=names[load_name], robot="Flex" if load_name.startswith("flex_") else "OT-2",
        channels=int(told.channels.value), usual=modes[LiquidClasses.default], low=modes.get(LiquidClasses.lowVolumeDefault),
        racks=frozenset(path.split("/")[1] for path in usual.default_tipracks),
        flow_rates={
            int(kind.name.removeprefix("t")) * 1000: FlowRate(aspirate=tip.default_aspirate_flowrate.default, dispense=tip.default_dispense_flowrate.default)
            for kind, tip in usual.supported_tips.items()
        },
    )  # fmt: skip


@cache
def by_engine_name(name: str) -> PipetteData | None:
    """The pipette that the engine calls so; None where it is none of ours."""
    return next((pipette_data(load_name) for load_name, engine_name in _names().items() if engine_name == name), None)


def mounted_hands(lab: LabProfile) -> tuple[Hand, ...]:
    """Every mounted pipette with each of its racks.

    Raises:
        ProtocolError: an unknown pipette or rack.
    """
    return tuple(
        Hand(pipette=pipette_data(pipette.name), mount=pipette.mount, rack=rack, tip_nl=next(iter(labware(rack).wells.values())).capacity_nl)
        for pipette in lab.robot.pipettes
        for rack in dict.fromkeys(pipette.tip_racks)
    )


def single_hands(hands: Sequence[Hand]) -> tuple[Hand, ...]:
    """The hands that serve one well at a time."""
    return tuple(hand for hand in hands if hand.channels == 1)


def measuring_hands(lab: LabProfile) -> tuple[Hand, ...]:
    """The hands whose limits hold for any well's volume: those with one channel, or the eight-channel ones where no other is
    mounted.

    Raises:
        ProtocolError: an unknown pipette or rack.
    """
    hands = mounted_hands(lab)
    return single_hands(hands) or hands


def choose_hand(hands: Sequence[Hand], volume_nl: int) -> Hand:
    """The hand that takes a volume in the fewest parts, and of those the one with the smallest tip: the most precise.

    Raises:
        ProtocolError: the volume is below every pipette's minimum.
    """
    able = able_hands(hands, volume_nl)
    if not able:
        least = min(hands, key=lambda hand: hand.smallest_nl)
        raise ProtocolError(f"Expected at least {shown(least.smallest_nl)} ({least.pipette.load_name}), found {shown(volume_nl)}.")
    return able[0]


def able_hands(hands: Sequence[Hand], volume_nl: int) -> list[Hand]:
    """The hands that can measure a volume, the most precise first."""
    able = [hand for hand in hands if min(hand.parts(volume_nl)) >= hand.smallest_nl]
    return sorted(able, key=lambda hand: (len(hand.parts(volume_nl)), hand.largest_nl, hand.pipette.usual.largest_nl))
