"""A module's slot is taken, a module without a slot gets one, and its neighbours are the maker's rules."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from protocols.checks.modules import check_modules, slots_of
from protocols.compile import draft_plate
from protocols.deck import modules_on
from protocols.finding import Refused
from protocols.labware import deck_slots, labware
from protocols.module_places import east_west, may_stand
from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import Module, Robot


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
    told = {(finding.rule, finding.severity, finding.where) for finding in findings}
    assert {("deck", "error", f"stage {stage.name}, slot C2") for stage in draft.robot} <= told


def test_a_module_in_a_free_slot_is_fine(found):
    draft, findings = found({"name": "temperatureModuleV2", "slot": "D1"})
    assert "D1" not in {item.slot for stage in draft.robot for item in stage.deck}
    assert findings == []


def test_a_thermocycler_covers_its_slots_whatever_is_written():
    assert slots_of(Module(name="thermocyclerModuleV2"), "Flex") == ("A1", "B1")
    assert slots_of(Module(name="thermocyclerModuleV2"), "OT-2") == ("7", "8", "10", "11")


def compiled_with(lab_doc, space, design, *modules):
    lab_doc["robot"]["modules"] = list(modules)
    lab = LabProfile.model_validate(lab_doc)
    return lab, draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)


def test_a_module_without_a_slot_gets_one_that_it_fits(lab_doc, space, design):
    """A Heater-Shaker of a Flex fits columns 1 and 3; racks of 99 mm do not stand beside its latch."""
    lab, draft = compiled_with(lab_doc, space, design, {"name": "heaterShakerModuleV1"}, {"name": "temperatureModuleV2"}, {"name": "thermocyclerModuleV2"})
    shaker, block, cycler = modules_on(lab)
    assert cycler == ("A1", "B1")
    assert shaker[0][1] in "13"
    assert not {*shaker, *block} & {"A1", "B1", "A3", "C2"}
    beside = {*east_west(shaker[0], "Flex")}
    for stage in draft.robot:
        assert not {item.slot for item in stage.deck} & {*shaker, *block, *cycler}
        assert not {item.slot for item in stage.deck if item.kind == "tips"} & beside
    assert check_modules(draft.robot, lab) == []


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ([{"name": "heaterShakerModuleV1", "slot": "D2"}], "which it fits"),
        ([{"name": "heaterShakerModuleV1", "slot": "D1"}, {"name": "temperatureModuleV2", "slot": "C1"}], "no module on any side"),
        ([{"name": "temperatureModuleV2"}] * 8, "no free slot"),
    ],
)
def test_modules_in_each_others_way_are_refused(lab_doc, space, design, modules, words):
    with pytest.raises(Refused, match=words):
        compiled_with(lab_doc, space, design, *modules)


def test_a_tall_rack_beside_the_latch_is_found(lab_doc, space, design):
    lab, draft = compiled_with(lab_doc, space, design, {"name": "heaterShakerModuleV1", "slot": "D1"})
    stage = draft.robot[0]
    deck = tuple(replace(item, slot="D2") if item.kind == "tips" else item for item in stage.deck)
    (finding, *_) = check_modules((replace(stage, deck=deck),), lab)
    assert "beside a Heater-Shaker's latch" in finding.observed
    assert finding.limit == "less than 53 mm"


def test_the_makers_own_rule_agrees():
    """Every slot and module against opentrons' deck conflict check: an OT-2's Heater-Shaker and a 64 mm rack that is not narrow."""
    conflict = pytest.importorskip("opentrons.motion_planning.deck_conflict")
    from opentrons.types import DeckSlotName

    robot = Robot(model="OT-2", pipettes=[{"name": "p20_single_gen2", "mount": "left", "tip_racks": ["opentrons_96_tiprack_20ul"]}], modules=[{"name": "heaterShakerModuleV1", "slot": "4"}])
    tall, low = "opentrons_96_tiprack_1000ul", "corning_96_wellplate_360ul_flat"
    for slot in deck_slots("OT-2"):
        if slot in ("4", "12"):
            continue
        for load_name in (tall, low):
            item = conflict.Labware(name_for_errors="x", highest_z=labware(load_name).height_mm, uri=f"opentrons/{load_name}/1", is_fixed_trash=False)
            shaker = conflict.HeaterShakerModule(name_for_errors="hs", highest_z_including_labware=82)
            try:
                conflict.check({DeckSlotName.SLOT_4: shaker}, item, DeckSlotName.from_primitive(slot), "OT-2 Standard")
                allowed = True
            except conflict.DeckConflictError:
                allowed = False
            assert may_stand(load_name, slot, robot, (("4",),)) == allowed, (slot, load_name)
