"""What was mended without asking, and told: dilutions put in, volumes split, racks refilled, stocks spared."""

from __future__ import annotations

from collections.abc import Sequence

from .finding import Finding
from .labware import labware
from .pipettes import pipette_data
from .plan import PhysicalPlan, RobotStage
from .solver.wells import AllSolved
from .volumes import shown


def told_fixes(plan: PhysicalPlan, robot: Sequence[RobotStage], answer: AllSolved) -> list[Finding]:
    """One note for each kind of mend that the plan holds."""
    return [*_dilutions(plan), *_spared(answer), *_split(plan), *_refilled(robot)]


def _dilutions(plan: PhysicalPlan) -> list[Finding]:
    if not plan.dilutions:
        return []
    names = {dilution.name for dilution in plan.dilutions}
    drawn = sum(transfer.stock in names and transfer.plate == plan.plate for stage in plan.stages for transfer in stage.transfers)
    plural = "s" if len(names) > 1 else ""
    return [
        _note(
            ", ".join(f"stock {stock!r}" for stock in dict.fromkeys(_stock_of(plan, name) for name in sorted(names))),
            f"{len(names)} dilution{plural} ({', '.join(dilution.name for dilution in plan.dilutions)}) made first, for {drawn} transfers",
            f"at least {shown(plan.device.least_nl)} a transfer, with {plan.device.name}", "Weaker stocks on the bench save the step.",
        )
    ]  # fmt: skip


def _stock_of(plan: PhysicalPlan, liquid: str) -> str:
    parent = next((dilution.parent for dilution in plan.dilutions if dilution.name == liquid), None)
    return liquid if parent is None else _stock_of(plan, parent)


def _spared(answer: AllSolved) -> list[Finding]:
    return [
        _note(f"stock {stock!r}", f"{count} well{'s' if count != 1 else ''} given another strength of the same", "what the stock can give", "More of it on the bench brings larger, more exact volumes.")
        for stock, count in answer.spared.items()
    ]


def _split(plan: PhysicalPlan) -> list[Finding]:
    over = [transfer for stage in plan.stages for transfer in stage.transfers if transfer.volume_nl > plan.device.most_nl]
    if not over:
        return []
    most = max(transfer.volume_nl for transfer in over)
    return [
        _note("the plate", f"{len(over)} transfers of up to {shown(most)} made in parts", f"at most {shown(plan.device.most_nl)} at a time", "A larger pipette or tip makes fewer of them.")
    ]


def _refilled(robot: Sequence[RobotStage]) -> list[Finding]:
    return [
        _note(
            f"stage {stage.name}", f"{len(stage.refills)} pauses to put full racks in: {', '.join(f'{count} of {labware(rack).title}' for rack, count in stage.racks_used.items())} in all",
            f"racks that fit the deck beside the rest ({', '.join(pipette_data(name).load_name for _, name in stage.pipettes)})", "Weaker stocks need fewer tips: from 10 µL on drops fall from above.",
        )
        for stage in robot
        if stage.refills
    ]  # fmt: skip


def _note(where: str, observed: str, limit: str, mend: str) -> Finding:
    return Finding(rule="mended", severity="note", where=where, observed=observed, limit=limit, mend=mend)
