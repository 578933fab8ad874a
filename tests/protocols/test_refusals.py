"""Bad input, each with the rule that finds it and a sentence that says how to mend it."""

from __future__ import annotations

import pytest

from protocols.compile import draft_plate
from protocols.finding import Refused
from protocols.template import bind_factors
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

MG = SearchSpace(factors=(Continuous(name="magnesium", unit="mM", low=0, high=500),))


def refused(lab_doc, experiments, space=MG, **extra):
    with pytest.raises(Refused) as refusal:
        draft_plate(plate="P", experiments=experiments, space=space, lab=LabProfile.model_validate(lab_doc), seed=1, **extra)
    errors = [finding for finding in refusal.value.findings if finding.severity == "error"]
    assert errors
    assert all(finding.limit and finding.observed and finding.where for finding in errors)
    return {finding.rule for finding in errors}, str(refusal.value)


def magnesium(value: float, number: int = 1) -> ProposedExperiment:
    return ProposedExperiment(id=f"R01-{number:03d}", role="candidate", settings={"magnesium": value})


def test_a_stock_too_weak_says_how_strong_it_must_be(lab_doc):
    # 300 mM · 200 µL / 100 mM = 600 µL into a well of 200; beside 5 µL of cells 195 µL are left: more than 307.7 mM
    rules, told = refused(lab_doc, [magnesium(300)])
    assert rules == {"stock too weak"}
    assert "600 µL of MgSO4 100mM" in told
    assert "more than 307.7 mM" in told


def test_below_the_pipette_says_the_least_and_a_weaker_stock(lab_doc):
    # 0.06 mM · 200 µL / 100 mM = 0.12 µL; 1 µL of it reaches 0.5 mM; for 0.06 mM the stock may have 12 mM
    rules, told = refused(lab_doc, [magnesium(0.06)])
    assert rules == {"below the pipette"}
    assert "0.12 µL of MgSO4 100mM" in told
    assert "at least 1 µL of flex_1channel_50" in told
    assert "at most 12 mM" in told
    assert "at least 0.5 mM" in told


def test_stocks_that_do_not_fit_together_say_their_sum(lab_doc):
    lab_doc["medium"]["base"]["M9"]["concentration"] = 2.5  # 100 µL of M9 5x; 60 mM Mg: 120 µL; cells 5 µL
    rules, told = refused(lab_doc, [magnesium(60)])
    assert rules == {"well too small"}
    assert "220 µL of stocks" in told
    assert "195 µL" in told


def test_a_stock_that_runs_dry_says_what_to_provide(lab_doc):
    # 60 wells · 80 µL = 4.8 mL and 50 µL dead in a tube of 1.5 mL
    rules, told = refused(lab_doc, [magnesium(40, number) for number in range(60)])
    assert rules == {"stock runs dry"}
    assert "4.8 mL drawn" in told
    assert "volume_ml = 4.9" in told


def test_a_stock_provided_once_runs_dry_in_the_second_round(lab_doc):
    lab_doc["stocks"][4]["provided"] = "once"
    design = [magnesium(10, number) for number in range(40)]  # 40 · 20 µL = 0.8 mL of 1.5 mL
    lab = LabProfile.model_validate(lab_doc)
    draft_plate(plate="P", experiments=design, space=MG, lab=lab, seed=1)
    rules, told = refused(lab_doc, design, drawn_ul={"MgSO4 100mM": 800.0})
    assert rules == {"stock runs dry"}
    assert "from 700 µL" in told
    lab_doc["stocks"][4]["provided"] = "each plate"
    draft_plate(plate="P", experiments=design, space=MG, lab=LabProfile.model_validate(lab_doc), seed=1, drawn_ul={"MgSO4 100mM": 800.0})


def test_an_addition_counts_against_the_stock_that_the_setup_drew_from(lab_doc, space):
    # IPTG 20 mM, 1000 µM: 10 µL a well. 6 wells in the set-up, 6 at 2 h: 120 µL and 50 µL dead of 0.15 mL
    lab_doc["stocks"][5]["volume_ml"] = 0.15
    design = [
        ProposedExperiment(id=f"e{i}", role="candidate", settings={"glucose": 0.0, "magnesium": 0.0, "iptg": 1000.0, "induction": 2.0 * (i % 2)})
        for i in range(12)
    ]
    rules, told = refused(lab_doc, design, space)
    assert rules == {"stock runs dry"}
    assert "stage induce_2h" in told


