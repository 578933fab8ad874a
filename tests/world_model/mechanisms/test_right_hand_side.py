"""A Python right-hand side: the same answers as closed forms and as the SBML of the same equations."""

from __future__ import annotations

import numpy as np
import pytest

from world_model.mechanisms.mechanism import Mechanism
from world_model.mechanisms.right_hand_side import RightHandSide
from world_model.mechanisms.sbml import SbmlMechanism, SbmlSpec
from world_model.terms.errors import MechanismError
from world_model.terms.mechanism_doc import DoseTarget, HoldTarget, InitialTarget, Observed, ParameterTarget, RampTarget

HOURS = np.array([0.0, 1.0, 2.5, 4.0, 6.0])


def growth(**changed) -> RightHandSide:
    given = {
        "name": "growth", "slope": lambda t, y, p: [p["r"] * y[0] * (1 - y[0] / p["K"])], "states": {"N": 0.1}, "constants": {"r": 0.8, "K": 2.0},
        "observables": {"N": Observed(of="N")},
    }  # fmt: skip
    return RightHandSide(**{**given, **changed})


def test_growth_is_the_logistic_curve_and_a_mechanism():
    mechanism = growth()
    assert isinstance(mechanism, Mechanism)
    assert [p.name for p in mechanism.parameters] == ["r", "K", "N"]
    told = mechanism.simulate([{}], HOURS, ["N"], scaled={"r": 0.5, "N": 2.0})[0, :, 0]
    np.testing.assert_allclose(told, 2 / (1 + (2 / 0.2 - 1) * np.exp(-0.4 * HOURS)), rtol=1e-5)


def test_it_does_what_sbml_of_the_same_equations_does(chain):
    pytest.importorskip("roadrunner")
    factors = {
        "start": InitialTarget(target="S"), "more": DoseTarget(target="S", at_h=1.5), "stop": HoldTarget(target="drive", from_h=2.0, to_h="until"),
        "speed": RampTarget(target="k", from_h=1.0, to_h=5.0), "base": ParameterTarget(target="base", how="multiply"),
    }  # fmt: skip
    own = RightHandSide(
        name="chain", slope=lambda t, y, p: [-p["k"] * p["drive"] * y[0], p["k"] * p["drive"] * y[0] - p["d"] * y[1]], states={"S": 6.0, "P": 0.0},
        constants={"k": 0.5, "d": 0.2, "drive": 1.0, "base": 3.0}, factors=factors, hours=60.0,
        observables={"S": Observed(of="S"), "total": lambda y, p: y["S"] + y["P"]},
    )  # fmt: skip
    file = SbmlMechanism(chain, SbmlSpec(factors=factors, observables={"S": Observed(of="S"), "total": Observed(of="S + P")}, hours=60.0))
    rows = [{"start": 1.0, "more": 2.0, "stop": 0.2, "until": 3.0, "speed": 1.5, "base": 2.0}, {"start": 4.0, "more": 0.0, "stop": 2.0, "until": 9.0, "speed": 0.1, "base": 1.0}]
    times = HOURS / 60
    scaled = [{**row, "until": row["until"]} for row in rows]
    slow = {"hours": 1.0}
    np.testing.assert_allclose(own.simulate(scaled, times, ["S", "total"]), file.simulate(scaled, times, ["S", "total"]), rtol=1e-4)
    own_h = RightHandSide(**{**{key: getattr(own, key) for key in own.__dataclass_fields__}, **slow})
    file_h = SbmlMechanism(chain, SbmlSpec(factors=factors, observables={"S": Observed(of="S"), "total": Observed(of="S + P")}))
    np.testing.assert_allclose(own_h.simulate(scaled, HOURS, ["S", "total"]), file_h.simulate(scaled, HOURS, ["S", "total"]), rtol=1e-4)


def test_equations_that_blow_up_or_never_end_are_rows_of_nan():
    burst = growth(slope=lambda t, y, p: [p["r"] * y[0] ** 2], factors={"n": InitialTarget(target="N")})
    told = burst.simulate([{"n": 50.0}, {"n": 0.01}], HOURS, ["N"])  # 1/N falls by r an hour: infinite at 1/(50 r) = 0.025 h
    assert np.isnan(told[0]).all()
    np.testing.assert_allclose(told[1, :, 0], 1 / (100 - 0.8 * HOURS), rtol=1e-5)
    assert np.isnan(growth(most_slopes=5).simulate([{}], HOURS, ["N"])).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"factors": {"f": ParameterTarget(target="R")}}, "f: expected a constant"),
        ({"factors": {"f": DoseTarget(target="r", at_h=1.0)}}, "f: expected a state"),
        ({"observables": {"y": Observed(of="M")}}, "y: expected a state or constant"),
        ({"estimable": ("q",)}, "q: expected a positive constant"),
        ({"constants": {"N": 1.0, "r": 1.0, "K": 1.0}}, "different names"),
    ],
)
def test_unknown_names_are_refused(changed, said):
    with pytest.raises(MechanismError, match=said):
        growth(**changed)


def test_questions_that_make_no_sense_are_refused():
    with pytest.raises(MechanismError, match="observable"):
        growth().simulate([{}], HOURS, ["M"])
    with pytest.raises(MechanismError, match="end_h"):
        growth().simulate([{}], np.array([np.nan]), ["N"])
