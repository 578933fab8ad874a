"""Moves of one stage: which pipette, which tip, and how the tip meets the well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..labware import labware
from ..pipettes import Hand, able_hands, single_hands
from ..plan import Manner, Move, PhysicalPlan, Transfer
from ..tip_rules import ABOVE_MM, CLEARANCE_MM, CONTACT_FREE_NL, manner_for
from ..volumes import STEP_NL
from .columns import CHANNELS, Stroke, alone, columns_in
from .racks import TipRequest

# Cells settle: the stock is stirred before the first and then every twelfth aspirate.
STIR_EVERY = 12
# A mixture is even when its volume went through the tip about twice; a few strokes at least, and not for ever.
TURNOVERS = 2
FEWEST_STROKES, MOST_STROKES = 3, 15
# A tip that takes less than this part of a mixture at a stroke is exchanged for a larger one where there is one.
GOOD_STROKE = 0.25
ADDITION_STROKES = 2
# The tip's end goes this far below what is surely the surface, and never below the maker's own height for drawing.
DIP_MM = 2.0
LOWEST_MM = 1.0
Place = tuple[str, str]
_RANK: dict[Manner, int] = {"dry": 0, "air": 0, "liquid": 1}


def drawing_height_mm(load_name: str, well: str, left_nl: int) -> float:
    """How high above the bottom a tip draws so that `left_nl` remain: near the surface, for a short tip at the bottom of a full
    tube would drown the pipette; and low enough in wells of any shape."""
    return max(math.floor(10 * (labware(load_name).surely_filled_mm(well, left_nl) - DIP_MM)) / 10, LOWEST_MM)


@dataclass
class Writer:
    """Writes moves in order and keeps what wells hold and stocks have left meanwhile.

    Attributes:
        slots: plate, dilution plate or holder → slot.
        load_names: the same → load name.
        holders: liquid → the labware that it stands in.
        contents: (plate, well) → what it holds.
        left: (labware, well) → what is left of a liquid.
        left_out: what no mounted pipette can do.
    """

    plan: PhysicalPlan
    hands: Sequence[Hand]
    mounts: Sequence[str]
    slots: Mapping[str, str]
    load_names: Mapping[str, str]
    holders: Mapping[str, str]
    contents: dict[Place, dict[str, int]]
    left: dict[Place, int]
    moves: list[dict[str, Any]] = field(default_factory=list)
    requests: list[TipRequest] = field(default_factory=list)
    left_out: list[Transfer] = field(default_factory=list)
    low_mode: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.singles = single_hands(self.hands)
        self.eights = tuple(hand for hand in self.hands if hand.channels == CHANNELS)
        self._place = {id(hand): i for i, hand in enumerate(self.hands)}
        self._able: dict[tuple[int, int], list[Hand]] = {}
        self._rank = {name: {well: i for i, well in enumerate(labware(load).wells)} for name, load in self.load_names.items()}
        self._on: Hand | None = None
        self._clean_of = ""
        self._taken: dict[str, int] = {}

    @property
    def tips(self) -> int:
        return sum(request.channels for request in self.requests)

    def add(self, transfers: Iterable[Transfer], *, stir: bool = False, mix: bool = False) -> None:
        """Transfers of one liquid: dry wells and drops from above on one tip, then a tip for each well that is entered."""
        by_plate: dict[str, list[Transfer]] = {}
        for transfer in transfers:
            by_plate.setdefault(transfer.plate, []).append(transfer)
        for plate, these in by_plate.items():
            load_name = self.load_names[plate]
            rank = self._rank[plate]
            for stroke, hand, manner in sorted(
                self._chosen(these, load_name),
                key=lambda c: (_RANK[c[2]], -c[0].channels, self._place[id(c[1])], c[1].is_low(c[0].volume_nl), rank[c[0].first.well]),
            ):
                self._write(stroke, hand, manner, stir=stir, mix_times=ADDITION_STROKES if mix else 0)

    def _chosen(self, transfers: Sequence[Transfer], load_name: str) -> list[tuple[Stroke, Hand, Manner]]:
        """Each transfer's stroke with the pipette and the manner; what nothing mounted can do goes to `left_out`."""
        groups: list[tuple[Transfer, ...]] = []
        rest = list(transfers)
        if self.eights:
            groups, rest = columns_in(transfers, target=load_name, source=self.load_names[self.holders[transfers[0].stock]])
        found = []
        for group in groups:
            joined = self._together(group, load_name)
            found += joined
            if not joined:
                rest += group
        for transfer in rest:
            hand, manner = self._hand_and_manner(alone(transfer), load_name)
            if hand is None:
                self.left_out.append(transfer)
            else:
                found.append((alone(transfer), hand, manner))
        return found

    def _together(self, group: tuple[Transfer, ...], load_name: str) -> list[tuple[Stroke, Hand, Manner]]:
        """A column with eight channels: all of it where the volumes are one; else their common part, where the rest by one
        channel then takes fewer moves than the whole would, and no more tips. Nothing where that does not help."""
        volumes = {transfer.volume_nl for transfer in group}
        if len(volumes) == 1:
            whole = Stroke(transfers=group, volume_nl=group[0].volume_nl)
            hand, manner = self._hand_and_manner(whole, load_name)
            return [(whole, hand, manner)] if hand is not None else []
        singly = [self._hand_and_manner(alone(transfer), load_name) for transfer in group]
        if any(hand is None or manner == "liquid" for hand, manner in singly) or min(self._gap_mm(transfer, load_name) for transfer in group) < CLEARANCE_MM:
            return []
        best: list[tuple[Stroke, Hand, Manner]] = []
        fewest = sum(len(hand.parts(transfer.volume_nl)) for transfer, (hand, _) in zip(group, singly, strict=True) if hand is not None) - 1
        # what is left must still fall from a tip, and be measurable
        for spared_nl in (0, CONTACT_FREE_NL):
            common_nl = min(volumes) - spared_nl
            if common_nl < CONTACT_FREE_NL:
                continue
            stroke = Stroke(transfers=group, volume_nl=common_nl)
            tried = [(stroke, *self._hand_and_manner(stroke, load_name))]
            for transfer in group:
                left_nl = transfer.volume_nl - common_nl
                if left_nl > 0:
                    tried.append((alone(transfer, left_nl), *self._hand_and_manner(alone(transfer, left_nl), load_name)))
            able = [(each, hand, manner) for each, hand, manner in tried if hand is not None and manner != "liquid" and min(hand.parts(each.volume_nl)) >= CONTACT_FREE_NL]
            moves = sum(len(hand.parts(each.volume_nl)) for each, hand, _ in able)
            if len(able) == len(tried) and moves < fewest:
                best, fewest = [(each, hand, "air") for each, hand, _ in able], moves
        return best

    def make(self, first: Sequence[Transfer], then: Sequence[Transfer]) -> None:
        """Dilutions: the diluent into every dry well with one tip, then each parent, mixed in, strongest first."""
        for liquid in dict.fromkeys(transfer.stock for transfer in first):
            self.add([transfer for transfer in first if transfer.stock == liquid])
        for transfer in then:
            stroke = alone(transfer)
            hand = self._hand_and_manner(stroke, self.load_names[transfer.plate])[0]
            if hand is None:
                self.left_out.append(transfer)
                continue
            total = sum(self.contents.get((transfer.plate, transfer.well), {}).values()) + transfer.volume_nl
            good = [one for one in self._hands_for(transfer.volume_nl, 1) if self._stroke_nl(one, transfer.volume_nl, total) >= GOOD_STROKE * total]
            if good and self._stroke_nl(hand, transfer.volume_nl, total) < GOOD_STROKE * total:
                hand = good[0]
            each = max(self._stroke_nl(hand, transfer.volume_nl, total), STEP_NL)
            times = min(max(FEWEST_STROKES, -(-TURNOVERS * total // each)), MOST_STROKES)
            self._write(stroke, hand, "liquid", stir=False, mix_times=times)

    def _hand_and_manner(self, stroke: Stroke, load_name: str) -> tuple[Hand | None, Manner]:
        """The most precise pipette that can, and how it meets the wells. None where eight wells would be met differently, unless
        all can be served from above."""
        able = self._hands_for(stroke.volume_nl, stroke.channels)
        if not able:
            return None, "liquid"
        least = min(able[0].parts(stroke.volume_nl))
        manners = {self._manner(transfer, load_name, least) for transfer in stroke.transfers}
        if len(manners) == 1:
            return able[0], manners.pop()
        if "liquid" in manners or least < CONTACT_FREE_NL or min(self._gap_mm(transfer, load_name) for transfer in stroke.transfers) < CLEARANCE_MM:
            return None, "liquid"
        return able[0], "air"

    def _hands_for(self, volume_nl: int, channels: int) -> list[Hand]:
        key = (volume_nl, channels)
        if key not in self._able:
            self._able[key] = able_hands(self.singles if channels == 1 else self.eights, volume_nl)
        return self._able[key]

    def _manner(self, transfer: Transfer, load_name: str, least_part_nl: int) -> Manner:
        held = self.contents.get((transfer.plate, transfer.well), {})
        return manner_for(transfer.stock, held.keys(), least_part_nl=least_part_nl, gap_mm=self._gap_mm(transfer, load_name))

    def _gap_mm(self, transfer: Transfer, load_name: str) -> float:
        """Between a tip above the well and the liquid, once all of a transfer is in."""
        item = labware(load_name)
        after_nl = sum(self.contents.get((transfer.plate, transfer.well), {}).values()) + transfer.volume_nl
        return item.wells[transfer.well].depth_mm + ABOVE_MM - item.liquid_height_mm(transfer.well, after_nl)

    def _stroke_nl(self, hand: Hand, volume_nl: int, held_nl: int) -> int:
        """How much one stroke of mixing moves: four fifths of what the tip takes, at most half of the well, 0 where the
        pipette can't measure so little."""
        part = min(hand.parts(volume_nl))
        stroke = min(hand.most_nl(part) * 4 // 5, held_nl // 2) // STEP_NL * STEP_NL
        return stroke if stroke >= hand.least_nl(part) else 0

    def _write(self, stroke: Stroke, hand: Hand, manner: Manner, *, stir: bool, mix_times: int) -> None:
        first = stroke.first
        holder = self.holders[first.stock]
        parts = hand.parts(stroke.volume_nl)
        for number, part in enumerate(parts):
            fresh = self._on is not hand or manner == "liquid" or self._clean_of != first.stock
            held_nl = []
            for transfer in stroke.transfers:
                held = self.contents.setdefault((transfer.plate, transfer.well), {})
                held[transfer.stock] = held.get(transfer.stock, 0) + part
                held_nl.append(sum(held.values()))
                self.left[holder, transfer.source_well] = self.left.get((holder, transfer.source_well), 0) - part
                if transfer.plate != self.plan.plate:
                    self.left[transfer.plate, transfer.well] = self.left.get((transfer.plate, transfer.well), 0) + part
            # a pipette stays in its low-volume mode until told otherwise
            low = hand.pipette.mode_for(part) is hand.pipette.low
            configure = hand.pipette.low is not None and self.low_mode.get(hand.mount, False) != low
            self.low_mode[hand.mount] = low
            if fresh:
                self.requests.append(TipRequest(rack=hand.rack, channels=stroke.channels, move=len(self.moves)))
            taken = self._taken.get(first.stock, 0)
            there = min(self.left[holder, transfer.source_well] for transfer in stroke.transfers) // (stroke.channels if len({t.source_well for t in stroke.transfers}) == 1 else 1)
            least_nl = max(min(self.left[holder, transfer.source_well] for transfer in stroke.transfers), 0)
            mixes = mix_times > 0 and manner == "liquid" and number == len(parts) - 1
            self.moves.append(
                {
                    "pipette": self.mounts.index(hand.mount), "tip": len(self.requests) - 1 if fresh else None, "stock": first.stock,
                    "source_slot": self.slots[holder], "source_well": first.source_well, "target_slot": self.slots[first.plate],
                    "well": first.well, "volume_nl": part, "manner": manner, "configure_nl": part if configure else None,
                    "stir_nl": self._stroke_nl(hand, part, there + part) if stir and taken % STIR_EVERY == 0 else 0,
                    "mix_nl": self._stroke_nl(hand, part, min(held_nl)) if mixes else 0, "channels": stroke.channels, "mix_times": mix_times if mixes else ADDITION_STROKES,
                    "source_mm": drawing_height_mm(self.load_names[holder], first.source_well, least_nl),
                }
            )  # fmt: skip
            self._on, self._clean_of = hand, first.stock if manner != "liquid" else ""
            self._taken[first.stock] = taken + 1

    def written(self, places: Sequence[Any]) -> tuple[Move, ...]:
        """The moves, with the tips' places."""
        return tuple(Move(**{**move, "tip": None if move["tip"] is None else places[move["tip"]]}) for move in self.moves)
