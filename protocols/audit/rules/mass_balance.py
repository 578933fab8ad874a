"""What was declared must be somewhere: in wells, in tips, in the trash."""

from __future__ import annotations

from collections.abc import Iterator

from ...finding import Finding
from ..contents import AIR
from ..moment import Walk

RULE = "mass balance"
_TOLERANCE_UL = 0.01


def find(walk: Walk) -> Iterator[Finding]:
    """Declared and drawn from unknown = in wells + in tips + in the trash. What is missing was given where no well is."""
    unknown = sum(well.drawn_from_nothing_ul for well in walk.wells.values() if not well.declared and well.first == "draw")
    wells = sum(well.liquid_ul for well in walk.wells.values())
    tips = sum(volume for tips in walk.tips_on.values() for tip in tips.values() for layer in tip.layers for liquid, volume in layer.items() if liquid != AIR)
    missing = walk.loaded_ul + unknown - wells - tips - walk.in_trash_ul
    if abs(missing) > _TOLERANCE_UL:
        yield Finding(
            rule=RULE, severity="error", where="whole deck", observed=f"{missing:g} µL given where no well is",
            limit=f"all of {walk.loaded_ul + unknown:g} µL in wells, tips or trash", mend="See the nozzles that stand over no well.",
        )  # fmt: skip
