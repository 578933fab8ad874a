"""What the engine saw, in our words: slots and names instead of its ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["configure", "pick", "drop", "aspirate", "dispense", "other"]
_KINDS: dict[str, Kind] = {
    "pickUpTip": "pick", "dropTip": "drop", "dropTipInPlace": "drop", "aspirate": "aspirate", "dispense": "dispense",
    "configureForVolume": "configure",
}  # fmt: skip
# Commands that move no liquid and no tip. Anything else in a file of ours is a surprise, and refused.
HARMLESS = frozenset({"home", "loadLabware", "loadPipette", "loadLiquid", "moveToAddressableAreaForDropTip", "comment"})


@dataclass(frozen=True, kw_only=True)
class Event:
    """One command. `slot` and `well` are where; `height_mm` is the tip's end above the well's rim (negative: below)."""

    kind: Kind
    name: str
    mount: str = ""
    slot: str = ""
    well: str = ""
    volume_ul: float = 0.0
    height_mm: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Liquid that the file declares: what, where, how much."""

    liquid: str
    slot: str
    well: str
    volume_ul: float


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The engine's answer. `final_ul[(slot, well)]` is its own ledger at the end, None where it lost count."""

    errors: tuple[str, ...]
    labware: dict[str, str]
    pipettes: dict[str, str]
    loads: tuple[Loaded, ...]
    events: tuple[Event, ...]
    final_ul: dict[tuple[str, str], float | None]


def read_analysis(told: dict[str, Any]) -> Analysis:
    """The worker's answer in our words."""
    slots = {labware_id: slot for labware_id, _, slot in told["labware"]}
    mounts = {pipette["id"]: pipette["mount"] for pipette in told["pipettes"]}
    liquids = dict(told["liquids"])
    loads: list[Loaded] = []
    events: list[Event] = []
    for command in told["commands"]:
        params = command.get("params", {})
        if command["kind"] == "loadLiquid":
            name = liquids.get(params["liquidId"], "")
            slot = slots[params["labwareId"]]
            loads += [Loaded(liquid=name, slot=slot, well=well, volume_ul=volume) for well, volume in params["volumeByWell"].items()]
        if command["kind"] in HARMLESS:
            continue
        place = params.get("wellLocation", {})
        events.append(
            Event(
                kind=_KINDS.get(command["kind"], "other"), name=command["kind"], mount=mounts.get(params.get("pipetteId"), ""),
                slot=slots.get(params.get("labwareId"), ""), well=params.get("wellName", ""), volume_ul=params.get("volume", 0.0),
                height_mm=place.get("offset", {}).get("z", 0.0) if place.get("origin", "top") == "top" else float("-inf"),
            )
        )  # fmt: skip
    return Analysis(
        errors=tuple(f"{kind}: {detail}" for error in told["errors"] for kind, detail, innermost in error["chain"] if innermost), labware={slot: name for _, name, slot in told["labware"]},
        pipettes={pipette["mount"]: pipette["name"] for pipette in told["pipettes"]}, loads=tuple(loads), events=tuple(events),
        final_ul={(slots[labware_id], well): volume for labware_id, well, volume in told["wells"]},
    )  # fmt: skip
