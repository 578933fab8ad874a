"""A PyLabRobot script for a Hamilton STARlet: data tables and one small loop. Names stand in it as data only.

`python setup.py --dry-run` runs it with the chatterbox, which prints and checks tips and volumes, and moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from world_model.terms.lab_profile import LabProfile

from ..plan import PhysicalPlan
from ..work import Place, WorkStage
from .tecan import rack_type

# Rails and carriers of a set-up with room for ten racks of tips and ten plates. Each carrier is six rails wide.
# A colon can't be part of a holder's name.
CARRIERS = (("carrier:tips 1", "TIP_CAR_480_A00", 1), ("carrier:tips 2", "TIP_CAR_480_A00", 7), ("carrier:plates 1", "PLT_CAR_L5AC_A00", 13), ("carrier:plates 2", "PLT_CAR_L5AC_A00", 19))
SITES = 5
RACK_OF_TIPS = 96
# nominal µL → tip rack with filters
TIP_RACKS = {
    10: "hamilton_96_tiprack_10uL_filter", 50: "hamilton_96_tiprack_50uL_filter", 300: "hamilton_96_tiprack_300uL_filter",
    1000: "hamilton_96_tiprack_1000uL_filter",
}  # fmt: skip

BODY = '''

def build(deck):
    carriers = {}
    for name, kind, rail in CARRIERS:
        carriers[name] = getattr(resources, kind)(name=name)
        deck.assign_child_resource(carriers[name], rails=rail)
    for name, kind, carrier, site in RACKS:
        carriers[carrier][site] = getattr(resources, kind)(name=name)
    for name, well, volume in VOLUMES:
        deck.get_resource(name)[well][0].tracker.set_volume(volume)


async def run(backend, refill=input):
    resources.set_tip_tracking(True)
    resources.set_volume_tracking(True)
    deck = resources.hamilton.STARLetDeck()
    build(deck)
    handler = LiquidHandler(backend=backend, deck=deck)
    await handler.setup()
    racks = [deck.get_resource(name) for name in TIP_RACKS]
    spots = [spot for rack in racks for spot in rack.get_all_items()]
    used = 0
    try:
        for fresh, source, source_well, target, well, volume in STEPS:
            if fresh:
                if used:
                    await handler.discard_tips()
                if used and used % len(spots) == 0:
                    refill("Fill every tip rack, then press Enter: ")
                    for rack in racks:
                        rack.fill()
                await handler.pick_up_tips([spots[used % len(spots)]])
                used += 1
            await handler.aspirate(deck.get_resource(source)[source_well], vols=[volume])
            await handler.dispense(deck.get_resource(target)[well], vols=[volume])
        if used:
            await handler.discard_tips()
    finally:
        await handler.stop()
    return deck


if __name__ == "__main__":
    dry = sys.argv[1:] == ["--dry-run"]
    asyncio.run(run(LiquidHandlerChatterboxBackend() if dry else STARBackend(), refill=print if dry else input))
'''
IMPORTS = """import asyncio
import sys

from pylabrobot import resources
from pylabrobot.liquid_handling import LiquidHandler
from pylabrobot.liquid_handling.backends import LiquidHandlerChatterboxBackend, STARBackend
"""


def tip_rack_for(most_ul: float) -> str | None:
    """The smallest tip that takes the robot's largest volume; None where none does."""
    return next((rack for nominal, rack in TIP_RACKS.items() if most_ul <= nominal), None)


def emit_script(stage: WorkStage, plan: PhysicalPlan, lab: LabProfile, *, start_nl: dict[Place, int]) -> str:
    """The script of one stage. `start_nl`: what every well on the deck holds before it."""
    here = list(dict.fromkeys(name for step in stage.steps for name in (step.target[0], step.source[0])))
    tip_racks = tuple(f"rack:tips {i + 1}" for i in range(min(-(-max(stage.tips, 1) // RACK_OF_TIPS), 2 * SITES)))
    racks = [(name, rack_type(name, plan, lab), f"carrier:plates {1 + i // SITES}", i % SITES) for i, name in enumerate(here)]
    racks += [(name, tip_rack_for(lab.robot.most_ul or 0.0) or "", f"carrier:tips {1 + i // SITES}", i % SITES) for i, name in enumerate(tip_racks)]
    volumes = [(rack, well, volume / 1000) for (rack, well), volume in start_nl.items() if rack in here and volume > 0]
    steps = [(step.fresh, *step.source, *step.target, step.volume_nl / 1000) for step in stage.steps]
    return "\n".join(
        [
            f"# Written by nextwell. Plan {plan.digest()}. Do not edit: an approval holds for this text alone.",
            "# PyLabRobot 0.2.2. --dry-run checks tips and volumes and moves nothing.",
            IMPORTS,
            f"PROTOCOL = {(plan.plate, stage.name)!r}",
            *_table("CARRIERS", CARRIERS),
            "# name, PyLabRobot resource, carrier, site",
            *_table("RACKS", racks),
            f"TIP_RACKS = {list(tip_racks)!r}",
            "# rack, well, µL before this stage",
            *_table("VOLUMES", volumes),
            "# fresh tip, source and well, target and well, µL; a target that is its source is a mixing stroke",
            *_table("STEPS", steps),
        ]
    ) + "\n" + BODY  # fmt: skip


def _table(name: str, rows: Sequence[object]) -> list[str]:
    return [f"{name} = [", *(f"    {row!r}," for row in rows), "]"]