def test_an_overfull_well_is_refused(lab_doc):
    lab_doc["plate"]["volume_ul"] = 400  # a well of this plate holds 360 µL
    rules, told = refused(lab_doc, [magnesium(1)])
    assert rules == {"well capacity"}
    assert "at most 360 µL" in told


def test_97_experiments_do_not_fit_on_96_wells(lab_doc):
    lab_doc["plate"] |= {"use": "all", "edge_fill": None}
    rules, told = refused(lab_doc, [magnesium(0, number) for number in range(97)])
    assert rules == {"layout"}
    assert "97 experiments" in told
    assert "at most 96 wells" in told


def test_61_experiments_do_not_fit_on_the_inner_wells(lab_doc):
    _, told = refused(lab_doc, [magnesium(0, number) for number in range(61)])
    assert "at most 60 inner wells" in told
    assert "plate.use = 'all'" in told


@pytest.mark.parametrize("unit", ["g/L", "OD600", "°C", ""])
def test_a_factor_of_another_dimension_is_refused(lab_doc, unit):
    space = SearchSpace(factors=(Continuous(name="magnesium", unit=unit, low=0, high=5, acts="start"),))
    rules, told = refused(lab_doc, [magnesium(1)], space)
    assert rules == {"units"}
    assert "MgSO4" in told


def test_mass_converts_to_molar_through_the_labs_molar_mass(lab_doc):
    lab_doc["molar_masses"] = {"MgSO4": 120.0}
    space = SearchSpace(factors=(Continuous(name="magnesium", unit="g/L", low=0, high=5),))
    draft = draft_plate(plate="P", experiments=[magnesium(0.6)], space=space, lab=LabProfile.model_validate(lab_doc), seed=1)
    well = next(iter(draft.layout))
    assert draft.plan.composition()[well]["MgSO4 100mM"] == 10_000  # 0.6 g/L / 120 g/mol = 5 mM; 5 · 200 / 100 = 10 µL


def test_a_factor_without_a_component_is_refused(lab_doc):
    space = SearchSpace(factors=(Continuous(name="glucos", unit="mM", low=0, high=5),))
    rules, told = refused(lab_doc, [ProposedExperiment(id="a", role="candidate", settings={"glucos": 1.0})], space)
    assert rules == {"component"}
    assert "Did you mean 'glucose'?" in told


@pytest.mark.parametrize(
    "factor",
    [
        Continuous(name="glucose", unit="mM", low=0, high=5, acts="hold", from_h=1, to_h=2),
        Continuous(name="glucose", unit="mM", low=0, high=5, acts="ramp", from_h=1, to_h=2, from_value=0),
        Continuous(name="glucose", low=0, high=1, acts="edit", mode="inhibit"), Categorical(name="glucose", levels=("a", "b"), acts="edit", mode="knock_out"),
    ],
)  # fmt: skip
def test_what_no_step_can_do_is_refused_with_what_can(lab_doc, factor):
    value = "a" if factor.kind == "categorical" else 1.0
    rules, told = refused(lab_doc, [ProposedExperiment(id="a", role="candidate", settings={"glucose": value})], SearchSpace(factors=(factor,)))
    assert rules == {"act"}
    assert f"(acts = '{factor.acts}')" in told
    assert "acts = 'start', 'dose' or 'set'" in told


def test_two_doses_of_one_component_are_its_variable(lab_doc):
    doses = [Continuous(name=f"feed {hour}", unit="mM", low=0, high=5, acts="dose", at=hour, variable="glucose") for hour in (1, 2)]
    bound = bind_factors(SearchSpace(factors=tuple(doses)), LabProfile.model_validate(lab_doc))
    assert [(binding.factor, binding.component, binding.minute) for binding in bound.bindings] == [("feed 1", "glucose", 60), ("feed 2", "glucose", 120)]


def test_a_component_is_a_factor_or_base_medium_not_both(lab_doc):
    lab_doc["medium"]["base"]["MgSO4"] = {"concentration": 1, "unit": "mM"}
    rules, told = refused(lab_doc, [magnesium(1)])
    assert rules == {"component"}
    assert "[medium.base]" in told


