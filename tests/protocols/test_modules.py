"""A module's slot is taken: labware there is refused, and a module without a slot is told."""

from __future__ import annotations

import copy

import pytest

from protocols.checks.modules import check_modules, slots_of
from protocols.compile import draft_plate
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import Module


@pytest.fixture
def found(lab_doc, lab, space, design):
    draft = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)

    def check(*modules):
        doc = copy.deepcopy(lab_doc)
        doc["robot"]["modules"] = list(modules)
        return draft, check_modules(draft.robot, LabProfile.model_validate(doc))

    return check


def test_labware_in_a_modules_slot_is_refused_in_every_stage(found):
    draft, findings = found({"name": "heaterShakerModuleV1", "slot": "C2"})
    assert [(finding.rule, finding.severity, finding.where) for finding in findings] == [("deck", "error", f"stage {stage.name}, slot C2") for stage in draft.robot]


def test_a_module_in_a_free_slot_is_fine_and_one_without_a_slot_is_told(found):
    draft, findings = found({"name": "heaterShakerModuleV1", "slot": "D1"})
    assert "D1" not in {item.slot for stage in draft.robot for item in stage.deck}
    assert findings == []
    [finding] = found({"name": "temperatureModuleV2"})[1]
    assert (finding.severity, finding.observed) == ("warning", "no slot")


def test_a_thermocycler_covers_its_slots_whatever_is_written():
    assert slots_of(Module(name="thermocyclerModuleV2"), "Flex") == ("A1", "B1")
    assert slots_of(Module(name="thermocyclerModuleV2"), "OT-2") == ("7", "8", "10", "11")
