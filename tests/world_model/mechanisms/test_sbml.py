"""An SBML file as a mechanism: numbers from closed forms of growth and decay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("roadrunner")
pytest.importorskip("libsbml")

from world_model.mechanisms.mechanism import Mechanism
from world_model.mechanisms.sbml import Integration, SbmlMechanism, SbmlSpec, hours_in
from world_model.terms.errors import MechanismError
from world_model.terms.mechanism_doc import DoseTarget, HoldTarget, InitialTarget, Observed, ParameterTarget, RampTarget

HOURS = np.array([0.0, 1.0, 2.5, 4.0, 6.0])
N = {"N": Observed(of="N")}
S = {"S": Observed(of="S")}


def logistic_curve(t, r=0.8, K=2.0, n0=0.1):
    return K / (1 + (K / n0 - 1) * np.exp(-r * np.asarray(t)))


def run(text: str, spec: SbmlSpec, settings: dict, variables=("N",), times=HOURS, **scaled) -> np.ndarray:
    return SbmlMechanism(text, spec).simulate([settings], times, variables, scaled=scaled)[0]


def test_growth_is_the_logistic_curve_and_a_mechanism(logistic):
    mechanism = SbmlMechanism(logistic, SbmlSpec(observables=N))
    assert isinstance(mechanism, Mechanism)
    np.testing.assert_allclose(mechanism.simulate([{}], HOURS, ["N"])[0, :, 0], logistic_curve(HOURS), rtol=1e-4)


@pytest.mark.parametrize(
    ("target", "value", "r"),
    [
        (ParameterTarget(target="r"), 0.4, 0.4),
        (ParameterTarget(target="r", scale=0.001), 400.0, 0.4),
        (ParameterTarget(target="r", how="multiply"), 0.5, 0.4),
        (ParameterTarget(target="r", how="multiply", log10=True), np.log10(0.5), 0.4),
        (ParameterTarget(target="r", how="inhibit"), 0.75, 0.2),
        (ParameterTarget(target="r", levels={"slow": 0.1}), "slow", 0.1),
    ],
)
def test_a_factor_acts_on_a_constant_as_it_says(logistic, target, value, r):
    told = run(logistic, SbmlSpec(factors={"f": target}, observables=N), {"f": value})
    np.testing.assert_allclose(told[:, 0], logistic_curve(HOURS, r=r), rtol=1e-4)


def test_a_start_is_a_concentration_or_an_amount(logistic):
    for target in (InitialTarget(target="N"), InitialTarget(target="N", quantity="amount", scale=2.0)):
        told = run(logistic, SbmlSpec(factors={"n0": target}, observables=N), {"n0": 0.3})
        np.testing.assert_allclose(told[:, 0], logistic_curve(HOURS, n0=0.3), rtol=1e-4)


def test_amounts_are_concentrations_times_the_volume_and_logarithms_have_an_offset(logistic):
    spec = SbmlSpec(observables={"a": Observed(of="N", quantity="amount"), "l": Observed(of="3*N + r", log=True, offset=0.5, scale=2.0)})
    told = run(logistic, spec, {}, variables=("a", "l"))
    np.testing.assert_allclose(told[:, 0], 2 * logistic_curve(HOURS), rtol=1e-4)
    np.testing.assert_allclose(told[:, 1], np.log(2 * (3 * logistic_curve(HOURS) + 0.8) + 0.5), rtol=1e-4)


def test_a_dose_is_seen_after_its_time_and_not_at_it(logistic):
    spec = SbmlSpec(factors={"n": DoseTarget(target="N", at_h="when")}, observables=N)
    told = run(logistic, spec, {"n": 0.7, "when": 2.5})[:, 0]
    at = logistic_curve(2.5)
    np.testing.assert_allclose(told[:3], logistic_curve(HOURS[:3]), rtol=1e-4)
    np.testing.assert_allclose(told[3:], logistic_curve(HOURS[3:] - 2.5, n0=at + 0.7), rtol=1e-4)


def test_hours_are_brought_to_the_models_unit(logistic):
    told = run(logistic, SbmlSpec(observables=N, hours=hours_in("min")), {}, times=HOURS / 60)
    np.testing.assert_allclose(told[:, 0], logistic_curve(HOURS), rtol=1e-4)


def test_a_hold_ends_and_what_was_before_comes_back(chain):
    spec = SbmlSpec(factors={"stop": HoldTarget(target="drive", from_h=1.0, to_h=4.0)}, observables=S)
    told = run(chain, spec, {"stop": 0.0}, variables=("S",))[:, 0]
    np.testing.assert_allclose(told, 6 * np.exp(-0.5 * np.array([0, 1, 1, 1, 3])), rtol=1e-4)


@pytest.mark.parametrize("target", ["drive", "k"])
def test_a_ramp_is_exact_and_stays_at_its_end(chain, target):
    # S' = -a(t) S with a from its value (k drive = 0.5) linearly to twice that between 1 and 4 h
    end = {"drive": 2.0, "k": 1.0}[target]
    told = run(chain, SbmlSpec(factors={"f": RampTarget(target=target, from_h=1.0, to_h=4.0)}, observables=S), {"f": end}, variables=("S",))[:, 0]
    area = [0, 0.5, 0.5 + 0.5 * 1.5 + 0.5 * (0.5 / 3) * 1.5**2, 0.5 + 0.75 * 3, 0.5 + 0.75 * 3 + 2]
    np.testing.assert_allclose(told, 6 * np.exp(-np.array(area)), rtol=1e-4)


def test_starting_amounts_follow_the_constants_that_they_are_computed_from_or_are_kept(chain):
    for kind, start in (("recomputed", 10.0), ("kept", 6.0)):
        spec = SbmlSpec(factors={"b": ParameterTarget(target="base")}, observables={"S": Observed(of="S"), "T": Observed(of="total")}, initial_assignments=kind)
        told = run(chain, spec, {"b": 5.0}, variables=("S", "T"))
        assert told[0] == pytest.approx([start, start])


def test_constants_of_reactions_can_be_named_and_estimated(chain):
    mechanism = SbmlMechanism(chain, SbmlSpec(factors={"f": ParameterTarget(target="k")}, observables=S))
    assert {p.name: p.value for p in mechanism.parameters} == {"base": 3.0, "loss_d": 0.2}


def test_scaled_constants_and_starts_multiply_what_the_file_says(logistic):
    told = run(logistic, SbmlSpec(observables=N), {}, r=0.5, N=3.0)
    np.testing.assert_allclose(told[:, 0], logistic_curve(HOURS, r=0.4, n0=0.3), rtol=1e-4)


def test_no_run_leaves_a_trace_in_the_next(chain):
    spec = SbmlSpec(
        factors={"k": ParameterTarget(target="k"), "d": HoldTarget(target="drive", from_h=1, to_h=20), "r": RampTarget(target="base", from_h=1, to_h=30)}, observables=S
    )
    mechanism = SbmlMechanism(chain, spec)
    first = mechanism.simulate([{"k": 0.5, "d": 1.0, "r": 3.0}], HOURS, ["S"])
    mechanism.simulate([{"k": 5.0, "d": 9.0, "r": 8.0}], HOURS, ["S"], scaled={"base": 2.0})
    np.testing.assert_array_equal(mechanism.simulate([{"k": 0.5, "d": 1.0, "r": 3.0}], HOURS, ["S"]), first)


def test_an_integrator_that_can_not_is_a_row_of_nan_and_the_next_row_runs(logistic):
    mechanism = SbmlMechanism(
        logistic, SbmlSpec(factors={"r": ParameterTarget(target="r"), "n": InitialTarget(target="N")}, observables=N), integration=Integration(most_steps=200)
    )
    told = mechanism.simulate([{"r": 0.8, "n": 0.1}, {"r": 500.0, "n": -0.1}, {"r": 0.8, "n": 0.1}], HOURS, ["N"])
    assert np.isnan(told[1]).all()
    np.testing.assert_array_equal(told[0], told[2])


def test_end_points_are_read_at_the_end(logistic):
    told = run(logistic, SbmlSpec(observables=N, end_h=4.0), {}, times=np.array([np.nan]))
    assert told[0, 0] == pytest.approx(logistic_curve(4.0), rel=1e-4)
    with pytest.raises(MechanismError, match="end_h"):
        run(logistic, SbmlSpec(observables=N), {}, times=np.array([np.nan]))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (SbmlSpec(factors={"f": ParameterTarget(target="R")}), r"f: expected a constant .* found 'R'\. Did you mean|f: expected a constant .* found 'R'\. Known: 'K', 'r'"),
        (SbmlSpec(factors={"f": ParameterTarget(target="N")}), "found 'N', a species"),
        (SbmlSpec(factors={"f": DoseTarget(target="r", at_h=1.0)}), "expected a species .* found 'r', a constant"),
        (SbmlSpec(factors={"f": HoldTarget(target="N", from_h=1.0, to_h=2.0)}), "a constant or boundary species"),
        (SbmlSpec(observables={"y": Observed(of="M")}), "y: expected an id"),
        (SbmlSpec(observables={"y": Observed(of="2*M")}), r"ids in '2\*M'"),
        (SbmlSpec(observables={"y": Observed(of="2*(N")}), "expression"),
        (SbmlSpec(estimable=("rr",)), "rr: expected a constant or starting amount"),
        (SbmlSpec(factors={"f": ParameterTarget(target="r"), "g": ParameterTarget(target="r")}), "found twice: r"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(logistic, spec, said):
    with pytest.raises(MechanismError, match=said):
        SbmlMechanism(logistic, spec)


def test_a_constant_that_a_rule_determines_can_not_be_set(chain):
    with pytest.raises(MechanismError, match="which a rule of the model determines"):
        SbmlMechanism(chain, SbmlSpec(factors={"f": ParameterTarget(target="total")}))


@pytest.mark.parametrize("text", ["", "hello", "<a/>", "<sbml></sbml>"])
def test_what_is_no_sbml_is_refused(text):
    with pytest.raises(MechanismError, match="xpected SBML"):
        SbmlMechanism(text, SbmlSpec())


def test_a_missing_file_is_told_with_the_nearest(tmp_path: Path, logistic):
    (tmp_path / "growth.xml").write_text(logistic)
    with pytest.raises(MechanismError, match=r"Did you mean 'growth\.xml'"):
        SbmlMechanism(tmp_path / "grwth.xml", SbmlSpec())


def test_questions_that_make_no_sense_are_refused(logistic):
    mechanism = SbmlMechanism(logistic, SbmlSpec(factors={"f": ParameterTarget(target="r")}, observables=N))
    with pytest.raises(MechanismError, match="observable"):
        mechanism.simulate([{"f": 1.0}], HOURS, ["M"])
    with pytest.raises(MechanismError, match="a setting of 'f'"):
        mechanism.simulate([{}], HOURS, ["N"])
    with pytest.raises(MechanismError, match="increasing hours"):
        mechanism.simulate([{"f": 1.0}], HOURS[::-1], ["N"])
    with pytest.raises(MechanismError, match="constant or species"):
        mechanism.simulate([{"f": 1.0}], HOURS, ["N"], scaled={"q": 2.0})
    with pytest.raises(MechanismError, match="unit of time"):
        hours_in("hours")


MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
PULSE = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="pulse">
<listOfParameters><parameter id="A" value="0" constant="false"/><parameter id="B" value="1" constant="false"/>
  <parameter id="dose" value="5" constant="true"/></listOfParameters>
<listOfRules>
 <rateRule variable="B"><math {MATH}><apply><times/><cn>-0.001</cn><ci>B</ci></apply></math></rateRule>
 <rateRule variable="A"><math {MATH}><piecewise><piece><ci>dose</ci><apply><and/>
  <apply><geq/><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time"> t </csymbol><cn>70</cn></apply>
  <apply><lt/><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time"> t </csymbol><cn>71</cn></apply></apply></piece>
  <otherwise><cn>0</cn></otherwise></piecewise></math></rateRule>
</listOfRules></model></sbml>"""


def test_a_short_pulse_that_error_control_would_step_over_is_met():
    spec = SbmlSpec(factors={"dose": ParameterTarget(target="dose")}, observables={"A": Observed(of="A")})
    careful = SbmlMechanism(PULSE, spec)
    assert careful.model.jumps
    told = careful.simulate([{"dose": 5.0}], np.array([0.0, 100.0]), ("A",))
    assert told[0, 1, 0] == pytest.approx(5.0, rel=0.01)  # 5 an hour for one hour
    blind = SbmlMechanism(PULSE, spec, integration=Integration(fewest_steps=1))
    assert blind.simulate([{"dose": 5.0}], np.array([0.0, 100.0]), ("A",))[0, 1, 0] == pytest.approx(0.0, abs=1e-6)


def test_a_longer_run_is_said_to_cost_more_by_counting_steps(chain):
    mechanism = SbmlMechanism(chain, SbmlSpec(observables={"P": Observed(of="P")}))
    costs = [mechanism.cost_ms([{}], hours) for hours in (0.01, 1.0, 100.0)]
    assert costs == sorted(costs)
    assert mechanism.cost_ms([{}], 1.0) == costs[1]
    assert not mechanism.model.jumps
