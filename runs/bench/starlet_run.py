"""A STARlet script, run by PyLabRobot's chatterbox with its trackers of tips and volumes on; what the backend is told is written down."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import io
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from protocols.plan import PhysicalPlan
from protocols.targets import Emitted
from world_model.terms.lab_profile import LabProfile

from .protocol_parsers import Place, differences, pour, started


def by_pylabrobot(lab: LabProfile, emitted: Emitted, plan: PhysicalPlan) -> list[str]:
    """Every stage's script run as it is; compositions from what the backend was told, volumes from PyLabRobot's own trackers."""
    held = started(plan)
    told: list[str] = []
    for text, stage in zip(emitted.files, emitted.work, strict=True):
        if not stage.steps:
            continue
        backend = _scribe()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                deck = asyncio.run(_module(text).run(backend, refill=print))
        except Exception as fault:  # a tracker's refusal, told in its own words
            return [*told, f"pylabrobot: stage {stage.name}: {type(fault).__name__}: {fault}"]
        if backend.tips != stage.tips:
            told.append(f"pylabrobot: {backend.tips} tips picked up instead of {stage.tips}")
        pour(held, backend.transfers)
        for (rack, well), contents in held.items():
            if deck.has_resource(rack):
                tracked = deck.get_resource(rack)[well][0].tracker.get_used_volume() * 1000
                if abs(tracked - sum(contents.values())) > 1:
                    told.append(f"pylabrobot: its tracker holds {tracked:.1f} nL in {well} of {rack} instead of {sum(contents.values()):.1f} nL")
    return told + differences(held, plan, by="pylabrobot")


def _module(text: str) -> ModuleType:
    """The script as a module; only our own emitted text ever gets here."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "emitted_script.py"
        file.write_text(text)
        found = importlib.util.spec_from_file_location("emitted_script", file)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    return module


def _scribe() -> Any:
    chatterbox: Any = import_module("pylabrobot.liquid_handling.backends").LiquidHandlerChatterboxBackend

    class Scribe(chatterbox):  # type: ignore[misc]
        """The chatterbox, which also writes down where every volume went."""

        def __init__(self) -> None:
            super().__init__()
            self.transfers: list[tuple[Place, Place, float]] = []
            self.tips = 0
            self.drawn_from: Place = ("", "")

        async def pick_up_tips(self, ops: Any, use_channels: Any, **more: Any) -> None:
            self.tips += len(ops)

        async def drop_tips(self, ops: Any, use_channels: Any, **more: Any) -> None:
            return None

        async def aspirate(self, ops: Any, use_channels: Any, **more: Any) -> None:
            (op,) = ops
            self.drawn_from = (op.resource.parent.name, op.resource.get_identifier())

        async def dispense(self, ops: Any, use_channels: Any, **more: Any) -> None:
            (op,) = ops
            self.transfers.append((self.drawn_from, (op.resource.parent.name, op.resource.get_identifier()), op.volume * 1000))

    return Scribe()


# Resources of PyLabRobot that have the wells of these definitions: stand-ins for labware that a bench's lab does not name.
RESOURCES = {
    "corning_6_wellplate_16.8ml_flat": "cor_cos_6_wellplate_16800uL_Fb", "corning_12_wellplate_6.9ml_flat": "cor_cos_12_wellplate_6900uL_Fb",
    "corning_24_wellplate_3.4ml_flat": "cor_cos_24_wellplate_3470uL_Fb", "corning_48_wellplate_1.6ml_flat": "cor_cos_48_wellplate_1620uL_Fb",
    "corning_96_wellplate_360ul_flat": "cor_96_wellplate_360uL_Fb", "nest_96_wellplate_2ml_deep": "NEST_96_wellplate_2200uL_Ub",
    "corning_384_wellplate_112ul_flat": "Plate_384_Well", "nest_12_reservoir_15ml": "nest_12_troughplate_15000uL_Vb",
    "opentrons_24_tuberack_nest_2ml_screwcap": "cor_axy_24_wellplate_10mL_Vb",
}  # fmt: skip


def with_resources(lab: LabProfile) -> LabProfile:
    """The lab with PyLabRobot's names for its labware."""
    holders = tuple(holder.model_copy(update={"type": RESOURCES[holder.labware]}) for holder in lab.holders)
    dilutions = lab.dilutions.model_copy(update={"type": RESOURCES[lab.dilutions.labware]}) if lab.dilutions is not None else None
    plate = lab.plate.model_copy(update={"type": RESOURCES[lab.plate.labware]})
    return lab.model_copy(update={"holders": holders, "dilutions": dilutions, "plate": plate})
