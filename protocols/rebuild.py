"""Each well's composition, rebuilt from the engine's own commands: what a tip holds is mixed by volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .engine.analysis import Analysis

Place = tuple[str, str]
Contents = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """`wells[(slot, well)][stock]` in nanolitres at the end; `reasons` holds what no walk can make sense of."""

    wells: dict[Place, Contents]
    reasons: tuple[str, ...]


def rebuild(analysis: Analysis, *, before: Mapping[Place, Contents]) -> Rebuilt:
    """Walk aspirates and dispenses from the declared loads.

    Args:
        before: composition of wells that an earlier stage filled; they replace the load that the file declares there.
    """
    reasons: list[str] = []
    wells: dict[Place, Contents] = {place: dict(contents) for place, contents in before.items()}
    for load in analysis.loads:
        place = load.slot, load.well
        if place in before or load.volume_ul == 0:
            continue
        if wells.get(place):
            reasons.append(f"{load.well} of {load.slot} is declared twice")
        wells[place] = {load.liquid: load.volume_ul * 1000}
    tips: dict[str, Contents] = {}
    for number, event in enumerate(analysis.events, start=1):
        place = event.slot, event.well
        volume = event.volume_ul * 1000
        match event.kind:
            case "pick":
                tips[event.mount] = {}
            case "drop":
                left = sum(tips.pop(event.mount, {}).values())
                if left > 0.5:
                    reasons.append(f"command {number}: a tip is dropped with {left / 1000:.4g} µL in it")
            case "aspirate":
                reasons += _move(
                    wells.setdefault(place, {}), tips.setdefault(event.mount, {}), volume, f"command {number}: {event.well} of {event.slot}"
                )
            case "dispense":
                reasons += _move(tips.setdefault(event.mount, {}), wells.setdefault(place, {}), volume, f"command {number}: the tip")
            case "configure":
                pass
            case "other":
                reasons.append(f"command {number}: {event.name}, which no file of ours uses")
    reasons += [f"a tip stays on the {mount} pipette at the end" for mount in tips]
    return Rebuilt(wells=wells, reasons=tuple(reasons))


def _move(source: Contents, target: Contents, volume: float, who: str) -> list[str]:
    held = sum(source.values())
    if volume > held + 0.5:
        return [f"{who} holds {held / 1000:.4g} µL, {volume / 1000:.4g} µL are taken"]
    part = min(volume / held, 1.0) if held > 0 else 0.0
    for stock, amount in list(source.items()):
        target[stock] = target.get(stock, 0.0) + amount * part
        source[stock] = amount - amount * part
        if source[stock] < 1e-9:
            del source[stock]
    return []
