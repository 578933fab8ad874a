"""How many tips others would use for the same transfers, and whether that is clean: what our count is held against.

Each peer gets the pipette that we would take, one channel, and the order of the plan. A dispense at the bottom of a well with
other liquid dirties a tip; a dirty tip that goes back to a stock makes a peer unclean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..pipettes import Hand, choose_hand, single_hands
from ..plan import PhysicalPlan, RobotStage
from ..tip_rules import FRESH, Tip

Rule = Literal["Opentrons transfer, new_tip='always'", "Opentrons transfer, new_tip='once'", "class rule: one tip while wells are empty"]
RULES: tuple[Rule, ...] = ("Opentrons transfer, new_tip='always'", "Opentrons transfer, new_tip='once'", "class rule: one tip while wells are empty")


@dataclass(frozen=True, kw_only=True)
class TipCount:
    """Tips of one peer, and how many of its aspirates take a dirty tip to a stock."""

    tips: int
    dirty: int

    @property
    def clean(self) -> bool:
        return self.dirty == 0


def tips_by_rule(plan: PhysicalPlan, hands: Sequence[Hand]) -> dict[Rule, TipCount]:
    """Each peer's tips for a plan.

    Raises:
        ProtocolError: a volume is below every one-channel pipette's minimum.
    """
    return {rule: _count(plan, single_hands(hands), rule) for rule in RULES}


def our_tips(robot: Sequence[RobotStage]) -> int:
    """Tips that our plan uses, all stages."""
    return sum(sum(stage.tips_used.values()) for stage in robot)


def best_clean(counts: dict[Rule, TipCount]) -> int:
    """The fewest tips of a peer that keeps every stock clean."""
    return min(count.tips for count in counts.values() if count.clean)


def _count(plan: PhysicalPlan, hands: Sequence[Hand], rule: Rule) -> TipCount:
    holds: dict[tuple[str, str], set[str]] = {}
    tips = dirty = 0
    for stage in plan.stages:
        on: dict[tuple[str, str, str], Tip] = {}
        before = ""
        for transfer in stage.transfers:
            if transfer.stock != before:
                # a call of transfer() is for one liquid, and throws its tip away at the end
                on, before = {}, transfer.stock
            hand = choose_hand(hands, transfer.volume_nl)
            key = (transfer.stock, hand.mount, hand.rack)
            well = holds.setdefault((transfer.plate, transfer.well), set())
            for _ in hand.parts(transfer.volume_nl):
                match rule:
                    case "Opentrons transfer, new_tip='always'":
                        tip = None
                    case "Opentrons transfer, new_tip='once'":
                        tip = on.get(key)
                    case _:
                        tip = on.get(key) if not well - {transfer.stock} else None
                if tip is None:
                    tip = FRESH
                    tips += 1
                dirty += bool(tip.why_not_draw(transfer.stock))
                used = tip.drew(transfer.stock).dispensed(well, "liquid")
                if rule != "class rule: one tip while wells are empty" or not well - {transfer.stock}:
                    on[key] = used
                well.add(transfer.stock)
    return TipCount(tips=tips, dirty=dirty)
