"""Estimation of constants: recovers them where the structure is right, says how sure it is, and stays within its budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from world_model.mechanisms.estimate import Budget, estimate
from world_model.mechanisms.estimated import _replicates
from world_model.mechanisms.gauss_newton import Readings
from world_model.mechanisms.mechanism import MechanismParameter
from world_model.mechanisms.right_hand_side import RightHandSide
from world_model.mechanisms.scaled_runs import Meter, ScaledRuns
from world_model.terms.errors import MechanismError
from world_model.terms.mechanism_doc import InitialTarget, Observed, ParameterTarget

HOURS = np.linspace(0.0, 8.0, 9)
NAMES = ("S", "P")


def enzyme(vmax: float = 1.0, km: float = 0.5, loss: float = 0.3, **changed) -> RightHandSide:
    """Michaelis–Menten: S → P → nothing; factors start S and scale the enzyme. `idle` does nothing."""
    given = {
        "name": "enzyme", "states": {"S": 1.0, "P": 0.0}, "constants": {"vmax": vmax, "km": km, "loss": loss, "idle": 1.0, "enzyme": 1.0},
        "slope": lambda t, y, p: [-p["enzyme"] * p["vmax"] * y[0] / (p["km"] + y[0]), p["enzyme"] * p["vmax"] * y[0] / (p["km"] + y[0]) - p["loss"] * y[1]],
        "factors": {"s": InitialTarget(target="S"), "e": ParameterTarget(target="enzyme")}, "observables": {name: Observed(of=name) for name in NAMES},
    }  # fmt: skip
    return RightHandSide(**{**given, **changed})


def drawn(n: int, *, noise: float, seed: int = 0) -> Readings:
    rng = np.random.default_rng(seed)
    rows = [{"s": float(s), "e": float(e)} for s, e in zip(rng.uniform(0.2, 4, n), rng.uniform(0.2, 2, n), strict=True)]
    truth = enzyme().simulate(rows, HOURS, NAMES)
    scale = truth.std((0, 1))
    return Readings(rows=rows, mean=truth + noise * scale * rng.normal(size=truth.shape), count=np.ones_like(truth), scale=scale)


def found(mechanism, readings, **kw):
    return estimate(mechanism, readings, times_h=HOURS, variables=NAMES, spread=np.arange(len(readings)), **kw)


WRONG = {"vmax": 1.8, "km": 0.25, "loss": 0.5}


def test_constants_off_by_a_factor_are_found_again_from_noiseless_readings():
    told = found(enzyme(**WRONG), drawn(12, noise=0.0))
    values = {p.name: p.value for p in told.mechanism.parameters}
    assert values == pytest.approx({"vmax": 1.0, "km": 0.5, "loss": 0.3, "idle": 1.0}, rel=0.01)
    assert told.report.converged
    assert told.report.left_out == ("idle",)
    assert all(one.determined > 0.99 for one in told.report.constants)


class Decay:
    """Two observables in closed form, a e^(-k t) and a (1 - e^(-k t)), times the dose."""

    name = "decay"
    parameters = (MechanismParameter(name="a", value=1.0), MechanismParameter(name="k", value=0.4))

    def simulate(self, rows, times_h, variables, *, scaled=None):
        a, k = (p.value * (scaled or {}).get(p.name, 1.0) for p in self.parameters)
        left = np.exp(-k * times_h)
        return np.array([row["s"] for row in rows])[:, None, None] * a * np.stack([left, 1 - left], axis=-1)


@pytest.mark.parametrize("seed", range(5))
def test_peak_and_spread_are_those_of_least_squares_with_the_noise_known(seed):
    rows = [{"s": s} for s in np.linspace(0.5, 3.0, 12)]
    truth = Decay().simulate(rows, HOURS, NAMES)
    scale = truth.std((0, 1))
    noisy = truth + 0.1 * scale * np.random.default_rng(seed).normal(size=truth.shape)
    told = found(Decay(), Readings(rows=rows, mean=noisy, count=np.ones_like(noisy), scale=scale))

    def residuals(log_factors):
        scaled = dict(zip("ak", np.exp(log_factors), strict=True))
        return np.append(((Decay().simulate(rows, HOURS, NAMES, scaled=scaled) - noisy) / (0.1 * scale)).ravel(), log_factors / 0.5)

    best = least_squares(residuals, np.zeros(2))
    sd = np.sqrt(np.diag(np.linalg.inv(best.jac.T @ best.jac)))
    assert told.log_factors == pytest.approx(best.x, abs=0.5 * sd.max())  # the noise is estimated there, and the last half sd is not climbed
    assert np.sqrt(np.diag(told.covariance)) == pytest.approx(sd, rel=0.2)


def test_without_readings_that_tell_of_it_a_constant_keeps_its_prior():
    readings = drawn(6, noise=0.05)
    only_s = readings.mean.copy()
    only_s[..., 1] = np.nan  # P unread: nothing tells of its loss
    # "loss" moves nothing that is read of S alone, and is kept though P is simulated
    told = found(enzyme(**WRONG), Readings(rows=readings.rows, mean=only_s, count=np.isfinite(only_s).astype(float), scale=readings.scale))
    loss = next((one for one in told.report.constants if one.name == "loss"), None)
    assert loss is not None
    assert loss.factor == pytest.approx(1.0, abs=0.02)
    assert loss.log_sd_after == pytest.approx(0.5, rel=0.02)


def test_the_budget_holds_and_the_report_says_so():
    told = found(enzyme(**WRONG), drawn(40, noise=0.05), budget=Budget(seconds=0.1))
    assert told.report.simulations <= 600 + 80  # the least budget, and what was begun
    assert str(told.report.simulations) in str(told.report)


def test_failing_runs_are_left_out_and_none_at_all_is_an_error():
    readings = drawn(10, noise=0.02)
    odd = enzyme(**WRONG)

    class Sometimes:
        name, parameters = "sometimes", odd.parameters

        def simulate(self, rows, times_h, variables, *, scaled=None):
            told = odd.simulate(rows, times_h, variables, scaled=scaled)
            told[[row["s"] > limit for row in rows]] = np.nan
            return told

    limit = sorted(row["s"] for row in readings.rows)[-3]
    values = {p.name: p.value for p in found(Sometimes(), readings).mechanism.parameters}
    assert values["vmax"] == pytest.approx(1.0, rel=0.1)
    limit = -1.0
    with pytest.raises(MechanismError, match="fails for all"):
        found(Sometimes(), readings)


def test_a_mechanism_without_constants_is_taken_as_given():
    told = found(enzyme(estimable=()), drawn(5, noise=0.05))
    assert told.report.constants == ()
    assert told.report.noise_share == pytest.approx((0.05, 0.05), rel=0.5)


def test_leaving_an_intervention_out_in_closed_form_is_what_a_refit_gives():
    readings = drawn(7, noise=0.1, seed=3)
    whole = found(enzyme(**WRONG), readings)
    laplace = whole.laplace
    for g in range(3):
        at = int(np.nonzero(laplace.known == g)[0][0])
        without = laplace.without(laplace.known == g)
        told = laplace.told[at] + without.shift(laplace.slopes[at])
        others = np.array([i for i in range(7) if i != g])
        refitted = found(enzyme(**WRONG), readings.take(others))
        true = refitted.mechanism.simulate([readings.rows[g]], HOURS, NAMES)[0]
        moved = np.abs(true - laplace.told[at]).max()
        assert np.abs(told - true).max() < 0.3 * moved + 2e-3, (g, moved)


class Ridge:
    """A fast oscillation tells a / b to a part in ten thousand; a smooth observable tells a: the peak lies on a thin ridge a / b = 1."""

    name = "ridge"
    parameters = (MechanismParameter(name="a", value=1.0), MechanismParameter(name="b", value=1.0))

    def simulate(self, rows, times_h, variables, *, scaled=None):
        a, b = ((scaled or {}).get(name, 1.0) for name in "ab")
        dose = np.array([row["s"] for row in rows])[:, None]
        return np.stack([np.sin(6 * dose * a / b * times_h), dose * np.log1p(a * times_h)], axis=-1)


def test_a_thin_ridge_between_two_constants_is_followed_to_its_peak():
    rows = [{"s": s} for s in np.linspace(0.5, 1.5, 10)]
    truth = Ridge().simulate(rows, HOURS, NAMES, scaled={"a": 0.4, "b": 0.4})
    scale = truth.std((0, 1))
    noisy = truth + 0.05 * scale * np.random.default_rng(0).normal(size=truth.shape)
    told = found(Ridge(), Readings(rows=rows, mean=noisy, count=np.ones_like(noisy), scale=scale))
    values = {p.name: p.value for p in told.mechanism.parameters}
    assert values["a"] == pytest.approx(0.4, rel=0.03)
    assert values["a"] / values["b"] == pytest.approx(1.0, abs=1e-3)
    assert told.report.noise_share == pytest.approx((0.05, 0.05), rel=0.2)


def test_an_observable_that_few_readings_tell_borrows_the_noise_of_the_others():
    readings = drawn(4, noise=0.0)
    mean = np.full_like(readings.mean, np.nan)
    mean[..., 0], mean[0, 0, 1] = readings.mean[..., 0], readings.mean[0, 0, 1]
    count = np.isfinite(mean).astype(float)
    one = Readings(rows=readings.rows, mean=mean, count=count, scale=np.ones(2))
    told = readings.mean.copy()
    told[..., 0] += 0.1  # 36 readings off by 0.1, and one of the other observable met exactly
    shared = 36 * 0.1**2 / 37
    assert one.variance(told, noise="own") == pytest.approx([(36 * 0.1**2 + 2 * shared) / 38, 2 * shared / 3], abs=2e-6)


def test_steps_along_the_axes_of_the_bend_give_the_derivatives_of_a_smooth_mechanism():
    rows = [{"s": 1.0}, {"s": 2.0}]
    runs = ScaledRuns(mechanism=Decay(), times_h=HOURS, variables=NAMES, constants=Decay.parameters, meter=Meter(simulations=99, seconds=99.0))
    base = runs.at(rows, np.zeros(2))
    told = runs.jacobian(rows, np.zeros(2), base=base, bend=np.array([[900.0, 850.0], [850.0, 900.0]]))
    left = np.array([1.0, 2.0])[:, None] * np.exp(-0.4 * HOURS)
    by_a, by_k = 0.5 * left, -0.5 * 0.4 * HOURS * left  # log sd 0.5
    assert told[..., 0, 0] == pytest.approx(by_a, abs=0.02)
    assert told[..., 0, 1] == pytest.approx(by_k, abs=0.02)
    flat = runs.jacobian(rows, np.zeros(2), base=base, bend=np.eye(2))
    assert (flat == 0).all()  # nothing that the readings tell from the prior


def test_a_mechanism_that_costs_more_is_run_less_often():
    class Slow(Decay):
        def cost_ms(self, rows, until_h):
            return until_h / 2  # 4 ms for 8 h

    assert Budget(seconds=5.0).meter(Slow(), [{"s": 1.0}], 8.0).simulations == 1250
    assert Budget(seconds=5.0).meter(Decay(), [{"s": 1.0}], 8.0).simulations == 2000


def test_the_report_says_whether_what_is_left_is_noise_and_claims_no_highest_peak():
    readings = drawn(12, noise=0.05)
    replicates = (0.05 * readings.scale) ** 2
    told = found(enzyme(**WRONG), replace(readings, replicates=replicates)).report
    assert told.beyond_noise == pytest.approx([1.0, 1.0], rel=0.35)  # 108 readings each: a relative sd of 0.14
    assert "no more than noise" in str(told)
    assert "converged" not in str(told)
    fixed = found(enzyme(**WRONG, estimable=("idle",)), replace(readings, replicates=replicates)).report  # can't be bent to the readings
    assert max(fixed.beyond_noise) > 10
    assert "structure is wrong" in str(fixed)
    assert "without replicates" in str(found(enzyme(**WRONG), readings).report)


def test_the_noise_among_replicates_is_their_pooled_variance():
    values = np.array([[1.0], [2.0], [3.0], [5.0], [5.0]])[:, None, :] * np.ones((1, 8, 1))
    member = np.array([0, 0, 1, 1, 2])
    mean = np.array([1.5, 4.0, 5.0])[:, None, None] * np.ones((1, 8, 1))
    assert _replicates(values, member, mean) == pytest.approx([(2 * 0.25 + 2 * 1.0) / 2])  # two degrees of freedom an hour
    assert np.isnan(_replicates(values[:, :2], member, mean[:, :2])).all()  # four in all are too few
    assert _replicates(values[[0, 2, 4]], np.arange(3), values[[0, 2, 4]]) is None
