"""Tips: enough of them, each used once, none that met anything else back in a stock or in a well. Replayed move by move with
`tip_rules.py`, from what stands on the deck and not from what the planner thought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..deck import deck_of
from ..finding import Finding
from ..labware import labware
from ..nozzles import wells_under
from ..pipettes import pipette_data
from ..plan import PhysicalPlan, RobotStage
from ..rebuild import Place
from ..tip_rules import FRESH, Tip


def check_tips(plan: PhysicalPlan, robot: Sequence[RobotStage], on_hand: Mapping[str, int] | None = None) -> list[Finding]:
    """Walk every move with what each tip has met and what each well holds.

    Args:
        on_hand: load name of a rack → how many there are.
    """
    found = [*_racks(robot), *_supply(robot, on_hand or {})]
    holds: dict[Place, set[str]] = {}
    made = {(dilution.plate, well): dilution.name for dilution in plan.dilutions for well in dilution.wells}
    standing = {(stock.holder, well): stock.name for stock in plan.stocks for well in stock.wells} | made
    for stage in robot:
        names = {item.slot: item.name for item in stage.deck}
        load_names = {item.slot: item.load_name for item in stage.deck}
        refills = {refill.before: refill.slots for refill in stage.refills}
        given: set[Place] = set()
        on: list[Tip] = []
        holder = -1
        for number, move in enumerate(stage.moves, start=1):
            where = f"stage {stage.name}, move {number} ({move.stock} to {move.well})"
            if number - 1 in refills:
                given = {place for place in given if place[0] not in refills[number - 1]}
                if move.tip is None:
                    found.append(_error(where, "a refill while a tip is on", "a fresh tip after a refill"))
            count = pipette_data(stage.pipettes[move.pipette][1]).channels
            if move.tip is not None:
                rack = load_names.get(move.tip.slot)
                places = wells_under(rack, move.tip.place, count) if rack is not None else (move.tip.place,)
                known = move.tip.slot in deck_of(stage.robot).slots
                made_for = pipette_data(stage.pipettes[move.pipette][1]).racks
                if known and rack not in made_for:
                    found.append(_error(where, f"a tip from {rack or f'slot {move.tip.slot}, where nothing stands'}", f"one of {', '.join(sorted(made_for))}"))
                twice = [place for place in places if known and place is not None and (move.tip.slot, place) in given]
                if twice:
                    found.append(_error(where, f"tip {', '.join(twice)} of {move.tip.slot} for the second time", "a fresh tip"))
                given |= {(move.tip.slot, place) for place in places if place is not None}
                on, holder = [FRESH] * count, move.pipette
            elif not on or holder != move.pipette:
                found.append(_error(where, "no tip", "a tip"))
                on, holder = [FRESH] * count, move.pipette
            sources, targets = (_under(load_names, slot, well, count) for slot, well in ((move.source_slot, move.source_well), (move.target_slot, move.well)))
            after = []
            for tip, source, target in zip(on, sources, targets, strict=True):
                liquid = standing.get((names[move.source_slot], source), move.stock)
                well = holds.setdefault((names[move.target_slot], target), set())
                for told in dict.fromkeys([tip.why_not_draw(liquid), tip.drew(liquid).why_not_dispense(liquid, well, move.manner)]):
                    if told:
                        found.append(_error(where, told, f"a tip that met {move.stock} alone" if "tip that met" in told else "an empty well"))
                after.append(tip.drew(liquid).dispensed(well, "liquid" if move.mix_nl else move.manner))
                well.add(liquid)
            on = after
            # a dilution is one liquid once its last part is in
        for place, name in made.items():
            if holds.get(place):
                holds[place] = {name}
    return found


def _under(load_names: Mapping[str, str], slot: str, well: str, channels: int) -> tuple[str, ...]:
    """The well under each nozzle; a nozzle beside every well is the geometry rule's, and counts as the named well here."""
    if channels == 1 or slot not in load_names:
        return (well,) * channels
    return tuple(under or well for under in wells_under(load_names[slot], well, channels))


def _racks(robot: Sequence[RobotStage]) -> list[Finding]:
    """Kinds of racks that found no slot at all. What found one, but too few, is refilled."""
    found = []
    for stage in robot:
        lacking = [item.load_name for item in stage.deck if item.kind == "tips" and item.slot not in deck_of(stage.robot).slots]
        if lacking:
            kinds = {item.load_name for item in stage.deck if item.kind == "tips"}
            found.append(
                Finding(
                    rule="tips", severity="error", where=f"stage {stage.name}", observed=f"no free slot for {', '.join(lacking)}",
                    limit=f"at least {len(kinds)} free slots for tip racks", mend="Put stocks together in fewer holders.",
                )
            )  # fmt: skip
    return found


def _supply(robot: Sequence[RobotStage], on_hand: Mapping[str, int]) -> list[Finding]:
    needed: dict[str, int] = {}
    for stage in robot:
        for rack, count in stage.racks_used.items():
            needed[rack] = needed.get(rack, 0) + count
    return [
        Finding(
            rule="tips", severity="error", where=f"all {len(robot)} stages", observed=f"{count} racks of {labware(rack).title} needed",
            limit=f"at most the {on_hand[rack]} on hand", mend="Give weaker stocks: from 10 µL on a stock is dispensed from above with one tip. Or use fewer wells.",
        )
        for rack, count in needed.items()
        if count > on_hand.get(rack, count)
    ]  # fmt: skip


def _error(where: str, observed: str, limit: str) -> Finding:
    return Finding(rule="tips", severity="error", where=where, observed=observed, limit=limit, mend="Take a new tip before this move.")
