"""L3 for machines that are told their transfers, and for hands: the order, what is split, and when a tip is changed.

Tips: a tip that met nothing but its own liquid and dry plastic may go on; one that went into another liquid is changed before
the next aspirate. A worklist does not say which tip an aspirate takes ("the next unused tip"), so there the only certain form is
a change, or a wash, after every dispense: `every_time`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from world_model.terms.lab_profile import LabProfile

from .adding_order import adding_order, turns
from .device import BY_HAND, Device
from .labware import labware
from .plan import PhysicalPlan, PlanStage, Transfer

Place = tuple[str, str]
"""A plate's, holder's or dilution plate's name, and the well."""
Hands = Literal["machine", "hand before", "hand after"]
MIX_STROKES = 3
# Cells settle: their stock is mixed before the first and then before every twelfth aspirate.
STIR_EVERY = 12


@dataclass(frozen=True, kw_only=True)
class WorkStep:
    """One aspirate and one dispense; into its own source it is a mixing stroke. `fresh`: the tip is changed (or washed) before."""

    liquid: str
    source: Place
    target: Place
    volume_nl: int
    fresh: bool

    @property
    def mixes(self) -> bool:
        return self.source == self.target


@dataclass(frozen=True, kw_only=True)
class WorkStage:
    """One stage: what hands do before the machine, the machine's steps, and what hands do after it. `groups` are positions
    in `steps` that everything before must be finished for."""

    name: str
    minute: int
    before: tuple[WorkStep, ...]
    steps: tuple[WorkStep, ...]
    after: tuple[WorkStep, ...]
    groups: frozenset[int]

    @property
    def tips(self) -> int:
        """Tips that the machine takes, or how often it washes them."""
        return sum(step.fresh for step in self.steps)


def plan_work(plan: PhysicalPlan, lab: LabProfile, *, tips: Literal["every time", "as needed"]) -> tuple[WorkStage, ...]:
    """Every stage of a plan, in order: dilutions first, each mixed; then liquid by liquid, down the columns."""
    order = adding_order(plan, lab)
    turn = turns(plan, lab)
    wells = _Wells({(stock.holder, well): volume for stock in plan.stocks for well, volume in stock.start_nl.items()})
    return tuple(_stage(plan, lab, stage, order, turn, wells, tips) for stage in plan.stages)


@dataclass
class _Wells:
    """What each well has left, and which liquids came into it."""

    left_nl: dict[Place, int]
    came: dict[Place, set[str]] = field(default_factory=dict)


def _stage(
    plan: PhysicalPlan, lab: LabProfile, stage: PlanStage, order: Sequence[str], turn: Mapping[str, int], wells: _Wells,
    tips: Literal["every time", "as needed"],
) -> WorkStage:  # fmt: skip
    by: dict[Hands, _Writer] = {
        "hand before": _Writer(plan, BY_HAND, wells, "as needed"), "machine": _Writer(plan, plan.device, wells, tips),
        "hand after": _Writer(plan, BY_HAND, wells, "as needed"),
    }  # fmt: skip
    moved_by: dict[str, Hands] = {name: _hands(name, plan, turn) for name in order}
    making: list[Transfer] = []
    for_wells: dict[str, list[Transfer]] = {}
    for transfer in stage.transfers:
        if transfer.plate == plan.plate:
            for_wells.setdefault(transfer.stock, []).append(transfer)
        else:
            making.append(transfer)
    maker = by["hand before" if plan.device.by == "sound" else "machine"]
    for transfer in making:
        place = (transfer.plate, transfer.well)
        second = place in wells.came
        maker.add([transfer])
        if second:
            maker.mix(place, liquid=next(d.name for d in plan.dilutions if d.plate == place[0] and place[1] in d.wells))
    cells = lab.cells.stock if lab.cells is not None else None
    for who, writer in by.items():
        for name in order:
            if name in for_wells and moved_by[name] == who:
                writer.add(for_wells[name], stir=name == cells)
    machine = by["machine"]
    return WorkStage(
        name=stage.name, minute=stage.minute, before=tuple(by["hand before"].steps), steps=tuple(machine.steps), after=tuple(by["hand after"].steps),
        groups=frozenset(machine.groups),
    )  # fmt: skip


