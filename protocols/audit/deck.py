"""What stands where at each moment of a run: labware, modules and their places, as the commands put them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..engine.trace import Command, Definition, Trace

Place = tuple[str, str]
_SOLID = ("fixedTrash",)


@dataclass
class Deck:
    """The deck as it stands now; the walk changes it as it goes."""

    definitions: dict[str, Definition]
    models: dict[str, str]
    labware: dict[str, Definition] = field(default_factory=dict)
    at: dict[str, dict[str, Any]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)

    def note(self, command: Command) -> None:
        """Take in a command that puts something somewhere."""
        params, result = command.params, command.result
        if command.kind in ("loadLabware", "loadLid") and "definition" in result:
            self.labware[result["labwareId"]] = self.definitions[result["definition"]]
            self.at[result["labwareId"]] = _location(params.get("location"))
        elif command.kind == "loadModule":
            self.modules[result.get("moduleId", params.get("moduleId", ""))] = params.get("location", {}).get("slotName", "")
        elif command.kind == "moveLabware" and params.get("labwareId") in self.labware:
            self.at[params["labwareId"]] = _location(params.get("newLocation"))

    def module_under(self, labware_id: str) -> str | None:
        """The module that the labware stands on, through adapters; None where it stands on none."""
        seen: set[str] = set()
        while labware_id in self.at and labware_id not in seen:
            seen.add(labware_id)
            place = self.at[labware_id]
            if "moduleId" in place:
                return str(place["moduleId"])
            labware_id = str(place.get("labwareId", ""))
        return None

    def slot(self, labware_id: str) -> str:
        """The slot's name, through adapters and modules; "off deck" for what was taken away."""
        seen: set[str] = set()
        while labware_id in self.at and labware_id not in seen:
            seen.add(labware_id)
            place = self.at[labware_id]
            if "moduleId" in place:
                return self.modules.get(place["moduleId"], "?")
            if "labwareId" not in place:
                return str(place.get("slotName") or place.get("addressableAreaName") or "off deck")
            labware_id = str(place["labwareId"])
        return "?"

    def name(self, place: Place) -> str:
        """A well for people: "A1 of slot C2 (corning_96_wellplate_360ul_flat)"."""
        labware_id, well = place
        known = self.labware.get(labware_id)
        return f"{well} of slot {self.slot(labware_id)} ({known.load_name})" if known else f"{well} of ?"

    def is_trash(self, labware_id: str) -> bool:
        known = self.labware.get(labware_id)
        return known is not None and (known.category == "trash" or any(quirk in known.quirks for quirk in _SOLID))


def new_deck(trace: Trace) -> Deck:
    """An empty deck that knows the run's definitions."""
    return Deck(definitions=trace.definitions, models=trace.modules)


def _location(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}
