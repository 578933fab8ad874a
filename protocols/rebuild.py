"""Each well's composition, rebuilt from the engine's own commands: what a tip holds is mixed by volume.

With eight channels a command names one well. Where the other nozzles stand is worked out here from positions in
millimetres (`nozzles.py`), not from the plan's columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .engine.analysis import Analysis, Event
from .nozzles import wells_under
from .pipettes import by_engine_name

Place = tuple[str, str]
Contents = dict[str, float]
# The commands of a refill: the pause in which a person puts in full racks, and each rack counted as full.
PAUSE, FULL_RACK = "waitForResume", "setTipState"


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
    channels = {mount: kind.channels for mount, name in analysis.pipettes.items() if (kind := by_engine_name(name)) is not None}
    tips: dict[str, list[Contents]] = {}
    for number, event in enumerate(analysis.events, start=1):
        count = channels.get(event.mount, 1)
        volume = event.volume_ul * 1000
        match event.kind:
            case "pick":
                if None in _under(analysis, event, count):
                    reasons.append(f"command {number}: {event.well} of {event.slot} has no tips for {count} channels")
                tips[event.mount] = [{} for _ in range(count)]
            case "drop":
                left = sum(sum(tip.values()) for tip in tips.pop(event.mount, []))
                if left > 0.5:
                    reasons.append(f"command {number}: a tip is dropped with {left / 1000:.4g} µL in it")
            case "aspirate" | "dispense":
                held = tips.setdefault(event.mount, [{} for _ in range(count)])
                for tip, well in zip(held, _under(analysis, event, count), strict=True):
                    if well is None:
                        reasons.append(f"command {number}: {event.kind} at {event.well} of {event.slot} with a nozzle beside every well")
                        continue
                    inside = wells.setdefault((event.slot, well), {})
                    if event.kind == "aspirate":
                        reasons += _move(inside, tip, volume, number, f"{well} of {event.slot}")
                    else:
                        reasons += _move(tip, inside, volume, number, "the tip")
            case "configure":
                pass
            case "other":
                if event.name not in (PAUSE, FULL_RACK):
                    reasons.append(f"command {number}: {event.name}, which no file of ours uses")
    reasons += [f"a tip stays on the {mount} pipette at the end" for mount in tips]
    return Rebuilt(wells=wells, reasons=tuple(reasons))


def _under(analysis: Analysis, event: Event, channels: int) -> tuple[str | None, ...]:
    if channels == 1:
        return (event.well,)
    load_name = analysis.labware.get(event.slot)
    return (None,) * channels if load_name is None else wells_under(load_name, event.well, channels)


def _move(source: Contents, target: Contents, volume: float, number: int, who: str) -> list[str]:
    held = sum(source.values())
    if volume > held + 0.5:
        return [f"command {number}: {who} holds {held / 1000:.4g} µL, {volume / 1000:.4g} µL are taken"]
    part = min(volume / held, 1.0) if held > 0 else 0.0
    for stock, amount in list(source.items()):
        target[stock] = target.get(stock, 0.0) + amount * part
        source[stock] = amount - amount * part
        if source[stock] < 1e-9:
            del source[stock]
    return []
