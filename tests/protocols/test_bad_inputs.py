"""The 22 bad inputs of the room's table: each is refused, by the rule that the table names. False accepts: none."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from protocols.draft import draft_plate
from protocols.finding import Refused, errors_in
from protocols.hazards.groups import clashes
from protocols.layout.confounding import repeats_in_one_line
from protocols.readback.acts import bench_of
from protocols.readback.echo import HEADER, parse_pick_list
from runs.bench.audit_cases import wrong_cases
from runs.bench.hostile_names import try_hostile_names
from runs.bench.protocol_audit import judge
from runs.bench.protocol_mutations import LAB, SPACE, design, mutation_score
from runs.ingest.reading_plan import ReadingPlan
from runs.ingest.results import read_results
from world_model.terms.errors import ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.quantities import Quantity
from world_model.terms.space import SearchSpace


@pytest.fixture(scope="module")
def mutations() -> dict[str, dict[str, str]]:
    return {row["bent"]: row for row in mutation_score()}


def test_every_mutation_of_a_good_protocol_is_found_and_the_good_one_passes(mutations):
    assert [row for row in mutations.values() if row["found"] != "yes"] == []


# row of the table → what is bent and the rule that finds it
BENT = [
    (1, "a volume of NaN", "word"), (1, "an infinite volume", "word"), (2, "a negative volume", "word"), (2, "a negative concentration", "settings"),
    (3, "0 µL", "pipette range"), (3, "0.4 µL", "pipette range"), (4, "a well overfilled in between", "well capacity"),
    (5, "a stock with little in it", "stock runs dry"), (6, "every stock with 1 µL to draw", "stock runs dry"), (7, "mM for M", "stock too weak"),
    (7, "base medium and stocks beyond the well", "well too small"), (8, "one rack on hand", "tips"), (8, "a rack made for another pipette", "tip rack"),
    (8, "a tip from a reservoir", "tips"), (9, "a tip that met a well goes back to a stock", "tips"),
    (10, "eight channels from the plate's second row", "geometry"), (10, "eight channels into a tube rack's pitch", "geometry"),
    (11, "an unknown plate", "labware"), (11, "a stock where no well is", "position"), (12, "a holder in the plate's slot", "deck"),
    (14, "a stock in °C", "units"), (14, "µM for mM, and nothing may be diluted", "below the pipette"),
    (15, "a reading before anything is dispensed", "timing"), (18, "a name with a quote and a line break", "word"),
    (19, "the same id twice", "design"), (20, "a cap of 0.1 % DMSO", "solvent"), (20, "bleach and acid meet in wells", "hazards"),
    (20, "a name that asks for a person", "hazards"), (21, "more experiments than wells", "layout"), (21, "two repeats in one column", "layout"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "bent", "rule"), BENT, ids=[f"{row}: {bent}" for row, bent, _ in BENT])
def test_row_is_refused_by_its_rule(mutations, row, bent, rule):
    assert mutations[bent]["rule"] == rule
    assert mutations[bent]["found"] == "yes"


# the same rows in somebody's own robot file
FILES = [
    (1, "NaN volume", "no volume"), (2, "negative volume", "no volume"), (3, "zero volume", "no volume"), (3, "2 µL with a p300", "below the pipette"),
    (4, "overfilled well, Flex", "overfilled well"), (5, "11 mL from 10 mL", "overdrawn source"), (8, "tips exhausted, Flex", "tips exhausted"),
    (8, "20 µL tips on a p300", "wrong tip rack"), (9, "dirty tip into a second reagent", "contaminated source"),
    (10, "8 channels start at row C of a plate", "nozzle off the well"), (11, "unknown module", "unknown name"),
    (12, "two labware in one slot, Flex", "deck conflict"), (13, "pipetting under a shut lid", "lid"), (13, "shake with the latch open", "heater-shaker latch"),
    (13, "heater-shaker at 150 °C", "module out of range"), (15, "delay of -5 s", "delay"), (16, "20 mm below the bottom", "below the bottom"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "name", "rule"), FILES, ids=[f"{row}: {name}" for row, name, _ in FILES])
def test_row_in_a_robot_file_is_refused_by_its_rule(row, name, rule):
    (case,) = [case for case in wrong_cases() if case.name == name]
    assert rule in judge(case).errors


def refused(build: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as caught:
        build()
    return str(caught.value)


def with_step(**step: object) -> Callable[[], object]:
    return lambda: LabProfile.model_validate_json(json.dumps({**LAB, "steps": [step]}))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"kind": "incubate", "temperature": "37 °C", "duration": "-2 h"}, "duration"),
        ({"kind": "incubate", "temperature": "500 °C", "duration": "2 h"}, "temperature"),
        ({"kind": "incubate", "temperature": "37 mL", "duration": "2 h"}, "temperature"),
        ({"kind": "shake", "speed": "800 rpm", "duration": "10 parsec"}, "duration"),
    ],
)
def test_13_14_15_a_steps_numbers_have_their_dimension_and_sense(step, said):
    assert said in refused(with_step(**step))


def test_17_a_number_that_nobody_said_and_a_liquid_that_nobody_has_are_refused():
    assert "quote" in refused(lambda: Quantity(value=5, unit="µL", source="user_text"))
    assert "source" in refused(lambda: Quantity.model_validate({"value": 5, "unit": "µL", "source": "model"}))
    invented = {**LAB, "medium": {**LAB["medium"], "diluent": "unobtainium"}}
    assert "expected a stock's name, found 'unobtainium'" in refused(lambda: LabProfile.model_validate(invented))


def test_18_hostile_names_change_no_file():
    told = try_hostile_names(300)
    assert told.names == 300
    assert told.changed == ()


def test_19_a_file_of_another_plate_is_refused_whole():
    plan = ReadingPlan(measurements=(Measurement(name="OD600", unit="OD600"),), roles={"R01-001": "candidate", "R01-002": "candidate"}, plates={"P1": {"A1": "R01-001", "B1": "R01-002"}})
    head = "plate,well,measurement,value,unit\n"
    good = head + "P1,A1,OD600,0.5,OD600\nP1,B1,OD600,0.6,OD600\n"
    assert len(read_results(good.encode(), plan=plan).readings) == 2
    for bad in (good.replace("P1", "P2"), good.replace("B1", "P24"), head + "P1,A1,OD600,0.5,OD600\n", good + "P1,A1,OD600,0.7,OD600\n"):
        with pytest.raises(ResultsError):
            read_results(bad.encode(), plan=plan)


def test_20_the_matrix_of_groups_only_blocks():
    assert clashes(["acid"], ["hypochlorite"])
    assert clashes(["acid"], ["azide"])


def test_21_repeats_in_one_column_are_an_error_where_they_could_stand_apart():
    pair = (ProposedExperiment(id="a", role="candidate", settings={"x": 1.0}), ProposedExperiment(id="b", role="replicate", settings={"x": 1.0}, repeat_of="a"))
    assert errors_in(repeats_in_one_line({"A1": "a", "B1": "b"}, pair))
    assert not errors_in(repeats_in_one_line({"A1": "a", "B2": "b"}, pair))


def test_22_51_nanolitres_are_refused_on_drops_of_25_and_planned_as_50():
    lab = LabProfile.model_validate(
        {
            "name": "echo", "robot": {"model": "Echo 525", "most_ul": 50}, "plate": {"labware": "corning_384_wellplate_112ul_flat", "volume_ul": 40, "type": "384"},
            "holders": [{"name": "source", "labware": "corning_384_wellplate_112ul_flat", "dead_volume_ul": 15, "type": "384PP_AQ_BP"}],
            "stocks": [
                {"name": "water", "volume_ml": 0.4, "holder": "source", "position": "A1", "more_positions": ["A2", "A3", "A4"]},
                {"name": "drug", "components": {"drug": {"concentration": 10, "unit": "mM"}}, "volume_ml": 0.05, "holder": "source", "position": "B1"},
            ],
            "medium": {"diluent": "water"},
        }
    )  # fmt: skip
    space = SearchSpace(factors=(Continuous(name="drug", unit="µM", low=0, high=100),))
    # 12.75 µM · 40 µL / 10 mM = 51 nL, which is two drops and a bit
    asked = (ProposedExperiment(id="R01-001", role="candidate", settings={"drug": 12.75}),)
    draft = draft_plate(plate="P", experiments=asked, space=space, lab=lab, seed=0)
    (drop,) = [transfer for transfer in draft.plan.stages[0].transfers if transfer.stock == "drug"]
    assert drop.volume_nl == 50
    assert draft.planned["R01-001"]["drug"] == pytest.approx(12.5)
    assert draft.files[0].splitlines()[0] == ",".join(HEADER)
    bad = draft.files[0].replace(",50,drug", ",51,drug")
    assert bad != draft.files[0]
    told = parse_pick_list(bad, bench_of(draft.plan, lab), source_types={"source": "384PP_AQ_BP"}, plate="P", plate_type="384", step_nl=25)
    assert any("no multiple of 25 nL" in fault for fault in told.faults)


def test_the_good_design_is_accepted():
    """What the mutations start from; without it they would prove nothing."""
    assert draft_plate(plate="good", experiments=design(), space=SPACE, lab=LabProfile.model_validate(LAB), seed=1).files


def test_refusals_carry_numbers_and_a_mend():
    bare = {**LAB, "dilutions": None}
    with pytest.raises(Refused) as caught:
        draft_plate(plate="bad", experiments=design(), space=SPACE, lab=LabProfile.model_validate(bare), seed=1)
    assert all(finding.observed and finding.limit and finding.mend for finding in errors_in(caught.value.findings))
