"""The fixed-step solver against SciPy's LSODA, conservation, and its own restarts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from world_model.labs.microplate import simulate as solver
from world_model.labs.microplate.culture import PUBLISHED, induced_share, rates
from world_model.labs.microplate.simulate import Conditions, initial_state, simulate

HOURS = np.arange(0.0, 25.0)


def wells(n: int = 1, **given) -> Conditions:
    usual = {
        "glucose_mm": 20.0, "ammonium_mm": 30.0, "magnesium_mm": 2.0, "iptg_mm": 0.1, "induction_h": 2.0, "temperature_c": 37.0,
        "initial_od600": 0.05, "evaporation_per_h": 0.0,
    }  # fmt: skip
    return Conditions(**{name: np.broadcast_to(np.asarray(given.get(name, value), dtype=float), (n,)).copy() for name, value in usual.items()})


def varied(n: int, seed: int) -> Conditions:
    source = np.random.default_rng(seed)
    return wells(
        n, glucose_mm=source.uniform(2, 60, n), ammonium_mm=source.uniform(2, 60, n), magnesium_mm=source.uniform(0.1, 4, n),
        iptg_mm=np.exp(source.uniform(np.log(0.005), 0, n)), induction_h=2.0 * source.integers(0, 3, n),
    )  # fmt: skip


def test_agrees_with_lsoda_on_random_wells():
    conditions = varied(4, seed=5)
    ours = simulate(conditions, HOURS)[:, [0, 1, 3, 4, 6]]
    for well in range(4):
        state = initial_state(conditions)[:, well]
        path = [state]
        for start, stop in pairwise(HOURS):
            share = induced_share(conditions.iptg_mm[well : well + 1] if conditions.induction_h[well] <= start else np.zeros(1))
            answer = solve_ivp(
                lambda _, y, share=share: rates(y[:, None], share, np.ones(1))[:, 0], (start, stop), path[-1], method="LSODA", rtol=1e-8, atol=1e-11
            )
            path.append(answer.y[:, -1])
        theirs = np.array(path)[:, [0, 1, 3, 4, 6]]
        assert np.abs(ours[:, :, well] - theirs).max() < 2e-4 * np.abs(theirs).max()
        np.testing.assert_allclose(ours[:, :, well] / theirs.max(axis=0), theirs / theirs.max(axis=0), atol=2e-4)


def test_nitrogen_that_left_the_medium_is_in_the_biomass():
    constants = replace(PUBLISHED, maintenance_g_per_g_h=0.0)
    path = simulate(wells(3, ammonium_mm=[2.0, 5.0, 40.0]), HOURS, constants=constants)
    total = path[:, 3] + 10.0 * path[:, 0]
    np.testing.assert_allclose(total, np.broadcast_to(total[0], total.shape), rtol=1e-9)


def test_nitrogen_limits_the_yield_and_then_magnesium_does():
    constants = replace(PUBLISHED, maintenance_g_per_g_h=0.0)
    end = simulate(wells(2, glucose_mm=60.0, ammonium_mm=[5.0, 40.0], magnesium_mm=[2.0, 0.15]), np.array([24.0]), constants=constants)[0, 0]
    inoculum = 0.05 * 0.37
    assert end[0] == pytest.approx(inoculum + 5.0 / 10.0, rel=0.01)
    assert end[1] == pytest.approx(inoculum + 0.15 / 0.3, rel=0.01)


def test_inducer_has_no_effect_before_its_time():
    never, later = (simulate(wells(iptg_mm=iptg, induction_h=4.0), np.arange(0.0, 9.0)) for iptg in (0.0, 1.0))
    np.testing.assert_allclose(later[:5], never[:5], rtol=1e-6)
    assert later[8, 6, 0] > 5 * never[8, 6, 0]
    assert later[8, 0, 0] < never[8, 0, 0]


def test_a_run_taken_up_again_from_its_state_goes_on_as_if_it_had_not_stopped():
    conditions = varied(5, seed=2)
    whole = simulate(conditions, np.array([3.0, 9.0]))
    again = simulate(conditions, np.array([9.0]), state=whole[0], from_h=3.0)
    np.testing.assert_allclose(again[0], whole[1], rtol=1e-4, atol=1e-7)


def test_a_well_does_not_depend_on_its_neighbours(monkeypatch):
    conditions = varied(7, seed=9)
    together = simulate(conditions, np.array([12.0]))
    monkeypatch.setattr(solver, "BLOCK", 3)
    np.testing.assert_allclose(simulate(conditions, np.array([12.0])), together, rtol=2e-4, atol=1e-6)


def test_evaporation_concentrates_what_nobody_eats():
    path = simulate(wells(glucose_mm=0.0, evaporation_per_h=0.01), np.array([0.0, 10.0]))
    assert path[1, 3, 0] / path[0, 3, 0] == pytest.approx(np.exp(0.1), rel=1e-6)


def test_no_growth_outside_the_cardinal_temperatures():
    path = simulate(wells(temperature_c=50.0), np.array([0.0, 12.0]))
    np.testing.assert_allclose(path[1, :5], path[0, :5])
