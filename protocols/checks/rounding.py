"""What rounding to the pipetting step makes of the design, and what was assumed instead of measured."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Finding
from ..intent import Inoculate, ProtocolIntent
from ..plan import PhysicalPlan

# Half a step of the least volume is 5 %; a person wants to know before it is that much.
WORTH_TELLING = 0.03


def check_rounding(plan: PhysicalPlan, intent: ProtocolIntent) -> list[Finding]:
    """Components reached more than 3 % beside what was asked, and an inoculum that nobody measured."""
    found = [
        Finding(
            rule="rounding", severity="warning", where=well.experiment_id, observed=f"{reached.component} {reached.planned:.4g} {reached.unit}",
            limit=f"{reached.asked:.4g} {reached.unit} within {WORTH_TELLING:.0%}", mend="Give a weaker stock of it. The planner is told what is really reached.",
        )
        for well in plan.wells
        for reached in well.reached
        if reached.asked > 0 and abs(reached.planned / reached.asked - 1) > WORTH_TELLING
    ]  # fmt: skip
    return found + assumed_inoculum(intent.steps)


def assumed_inoculum(steps: Sequence[object]) -> list[Finding]:
    """The inoculum's OD taken from the lab file."""
    return [
        Finding(
            rule="inoculum", severity="note", where=f"cells ({step.stock})", observed=f"OD600 {step.inoculum.value:g} assumed, as the lab file expects",
            limit="the OD600 measured that morning", mend="Measure it and compile again with it (--inoculum-od).",
        )
        for step in steps
        if isinstance(step, Inoculate) and step.inoculum.source != "user_text"
    ]  # fmt: skip