def test_one_plate_has_one_temperature(lab_doc):
    space = SearchSpace(factors=(Continuous(name="temperature", unit="°C", low=20, high=40), Categorical(name="strain", levels=("a", "b"))))
    design = [ProposedExperiment(id=f"e{t}", role="candidate", settings={"temperature": float(t), "strain": "a"}) for t in (30, 37)]
    rules, told = refused(lab_doc, design, space)
    assert rules == {"component"}
    assert "2 values: 30.0, 37.0" in told
    draft = draft_plate(plate="P", experiments=design[:1], space=space, lab=LabProfile.model_validate(lab_doc), seed=1)
    assert draft.intent.conditions == {"temperature": 30.0, "strain": "a"}


def test_more_additions_than_a_person_can_carry_are_refused(lab_doc):
    space = SearchSpace(
        factors=(
            Continuous(name="magnesium", unit="mM", low=0, high=5, acts="dose", at="when"),
            Continuous(name="when", unit="h", low=0, high=10, acts="time"),
        )
    )
    design = [ProposedExperiment(id=f"e{i}", role="candidate", settings={"magnesium": 1.0, "when": 0.5 + i}) for i in range(9)]
    rules, told = refused(lab_doc, design, space)
    assert rules == {"additions"}
    assert "9 times" in told


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        (lambda lab: lab["plate"].update(labware="corning_96_wellplate_360ul"), "labware", "Did you mean"),
        (lambda lab: lab["holders"][1].update(labware="nest_reservoir"), "labware", "load name"),
        (lambda lab: lab["stocks"][2].update(position="A7"), "position", "'A7'"),
        (lambda lab: lab["stocks"][2].update(volume_ml=3.0), "holder capacity", "at most 2 mL"),
        (lambda lab: lab["robot"]["pipettes"][0].update(name="p300_single"), "pipette", "which fits the OT-2"),
        (lambda lab: lab["robot"]["pipettes"][0].update(tip_racks=["opentrons_flex_96_tiprack_1000ul"]), "tip rack", "does not notice"),
        (lambda lab: lab["robot"].update(pipettes=[{"name": "flex_8channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]), "geometry", "Mount a pipette with one channel"),
        (lambda lab: lab["plate"].update(volume_ul=200.03), "well volume", "multiple of 0.1 µL"),
        (lambda lab: lab["cells"].update(expected_od600=900.0), "below the pipette", "Dilute the inoculum"),
        (lambda lab: lab["cells"].update(expected_od600=0.02), "stock too weak", "denser"),
    ],
)  # fmt: skip
def test_a_lab_file_against_the_makers_data(lab_doc, change, rule, words):
    change(lab_doc)
    rules, told = refused(lab_doc, [magnesium(1)])
    assert rules == {rule}
    assert words in told


def test_a_missing_or_negative_setting_is_refused(lab_doc):
    rules, told = refused(lab_doc, [ProposedExperiment(id="a", role="candidate", settings={}), magnesium(-1, 2)])
    assert rules == {"settings"}
    assert "found nothing" in told
    assert "found -1" in told


def test_an_experiment_named_twice_is_refused(lab_doc):
    assert refused(lab_doc, [magnesium(1), magnesium(2)])[0] == {"design"}


def test_an_empty_design_is_refused(lab_doc):
    assert refused(lab_doc, [])[0] == {"design"}


def test_a_measured_od_must_be_positive(lab_doc):
    assert refused(lab_doc, [magnesium(1)], inoculum_od600=-3.0)[0] == {"cells"}


def test_tips_without_any_room_on_the_deck_are_refused(lab_doc):
    # ten holders beside the plate and the trash leave no slot of the twelve: a rack of each kind needs one
    lab_doc["holders"] += [{"name": f"h{i}", "labware": "nest_12_reservoir_15ml", "dead_volume_ul": 0} for i in range(8)]
    lab_doc["stocks"] += [
        {"name": f"s{i}", "components": {f"c{i}": {"concentration": 100, "unit": "mM"}}, "volume_ml": 5, "holder": f"h{i}", "position": "A1"} for i in range(8)
    ]
    space = SearchSpace(factors=tuple(Continuous(name=f"c{i}", unit="mM", low=0, high=5) for i in range(8)))
    design = [ProposedExperiment(id=f"e{i}", role="candidate", settings={f"c{j}": 1.0 for j in range(8)}) for i in range(60)]
    rules, told = refused(lab_doc, design, space)
    assert "tips" in rules
    assert "no free slot for" in told
    assert "fewer holders" in told
