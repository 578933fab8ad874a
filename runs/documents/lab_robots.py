"""A lab file's machines against the makers' data: pipettes of the right robot, racks made for them, modules that exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from world_model.terms.errors import nearest
from world_model.terms.robots import ECHO, OPENTRONS, TECAN

from .draft import Draft
from .look_up import look_up
from .toml_lines import KeyPath

# Their software knows labware by names of its own, which only the lab can say.
NEEDS_TYPES = (*TECAN, *ECHO, "Hamilton STARlet")


def check_robots(draft: Draft) -> None:
    """Each machine by itself, and all of them together."""
    for path, robot in robots_in(draft):
        _check_mounts(draft, path, robot)
        _check_pipettes(draft, path, robot)
        _check_modules(draft, path, robot)
    _check_names(draft)
    _check_types(draft)


def robots_in(draft: Draft) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """`[robot]` and every `[[robots]]`, as written."""
    for part in (*draft.of("robot"), *draft.of("robots")):
        if isinstance(part.raw, dict):
            yield part.path, part.raw


def _pipettes(path: KeyPath, robot: dict[str, Any]) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    pipettes = robot.get("pipettes")
    for i, pipette in enumerate(pipettes if isinstance(pipettes, list) else ()):
        if isinstance(pipette, dict):
            yield (*path, "pipettes", i), pipette


def _check_mounts(draft: Draft, path: KeyPath, robot: dict[str, Any]) -> None:
    mounts: set[object] = set()
    for place, pipette in _pipettes(path, robot):
        mount = pipette.get("mount")
        if mount in mounts and isinstance(mount, str):
            draft.mistake((*place, "mount"), expected="one pipette a mount", found=f"two on the {mount} mount")
        mounts.add(mount)


def _check_pipettes(draft: Draft, path: KeyPath, robot: dict[str, Any]) -> None:
    from protocols.labware import labware
    from protocols.pipettes import pipette_data

    model = robot.get("model", "Flex")
    for place, pipette in _pipettes(path, robot):
        data = look_up(draft, (*place, "name"), pipette.get("name"), pipette_data)
        if data is not None and model in OPENTRONS and data.robot != model:
            draft.mistake((*place, "name"), expected=f"a pipette of the {model}", found=f"{data.load_name!r}, a pipette of the {data.robot}", mend=f"Mount one that fits, or write model = '{data.robot}'.")
            continue
        racks = pipette.get("tip_racks")
        for j, rack in enumerate(racks if isinstance(racks, list) else ()):
            found = look_up(draft, (*place, "tip_racks", j), rack, labware)
            if found is not None and data is not None and rack not in data.racks:
                draft.mistake((*place, "tip_racks", j), expected=f"a tip rack made for {data.load_name}", found=repr(rack), mend=nearest(rack, data.racks))


def _check_modules(draft: Draft, path: KeyPath, robot: dict[str, Any]) -> None:
    """Names and slots as the maker writes them, each slot once."""
    from protocols.labware import deck_slots

    model = robot.get("model", "Flex")
    modules = robot.get("modules")
    taken: set[str] = set()
    for i, module in enumerate(modules if isinstance(modules, list) else ()):
        if not isinstance(module, dict):
            continue
        place, name, slot = (*path, "modules", i), module.get("name"), module.get("slot")
        known = known_modules()
        if isinstance(name, str) and name not in known:
            draft.mistake((*place, "name"), expected="a module's load name", found=repr(name), mend=nearest(name, known))
        if isinstance(slot, str) and slot and model in OPENTRONS:
            slots = deck_slots(model)
            if slot not in slots:
                draft.mistake((*place, "slot"), expected=f"a slot of the {model}", found=repr(slot), mend=nearest(slot, slots))
            elif slot in taken:
                draft.mistake((*place, "slot"), expected="a slot of its own", found=f"{slot}, where another module stands")
            taken.add(slot)


def known_modules() -> tuple[str, ...]:
    """Modules that the maker's data define, e.g. heaterShakerModuleV1."""
    from opentrons_shared_data import get_shared_data_root

    return tuple(sorted(file.stem for file in (get_shared_data_root() / "module" / "definitions" / "3").glob("*.json")))


def _check_names(draft: Draft) -> None:
    """A target names one machine."""
    called: dict[str, KeyPath] = {}
    for path, robot in robots_in(draft):
        name = robot.get("name") or robot.get("model", "Flex")
        if not isinstance(name, str):
            continue
        if name.casefold() in called:
            first = draft.lines.line(called[name.casefold()])
            draft.mistake((*path, "name") if "name" in robot else path, expected="each machine's name once", found=f"{name!r} again (first in line {first})", mend="Give it a name of its own.")
        called.setdefault(name.casefold(), path)


def _check_types(draft: Draft) -> None:
    """Tecan, Hamilton and Echo call labware by names of their own. An Echo reaches what has one; the rest is poured by hand."""
    models = [str(robot.get("model")) for _, robot in robots_in(draft) if robot.get("model") in NEEDS_TYPES]
    if not models:
        return
    model = models[0]
    tables: list[tuple[KeyPath, Any]] = [(part.path, part.raw) for key in ("plate", "dilutions") for part in draft.of(key)]
    if [one for one in models if one not in ECHO]:
        tables += [(part.path, part.raw) for part in draft.of("holders")]
    for path, raw in tables:
        if isinstance(raw, dict) and not str(raw.get("type", "")).strip():
            draft.mistake(path, expected=f"type = '…', how the {model} calls this labware", found="no type", mend="Copy the name from its own software.")
    holders = [part.raw for part in draft.of("holders") if isinstance(part.raw, dict)]
    if [one for one in models if one in ECHO] and holders and not any(str(raw.get("type", "")).strip() for raw in holders):
        draft.mistake(draft.of("holders")[0].path, expected=f"type = '…' on the plates that the {model} draws from, e.g. 384PP_AQ_BP", found="no holder with a type", mend="Holders without one are poured by hand.")