def _hands(liquid: str, plan: PhysicalPlan, turn: Mapping[str, int]) -> Hands:
    if liquid not in plan.by_hand:
        return "machine"
    return "hand after" if turn[liquid] > 1 else "hand before"


@dataclass
class _Writer:
    plan: PhysicalPlan
    device: Device
    wells: _Wells
    tips: Literal["every time", "as needed"]
    steps: list[WorkStep] = field(default_factory=list)
    groups: set[int] = field(default_factory=set)
    on: str = ""  # the liquid that the tip holds on to; empty when it must be changed

    def add(self, transfers: Sequence[Transfer], *, stir: bool = False) -> None:
        """Transfers of one liquid, dry wells first: they need no change of tips."""
        self.groups.add(len(self.steps))
        dry = [t for t in transfers if self._is_dry(t)]
        rest = [t for t in transfers if not self._is_dry(t)]
        for number, transfer in enumerate([*self._down(dry), *self._down(rest)]):
            source, target = (self.plan.stock(transfer.stock).holder, transfer.source_well), (transfer.plate, transfer.well)
            if stir and number % STIR_EVERY == 0:
                self._strokes(transfer.stock, source, self.plan.final_nl)
            wet = not self._is_dry(transfer)
            for part in parts(transfer.volume_nl, self.device):
                self._step(transfer.stock, source, target, part)
                if wet:
                    self.on = ""
            left = self.wells.left_nl
            left[source] = left.get(source, 0) - transfer.volume_nl
            left[target] = left.get(target, 0) + transfer.volume_nl
            self.wells.came.setdefault(target, set()).add(transfer.stock)

    def mix(self, place: Place, *, liquid: str) -> None:
        """Strokes of half of what the well holds."""
        self._strokes(liquid, place, self.wells.left_nl[place] // 2)

    def _strokes(self, liquid: str, place: Place, wanted_nl: int) -> None:
        """As much as the device moves at once, and no more than the well can give."""
        device = self.device
        can_nl = self.wells.left_nl[place] - self.plan.stock(liquid).dead_nl
        volume_nl = min(wanted_nl, can_nl, device.most_nl) // device.step_nl * device.step_nl
        for _ in range(MIX_STROKES if volume_nl >= device.least_nl else 0):
            # one after the other: several tips at once would draw the well dry
            self.groups.add(len(self.steps))
            self._step(liquid, place, place, volume_nl)
        self.groups.add(len(self.steps))

    def _step(self, liquid: str, source: Place, target: Place, volume_nl: int) -> None:
        fresh = self.tips == "every time" or self.on != liquid
        self.steps.append(WorkStep(liquid=liquid, source=source, target=target, volume_nl=volume_nl, fresh=fresh))
        self.on = liquid

    def _is_dry(self, transfer: Transfer) -> bool:
        return self.wells.came.get((transfer.plate, transfer.well), set()) <= {transfer.stock}

    def _down(self, transfers: Sequence[Transfer]) -> list[Transfer]:
        if len(transfers) < 2:
            return list(transfers)
        rank = {well: i for i, well in enumerate(labware(self.plan.labware_of(transfers[0].plate)).wells)}
        return sorted(transfers, key=lambda t: rank[t.well])


def parts(volume_nl: int, device: Device) -> tuple[int, ...]:
    """A volume in as few even parts as the device moves, each a multiple of its step; what is less than a step is left with
    the last one, for the range rule to find."""
    count = max(-(-volume_nl // device.most_nl), 1)
    whole, less = divmod(volume_nl, device.step_nl)
    steps, extra = divmod(whole, count)
    return tuple((steps + (i < extra)) * device.step_nl + (less if i == count - 1 else 0) for i in range(count))
