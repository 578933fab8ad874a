"""Moves of one stage: which pipette, which tip, and how the tip meets the well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..labware import labware
from ..pipettes import Hand, able_hands, single_hands
from ..plan import Manner, Move, PhysicalPlan, Transfer
from ..tip_rules import ABOVE_MM, manner_for
from ..volumes import STEP_NL
from .columns import CHANNELS, Stroke, strokes
from .racks import TipRequest

# Cells settle: the stock is stirred before the first and then every twelfth aspirate.
STIR_EVERY = 12
# A mixture is even when its volume went through the tip about twice; a few strokes at least, and not for ever.
TURNOVERS = 2
FEWEST_STROKES, MOST_STROKES = 3, 15
# A tip that takes less than this part of a mixture at a stroke is exchanged for a larger one where there is one.
GOOD_STROKE = 0.25
ADDITION_STROKES = 2
Place = tuple[str, str]
_RANK: dict[Manner, int] = {"dry": 0, "air": 0, "liquid": 1}


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
            chosen = []
            for stroke in self._joined(these, load_name):
                hand, manner = self._hand_and_manner(stroke, load_name)
                if hand is None:
                    self.left_out += stroke.transfers
                else:
                    chosen.append((stroke, hand, manner))
            rank = self._rank[plate]
            for stroke, hand, manner in sorted(
                chosen, key=lambda c: (_RANK[c[2]], -c[0].channels, self.hands.index(c[1]), c[1].is_low(c[0].first.volume_nl), rank[c[0].first.well])
            ):
                self._write(stroke, hand, manner, stir=stir, mix_times=ADDITION_STROKES if mix else 0)

    def make(self, first: Sequence[Transfer], then: Sequence[Transfer]) -> None:
        """Dilutions: the diluent into every dry well with one tip, then each parent, mixed in, strongest first."""
        for liquid in dict.fromkeys(transfer.stock for transfer in first):
            self.add([transfer for transfer in first if transfer.stock == liquid])
        for transfer in then:
            stroke = Stroke(transfers=(transfer,))
            hand, manner = self._hand_and_manner(stroke, self.load_names[transfer.plate])
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

    def _joined(self, transfers: Sequence[Transfer], load_name: str) -> list[Stroke]:
        single = [Stroke(transfers=(transfer,)) for transfer in transfers]
        if not self.eights:
            return single
        source = self.load_names[self.holders[transfers[0].stock]]
        found = []
        for stroke in strokes(transfers, target=load_name, source=source):
            if stroke.channels == 1 or self._hand_and_manner(stroke, load_name)[0] is not None:
                found.append(stroke)
            else:
                found += [Stroke(transfers=(transfer,)) for transfer in stroke.transfers]
        return found

    def _hand_and_manner(self, stroke: Stroke, load_name: str) -> tuple[Hand | None, Manner]:
        """The most precise pipette that can, and how it meets the wells; none where eight wells would be met differently."""
        able = self._hands_for(stroke.first.volume_nl, stroke.channels)
        if not able:
            return None, "liquid"
        least = min(able[0].parts(stroke.first.volume_nl))
        manners = {self._manner(transfer, load_name, least) for transfer in stroke.transfers}
        return (able[0], manners.pop()) if len(manners) == 1 else (None, "liquid")

    def _hands_for(self, volume_nl: int, channels: int) -> list[Hand]:
        key = (volume_nl, channels)
        if key not in self._able:
            self._able[key] = able_hands(self.singles if channels == 1 else self.eights, volume_nl)
        return self._able[key]

    def _manner(self, transfer: Transfer, load_name: str, least_part_nl: int) -> Manner:
        held = self.contents.get((transfer.plate, transfer.well), {})
        item = labware(load_name)
        after_nl = sum(held.values()) + transfer.volume_nl
        gap = item.wells[transfer.well].depth_mm + ABOVE_MM - item.liquid_height_mm(transfer.well, after_nl)
        return manner_for(transfer.stock, held.keys(), least_part_nl=least_part_nl, gap_mm=gap)

    def _stroke_nl(self, hand: Hand, volume_nl: int, held_nl: int) -> int:
        """How much one stroke of mixing moves: four fifths of what the tip takes, at most half of the well, 0 where the
        pipette can't measure so little."""
        part = min(hand.parts(volume_nl))
        stroke = min(hand.most_nl(part) * 4 // 5, held_nl // 2) // STEP_NL * STEP_NL
        return stroke if stroke >= hand.least_nl(part) else 0

    def _write(self, stroke: Stroke, hand: Hand, manner: Manner, *, stir: bool, mix_times: int) -> None:
        first = stroke.first
        holder = self.holders[first.stock]
        parts = hand.parts(first.volume_nl)
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
            mixes = mix_times > 0 and manner == "liquid" and number == len(parts) - 1
            self.moves.append(
                {
                    "pipette": self.mounts.index(hand.mount), "tip": len(self.requests) - 1 if fresh else None, "stock": first.stock,
                    "source_slot": self.slots[holder], "source_well": first.source_well, "target_slot": self.slots[first.plate],
                    "well": first.well, "volume_nl": part, "manner": manner, "configure_nl": part if configure else None,
                    "stir_nl": self._stroke_nl(hand, part, there + part) if stir and taken % STIR_EVERY == 0 else 0,
                    "mix_nl": self._stroke_nl(hand, part, min(held_nl)) if mixes else 0, "channels": stroke.channels, "mix_times": mix_times if mixes else ADDITION_STROKES,
                }
            )  # fmt: skip
            self._on, self._clean_of = hand, first.stock if manner != "liquid" else ""
            self._taken[first.stock] = taken + 1

    def written(self, places: Sequence[Any]) -> tuple[Move, ...]:
        """The moves, with the tips' places."""
        return tuple(Move(**{**move, "tip": None if move["tip"] is None else places[move["tip"]]}) for move in self.moves)
