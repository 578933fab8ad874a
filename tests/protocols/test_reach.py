"""What the lab says it can reach, against what the solver can."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.finding import Refused
from protocols.reach import reach
from world_model.terms.constraints import Linear
from world_model.terms.factors import Continuous, Discrete
from world_model.terms.lab_profile import LabProfile
from world_model.terms.space import SearchSpace

WIDE = SearchSpace(
    factors=(Continuous(name="glucose", unit="mM", low=0, high=600), Continuous(name="magnesium", unit="mM", low=0, high=50), Continuous(name="iptg", unit="µM", low=0, high=5000))
)  # fmt: skip


def test_lowest_is_the_weakest_stock_at_the_pipettes_minimum(lab, space):
    # 1 µL into 200 µL: glucose 100 mM -> 0.5 mM, Mg 100 mM -> 0.5 mM, IPTG 20 mM -> 100 µM
    assert reach(space, lab).lowest == pytest.approx({"glucose": 0.5, "magnesium": 0.5, "iptg": 100.0})


def test_the_volume_constraint_is_the_sum_over_the_strongest_stocks(lab):
    (linear,) = reach(WIDE, lab).constraints
    # M9 1 x of 5 x: 40 µL, cells 5 µL, least diluent 1 µL: 154 of 200 µL are free
    assert linear.at_most == pytest.approx(154 / 200)
    assert linear.terms == pytest.approx({"glucose": 1 / 1000, "magnesium": 1 / 100, "iptg": 1 / 20_000})


def test_no_constraint_where_even_the_highest_settings_fit(lab, space):
    assert reach(space, lab).constraints == ()


def test_snap_moves_what_lies_between_nothing_and_the_lowest(lab, space):
    found = reach(space, lab)
    asked = {"glucose": 0.2, "magnesium": 0.3, "iptg": 51.0, "induction": 2.0}
    assert found.snap(asked) == pytest.approx({"glucose": 0.0, "magnesium": 0.5, "iptg": 100.0, "induction": 2.0})
    assert found.snap({"glucose": 30.0, "magnesium": 0.0}) == {"glucose": 30.0, "magnesium": 0.0}


def test_snap_stays_inside_the_factor(lab):
    space = SearchSpace(factors=(Continuous(name="magnesium", unit="mM", low=0.01, high=5, scale="log"), Discrete(name="glucose", unit="mM", values=(0, 0.1, 5))))
    found = reach(space, lab)
    assert found.snap({"magnesium": 0.02, "glucose": 0.1}) == {"magnesium": 0.5, "glucose": 0.0}
    assert {finding.where for finding in found.findings} == {"factor 'magnesium'", "factor 'glucose'"}


@given(st.floats(0, 600), st.floats(0, 50), st.floats(0, 5000))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_meets_the_constraint_and_is_snapped_can_be_pipetted(lab, glucose, magnesium, iptg):
    found = reach(WIDE, lab)
    asked = found.snap({"glucose": glucose, "magnesium": magnesium, "iptg": iptg})
    (linear,) = found.constraints
    total = sum(weight * float(asked[name]) for name, weight in linear.terms.items())
    reasons = found.reasons_against(asked)
    # 10 µL for the weak glucose stock, which low values need instead of the strong one, and for rounding
    if total <= float(linear.at_most) - 10.5 / 200:
        assert reasons == ()
    if total > float(linear.at_most) + 1.5 / 200:
        assert reasons


def test_a_factor_beyond_every_stock_is_found(lab_doc):
    space = SearchSpace(factors=(Continuous(name="magnesium", unit="mM", low=0, high=90),))
    (finding,) = reach(space, LabProfile.model_validate(lab_doc)).findings
    assert (finding.rule, finding.severity) == ("stock too weak", "warning")
    space = SearchSpace(factors=(Continuous(name="magnesium", unit="mM", low=95, high=98),))
    (finding,) = reach(space, LabProfile.model_validate(lab_doc)).findings
    assert (finding.rule, finding.severity) == ("stock too weak", "error")


def test_a_gap_between_two_stocks_is_found(lab_doc):
    # 2 M reaches from 10 mM, 1 mM reaches up to 0.77 mM: between them lies nothing
    lab_doc["stocks"][2]["components"]["glucose"] = {"concentration": 2, "unit": "M"}
    lab_doc["stocks"][3]["components"]["glucose"] = {"concentration": 1, "unit": "mM"}
    space = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=0, high=40),))
    found = reach(space, LabProfile.model_validate(lab_doc))
    (finding,) = found.findings
    assert finding.rule == "gap"
    assert "0.77 to 10 mM" in finding.observed
    assert found.snap({"glucose": 2.0})["glucose"] == pytest.approx(0.77)
    assert found.snap({"glucose": 8.0})["glucose"] == pytest.approx(10.0)


def test_a_wrong_lab_is_refused(lab_doc, space):
    lab_doc["plate"]["labware"] = "corning_97"
    with pytest.raises(Refused, match="corning_97"):
        reach(space, LabProfile.model_validate(lab_doc))


def test_constraints_are_the_planners_words(lab):
    assert all(isinstance(constraint, Linear) for constraint in reach(WIDE, lab).constraints)


@given(st.floats(0, 600), st.floats(0, 50), st.floats(0, 5000))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_reached_can_be_pipetted_and_nothing_else_is_turned_away(lab, glucose, magnesium, iptg):
    found = reach(WIDE, lab)
    asked = {"glucose": glucose, "magnesium": magnesium, "iptg": iptg}
    reached = found.reached(asked)
    assert (reached is None) == bool(found.reasons_against(found.snap(asked)))
    if reached is not None:
        assert found.reasons_against(reached) == ()


def test_eight_channels_alone_are_told_before_anything_is_proposed(lab_doc, space):
    lab_doc["robot"] = {"pipettes": [{"name": "flex_8channel_50", "mount": "left", "tip_racks": ["opentrons_flex_96_tiprack_50ul"]}]}
    told = [finding for finding in reach(space, LabProfile.model_validate(lab_doc)).findings if finding.rule == "pipette"]
    assert [finding.severity for finding in told] == ["warning"]
    assert "flex_8channel_50 alone" in told[0].observed


def test_a_gap_beside_the_factors_range_and_a_full_well_are_told_without_nonsense(lab_doc):
    # 1 mM gives at most 0.77 mM, 1 µL of 1 M is 5 mM: a gap that a factor from 10 mM on does not meet
    for stock in lab_doc["stocks"]:
        if stock["name"] == "glucose 100mM":
            stock["components"]["glucose"]["concentration"] = 1.0
    high = SearchSpace(factors=(Continuous(name="glucose", unit="mM", low=10, high=40),))
    assert [finding for finding in reach(high, LabProfile.model_validate(lab_doc)).findings if finding.rule == "gap"] == []
    lab_doc["medium"]["base"]["M9"]["concentration"] = 4.9
    told = reach(high, LabProfile.model_validate(lab_doc)).findings
    assert [finding.rule for finding in told if finding.severity == "error"] == ["well too small"]
