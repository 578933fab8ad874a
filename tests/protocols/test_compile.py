"""One plate from design to files: what the volumes must be by C1·V1 = C2·V2, and what lies beside the robot file."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest

from protocols.compile import compile_plate, draft_plate
from protocols.finding import Refused
from world_model.terms.plates import FORMATS, inner_wells
from world_model.terms.proposal import ProposedExperiment


def volumes_of(compiled, experiment_id):
    """Stage → stock → µL for one experiment."""
    well = next(well for well, name in compiled.layout.items() if name == experiment_id)
    return {stage.name: {t.stock: t.volume_nl / 1000 for t in stage.transfers if t.well == well} for stage in compiled.plan.stages}


def test_volumes_follow_c1v1(compiled):
    # glucose 20 mM · 200 µL: 40 µL of 100 mM is the largest single volume that holds it. Mg 2 mM: 4 µL of 100 mM.
    # M9 1x of 5x: 40 µL. Cells 0.05/1.8 · 200 = 5.56 -> 5.6 µL. IPTG 500 µM: 5 µL of 20 mM, at 2 h. Water fills up.
    stages = volumes_of(compiled, "R01-001")
    assert stages["setup"] == {"glucose 100mM": 40.0, "MgSO4 100mM": 4.0, "M9 5x": 40.0, "E. coli": 5.6, "water": 105.4}
    assert stages["induce_2h"] == {"IPTG 20mM": 5.0}
    assert stages["induce_4h"] == {}


def test_an_approval_binds_the_instructions_too(lab_doc, space, design):
    """Two lab files that differ in what a person does alone: the same robot files, another sum."""
    from world_model.terms.lab_profile import LabProfile

    shaken = [{"kind": "shake", "duration": duration} for duration in ("1 min", "2 min")]
    labs = [LabProfile.model_validate({**lab_doc, "steps": [shake, {"kind": "read"}]}) for shake in shaken]
    one, other = [compile_plate(plate="P1", experiments=design, space=space, lab=lab, seed=1, inoculum_od600=2.0) for lab in labs]
    assert [stage.sha256 for stage in one.stages] == [stage.sha256 for stage in other.stages]
    assert one.sha256 != other.sha256


def test_a_dose_at_zero_hours_is_part_of_the_setup(compiled):
    assert volumes_of(compiled, "R01-003")["setup"]["IPTG 20mM"] == 3.0  # 300 µM · 200 µL / 20 mM


def test_a_stage_for_each_later_time_that_occurs(compiled):
    assert [(stage.name, stage.at_h) for stage in compiled.stages] == [("setup", 0.0), ("induce_2h", 2.0), ("induce_4h", 4.0)]


def test_an_addition_that_is_no_induction_is_named_for_its_hour(lab):
    from world_model.terms.factors import Continuous
    from world_model.terms.space import SearchSpace

    space = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=0, high=40, acts="dose", at=1.5),))
    one = ProposedExperiment(id="a", role="candidate", settings={"glucose": 10.0})
    draft = draft_plate(plate="P", experiments=[one], space=space, lab=lab, seed=0)
    assert [stage.name for stage in draft.robot] == ["setup", "add_1h30"]


def test_blanks_get_diluent_for_cells_and_base_medium_at_its_concentration(compiled):
    assert volumes_of(compiled, "R01-006")["setup"] == {"M9 5x": 40.0, "water": 160.0}


def test_cells_are_dispensed_after_everything_else(lab, space, design):
    moves = [move.stock for move in draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1).robot[0].moves]
    first_cells = moves.index("E. coli")
    assert set(moves[first_cells:]) == {"E. coli"}


def test_planned_is_what_whole_steps_reach_in_the_factors_unit(compiled):
    # 3.33 mM · 200 µL / 100 mM = 6.66 -> 6.7 µL -> 3.35 mM; 500 µM is met exactly by 5.0 µL of 20 mM
    assert compiled.planned["R01-003"]["glucose"] == pytest.approx(3.35, rel=1e-12)
    assert compiled.planned["R01-001"]["iptg"] == pytest.approx(500, rel=1e-12)
    assert compiled.planned["R01-004"]["induction"] == 4
    assert compiled.planned["R01-004"]["magnesium"] == 0
    assert compiled.planned["R01-006"] == {}


def test_every_used_well_ends_at_the_plates_volume(compiled):
    for well, stocks in compiled.plan.composition().items():
        assert sum(stocks.values()) == 200_000, well


def test_edge_wells_are_filled_and_hold_no_experiment(compiled):
    inner = set(inner_wells(FORMATS[96]))
    assert set(compiled.layout) <= inner
    filled = [row for row in compiled.wells if row.role == "unused"]
    assert {row.well for row in filled}.isdisjoint(inner)
    assert len(filled) == 36
    assert all((row.component, row.planned, row.unit) == ("water", 200.0, "µL") for row in filled)


def test_wells_csv_says_asked_and_planned_for_each_component(compiled):
    rows = list(csv.DictReader(io.StringIO(compiled.wells_csv)))
    assert list(rows[0]) == ["plate", "well", "experiment_id", "role", "volume_ul", "component", "asked", "planned", "unit"]
    found = {row["component"]: (float(row["asked"]), float(row["planned"]), row["unit"]) for row in rows if row["experiment_id"] == "R01-003"}
    assert found["glucose"] == (3.33, 3.35, "mM")
    assert found["IPTG"] == (300, 300, "µM")
    assert found["M9"] == (1, 1, "x")
    assert found["E. coli"] == (0.05, pytest.approx(1.8 * 5.6 / 200), "OD600")


def test_transfers_csv_sums_to_the_plan(compiled):
    rows = list(csv.DictReader(io.StringIO(compiled.transfers_csv)))
    drawn: dict[str, float] = {}
    for row in rows:
        drawn[row["reagent"]] = drawn.get(row["reagent"], 0.0) + float(row["volume_ul"])
    assert drawn == pytest.approx(compiled.drawn_ul)
    assert {row["stage"] for row in rows} == {"setup", "induce_2h", "induce_4h"}


def test_the_hash_binds_every_robot_file(compiled):
    assert all(stage.sha256 == hashlib.sha256(stage.robot_file.encode()).hexdigest() for stage in compiled.stages)
    assert len(compiled.sha256) == 64
    assert compiled.sha256 not in {stage.sha256 for stage in compiled.stages}


def test_one_seed_one_plate(lab, space, design):
    files = [draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=seed).files for seed in (3, 3, 4)]
    assert files[0] == files[1] != files[2]


def test_without_a_measured_od_the_expected_one_is_assumed_and_said(lab, space, design):
    draft = draft_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)
    assert [finding.severity for finding in draft.findings if finding.rule == "inoculum"] == ["note"]
    well = next(well for well, name in draft.layout.items() if name == "R01-001")
    assert draft.plan.composition()[well]["E. coli"] == 5000  # 0.05/2.0 · 200 µL


def test_unused_experiments_get_no_well(lab, space, design):
    idle = ProposedExperiment(id="R01-099", role="unused")
    assert "R01-099" not in draft_plate(plate="P", experiments=[*design, idle], space=space, lab=lab, seed=1).layout.values()


def test_nothing_is_released_without_the_engine(lab, space, design, monkeypatch):
    monkeypatch.setenv("NEXTWELL_OPENTRONS_PYTHON", "/nowhere/python")
    with pytest.raises(Exception, match="NEXTWELL_OPENTRONS_PYTHON"):
        compile_plate(plate="P", experiments=design, space=space, lab=lab, seed=1)


def test_a_refusal_tells_every_reason_at_once(lab_doc, space):
    from world_model.terms.lab_profile import LabProfile

    lab_doc["stocks"][3]["components"]["glucose"]["concentration"] = 0.5  # the weak one
    del lab_doc["stocks"][2]
    bad = [
        ProposedExperiment(id="a", role="candidate", settings={"glucose": 30.0, "magnesium": 0.1, "iptg": 2.0, "induction": 2.0}),
        ProposedExperiment(id="b", role="candidate", settings={"glucose": 0.0, "magnesium": 0.1, "iptg": 0.0, "induction": 0.0}),
    ]
    with pytest.raises(Refused) as refusal:
        draft_plate(plate="P", experiments=bad, space=space, lab=LabProfile.model_validate(lab_doc), seed=1)
    told = {(finding.rule, finding.where) for finding in refusal.value.findings}
    assert told == {("stock too weak", "a"), ("below the pipette", "a"), ("below the pipette", "a at 2 h"), ("below the pipette", "b")}
