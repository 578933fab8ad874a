"""Dilutions that nextwell plans itself: strengths exact, volumes enough, and every well's composition rebuilt by hand."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.draft import draft_plate
from protocols.finding import Refused
from protocols.plan import PhysicalPlan
from protocols.reach import reach
from protocols.solver.dilutions import FACTORS
from protocols.work import parts
from world_model.terms.factors import Continuous
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=0, high=500), Continuous(name="MgSO4", unit="mM", low=0, high=40)))
DILUTIONS = {"labware": "nest_96_wellplate_2ml_deep", "dead_volume_ul": 50}


def lab_with(lab_doc, **changes) -> LabProfile:
    lab_doc["components"] = {}
    # one strong stock of each
    lab_doc["stocks"] = [stock for stock in lab_doc["stocks"] if stock["name"] not in ("glucose 100mM", "IPTG 20mM")]
    return LabProfile.model_validate({**lab_doc, "dilutions": DILUTIONS, **changes})


def asked(*settings: tuple[float, float]) -> tuple[ProposedExperiment, ...]:
    return tuple(
        ProposedExperiment(id=f"R01-{i:03d}", role="candidate", settings={"glucose": g, "MgSO4": m}) for i, (g, m) in enumerate(settings)
    )


def plan_of(lab: LabProfile, *settings: tuple[float, float]) -> tuple[PhysicalPlan, dict]:
    draft = draft_plate(plate="P", experiments=asked(*settings), space=SPACE, lab=lab, seed=3)
    return draft.plan, draft.planned


def poured(plan: PhysicalPlan) -> dict[tuple[str, str], dict[str, float]]:
    """Every well by pouring one transfer after the other: what a source holds is mixed, stock wells hold their stock alone."""
    held: dict[tuple[str, str], dict[str, float]] = {
        (stock.holder, well): {stock.name: float(volume)} for stock in plan.stocks for well, volume in stock.start_nl.items()
    }
    for stage in plan.stages:
        for move in stage.transfers:
            source = held[plan.stock(move.stock).holder, move.source_well]
            total = sum(source.values())
            assert move.volume_nl <= total + 1e-6
            target = held.setdefault((move.plate, move.well), {})
            for stock, amount in list(source.items()):
                part = amount * move.volume_nl / total
                source[stock] -= part
                target[stock] = target.get(stock, 0.0) + part
    return held


def test_a_stock_that_is_too_strong_is_diluted(lab_doc):
    # 0.05 mM in 200 µL are 10 nmol: 0.01 µL of 1 M. A dilution of at least 1:200 brings it to 2 µL
    plan, planned = plan_of(lab_with(lab_doc), (0.05, 2.0))
    (weakest,) = [dilution for dilution in plan.dilutions if dilution.name in {t.stock for t in plan.stages[0].transfers if t.plate == "P"}]
    assert weakest.name.startswith("glucose 1M 1:")
    assert int(weakest.name.rpartition(":")[2]) >= 200
    assert planned["R01-000"]["glucose"] == pytest.approx(0.05, rel=0.025)
    well = next(well.well for well in plan.wells if well.experiment_id)
    # 1 M is 1e-3 nmol/nL·1e3: mM times nL over 200,000 nL
    assert 1000 * poured(plan)["P", well]["glucose 1M"] / 200_000 == pytest.approx(planned["R01-000"]["glucose"], rel=1e-9)


def test_without_labware_for_dilutions_the_design_is_refused_and_says_what_helps(lab_doc):
    with pytest.raises(Refused, match=r"\[dilutions\] in the lab file"):
        plan_of(lab_with(lab_doc, dilutions=None), (0.05, 2.0))


def test_no_dilution_is_made_where_none_is_needed(lab_doc):
    plan, _ = plan_of(lab_with(lab_doc), (20.0, 2.0), (0.0, 0.0))
    assert plan.dilutions == ()
    assert plan.dilution_plates == {}


def test_a_dilution_has_what_is_drawn_the_overage_and_the_dead_volume(lab_doc):
    plan, _ = plan_of(lab_with(lab_doc, overage_percent=10), *[(0.05 + 0.01 * i, 0.0) for i in range(24)])
    for dilution in plan.dilutions:
        drawn = sum(t.volume_nl for stage in plan.stages for t in stage.transfers if t.stock == dilution.name)
        made = sum(dilution.wells.values())
        assert made >= 1.1 * drawn + 50_000 * len(dilution.wells) - 1
        for well, volume in dilution.wells.items():
            into = {t.stock: t.volume_nl for t in plan.stages[0].transfers if (t.plate, t.well) == (dilution.plate, well)}
            assert into == {dilution.diluent: volume - volume // dilution.factor, dilution.parent: volume // dilution.factor}
            assert volume % dilution.factor == 0
            assert min(into.values()) >= plan.device.least_nl


def test_what_does_not_fit_one_well_is_made_in_several(lab_doc):
    # 30 wells of up to 20 µL from wells of 1 mL: the dilution takes more than one of them
    small = {"labware": "nest_96_wellplate_200ul_flat", "dead_volume_ul": 20}
    plan, planned = plan_of(lab_with(lab_doc, dilutions=small), *[(0.4 + 0.001 * i, 0.0) for i in range(30)])
    assert max(len(dilution.wells) for dilution in plan.dilutions) > 1
    held = poured(plan)
    for well in plan.wells:
        if well.experiment_id:
            assert 1000 * held["P", well.well]["glucose 1M"] / 200_000 == pytest.approx(planned[well.experiment_id]["glucose"], rel=1e-9)


def test_a_value_between_two_stocks_is_reached_by_a_dilution(lab_doc):
    """1 µL of 1 M is 5 mM; 100 mM gives at most 77 mM: no gap. A stock of 1 mM gives at most 0.77 mM, and leaves one up to 5 mM."""
    for stock in lab_doc["stocks"]:
        if stock["name"] == "glucose 100mM":
            stock["components"]["glucose"]["concentration"] = 1.0
    lab_doc["components"] = {}
    bare = LabProfile.model_validate(lab_doc)
    with pytest.raises(Refused):
        plan_of(bare, (3.0, 0.0))
    _, planned = plan_of(LabProfile.model_validate({**lab_doc, "dilutions": DILUTIONS}), (3.0, 0.0))
    assert planned["R01-000"]["glucose"] == pytest.approx(3.0, rel=0.025)


def test_reach_knows_of_dilutions(lab_doc):
    lab = lab_with(lab_doc)
    assert reach(SPACE, lab.model_copy(update={"dilutions": None})).lowest["glucose"] == pytest.approx(5.0)
    wide = reach(SPACE, lab)
    assert wide.lowest["glucose"] == pytest.approx(5.0 / FACTORS[-1] ** 3)
    assert wide.reasons_against({"glucose": 0.01, "MgSO4": 1.0}) == ()
    assert wide.gaps == ()


@given(st.lists(st.tuples(st.floats(0.001, 200), st.one_of(st.just(0.0), st.floats(0.001, 20))), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pouring_the_transfers_gives_what_is_planned(lab_doc, wanted):
    import copy

    lab = lab_with(copy.deepcopy(lab_doc))
    plan, planned = plan_of(lab, *wanted)
    held, step = poured(plan), plan.device.step_nl
    strong = {"glucose": ("glucose 1M", 1000.0), "MgSO4": ("MgSO4 100mM", 100.0)}
    for well in plan.wells:
        if not well.experiment_id:
            continue
        contents = held["P", well.well]
        assert sum(contents.values()) == pytest.approx(200_000)
        for factor, (stock, strength) in strong.items():
            value = planned[well.experiment_id][factor]
            assert strength * contents.get(stock, 0.0) / 200_000 == pytest.approx(value, rel=1e-9, abs=1e-12)
            # each volume is at least ten steps, rounded by half a step
            want = dict(zip(("glucose", "MgSO4"), wanted[int(well.experiment_id[-3:])], strict=True))[factor]
            assert value == pytest.approx(want, rel=step / 2 / plan.device.least_nl + 1e-9, abs=0.0 if want else 1e-12)
    for name, told in plan.composition().items():
        assert told == pytest.approx({stock: volume for stock, volume in held["P", name].items() if volume > 1e-9})


def test_what_was_mended_is_told(lab_doc):
    draft = draft_plate(plate="P", experiments=asked((0.05, 2.0), (0.06, 2.0)), space=SPACE, lab=lab_with(lab_doc), seed=3)
    told = [finding for finding in draft.findings if finding.rule == "mended"]
    assert {finding.severity for finding in told} == {"note"}
    (diluted,) = [finding for finding in told if "made first" in finding.observed]
    assert diluted.where == "stock 'glucose 1M'"
    assert all(dilution.name in diluted.observed for dilution in draft.plan.dilutions)
    assert "for 2 transfers" in diluted.observed
    small = lab_doc | {"robot": {"pipettes": [lab_doc["robot"]["pipettes"][0]]}}
    split = draft_plate(plate="P", experiments=asked((20.0, 2.0)), space=SPACE, lab=lab_with(small), seed=3)
    (parts,) = [finding for finding in split.findings if "made in parts" in finding.observed]
    assert parts.limit == "at most 50 µL at a time"


def test_wells_that_spare_a_stock_are_counted(lab_doc):
    # 24 wells of 2.5 mM want 5 µL of 100 mM each; it holds 50 µL that can be drawn, so that most take 1 M, which is 0.5 µL … of 250 mM
    for stock in lab_doc["stocks"]:
        if stock["name"] == "glucose 1M":
            stock["components"]["glucose"]["concentration"] = 0.25
        if stock["name"] == "glucose 100mM":
            stock["volume_ml"] = 0.1
    lab_doc["components"] = {}
    lab_doc["stocks"] = [stock for stock in lab_doc["stocks"] if stock["name"] != "IPTG 20mM"]
    draft = draft_plate(plate="P", experiments=asked(*[(2.5, 0.0)] * 4, *[(2.6 + 0.1 * i, 0.0) for i in range(20)]), space=SPACE, lab=LabProfile.model_validate(lab_doc), seed=3)
    (told,) = [finding for finding in draft.findings if "another strength" in finding.observed]
    assert told.where == "stock 'glucose 100mM'"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(glucose=st.floats(0.02, 4), magnesium=st.floats(0.02, 2))
def test_hands_can_set_both_parts_of_a_dilution(lab_doc, glucose, magnesium):
    """0.1 µL to 20 µL, 0.2 µL to 200 µL, 2 µL beyond: at most 20 batches more of each, and none where a well has no room for it."""
    lab = lab_with(copy.deepcopy(lab_doc), robot={"model": "hands", "least_ul": 1, "most_ul": 1000})
    plan, _ = plan_of(lab, (glucose, magnesium))
    assert plan.dilutions
    for dilution in plan.dilutions:
        for volume in dilution.wells.values():
            part = volume // dilution.factor
            for stroke in (stroke for whole in (part, volume - part) for stroke in parts(whole, plan.device)):
                mark = 100 if stroke <= 20_000 else 200 if stroke <= 200_000 else 2_000
                assert stroke % mark == 0
