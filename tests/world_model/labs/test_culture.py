"""The microplate's equations against hand computations, limits and conservation laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from world_model.labs.microplate.culture import PUBLISHED, induced_share, rates, temperature_factor

AMPLE = replace(PUBLISHED, glucose_inhibits_g_per_l=1e12, nitrogen_half_mm=0.0, magnesium_half_mm=0.0)


def a_state(*, biomass=0.02, glucose=1e6, acetate=0.0, ammonium=20.0, magnesium=2.0, immature=0.0, mature=0.0) -> np.ndarray:
    return np.array([[biomass], [glucose], [acetate], [ammonium], [magnesium], [immature], [mature]])


def growth_rate(state: np.ndarray, *, constants=AMPLE) -> float:
    return float(rates(state, np.zeros(1), np.ones(1), constants)[0, 0] / state[0, 0])


def test_growth_with_excess_of_everything_is_that_of_the_hand_computation():
    # y = 0.51·0.04·30 = 0.612; q_ox = (15.6·0.031998/1.067 − 0.04·0.612)/(1 − 0.612) = 1.1426; q_of = 1.30 − q_ox
    # µ = 0.51·1.1426 + 0.15·0.1574 − 0.04·0.51 = 0.5859 1/h
    assert growth_rate(a_state()) == pytest.approx(0.5859, abs=2e-4)


def test_starved_cells_lose_what_maintenance_costs():
    assert growth_rate(a_state(glucose=0.0)) == pytest.approx(-0.04 * 0.51)


def test_glucose_at_its_half_constant_halves_the_uptake():
    full = rates(a_state(glucose=1e6), np.zeros(1), np.ones(1), AMPLE)[1, 0]
    half = rates(a_state(glucose=PUBLISHED.glucose_half_g_per_l), np.zeros(1), np.ones(1), AMPLE)[1, 0]
    assert half / full == pytest.approx(0.5, rel=1e-5)


def test_andrews_glucose_at_its_inhibition_constant_halves_the_uptake():
    full = rates(a_state(glucose=50.0), np.zeros(1), np.ones(1), AMPLE)[1, 0]
    inhibited = rates(a_state(glucose=50.0), np.zeros(1), np.ones(1), replace(AMPLE, glucose_inhibits_g_per_l=50.0))[1, 0]
    assert inhibited / full == pytest.approx(0.5, abs=1e-3)


def test_burden_slows_synthesis_linearly_and_ends_it_at_48_percent_of_the_proteome():
    thin = 0.02  # glucose-limited: no overflow, hence synthesis in proportion to uptake
    free = growth_rate(a_state(glucose=thin)) + 0.0204
    for share, left in ((0.12, 0.75), (0.24, 0.5), (0.48, 0.0), (0.6, 0.0)):
        burdened = growth_rate(a_state(glucose=thin, mature=share * 0.02)) + 0.0204
        assert burdened == pytest.approx(left * free, abs=1e-9)


def test_a_dense_culture_overflows_to_acetate_where_a_thin_one_of_the_same_uptake_does_not():
    thin, dense = (rates(a_state(biomass=x, glucose=0.05), np.zeros(1), np.ones(1), AMPLE)[2, 0] for x in (0.02, 3.0))
    assert thin == 0.0
    assert dense > 0.0


def test_oxygen_use_of_a_dense_culture_is_what_the_plate_transfers():
    # carbon that left as CO2 took one O2 each, for glucose and acetate alike (respiratory quotient 1 at 1.067 g/g)
    state = a_state(biomass=3.0, acetate=1.0)
    change = rates(state, np.zeros(1), np.ones(1), AMPLE)[:, 0]
    overflow_g = change[2] / (0.667 * (1 - 0.15 * 0.04 * 30))
    oxidised_g = -change[1] - overflow_g
    burnt_g = oxidised_g - (oxidised_g - 0.04 * 3.0) * 0.51 * 0.04 * 30
    assert 1.067 * burnt_g == pytest.approx(38 / 3 * 31.998 / 1000, rel=1e-9)


@given(
    biomass=st.floats(1e-3, 8), glucose=st.floats(0, 30), acetate=st.floats(0, 10), ammonium=st.floats(0, 100), magnesium=st.floats(0, 5),
    gfp=st.floats(0, 0.4), warmth=st.floats(0, 1.2),
)  # fmt: skip
def test_carbon_only_leaves_and_nutrients_only_fall(biomass, glucose, acetate, ammonium, magnesium, gfp, warmth):
    state = a_state(biomass=biomass, glucose=glucose, acetate=acetate, ammonium=ammonium, magnesium=magnesium, mature=gfp * biomass)
    change = rates(state, np.array([0.2]), np.array([warmth]))[:, 0]
    carbon = 0.04 * change[0] + change[1] / 30 + change[2] / 30
    assert carbon <= 1e-12
    assert change[1] <= 0 and change[3] <= 0
    # nitrogen and magnesium are built in at the ratio of the biomass
    assert change[4] == pytest.approx(change[3] * 0.3 / 10, abs=1e-15)
    # new protein goes where the share says: 0.2 of what was synthesised, -dN/dt over 10 mmol per g
    assert change[5] + change[6] == pytest.approx(0.2 * -change[3] / 10, rel=1e-9, abs=1e-12)


def test_leak_and_saturation_of_the_promoter_are_those_of_the_published_model():
    # leakiness = 1/(1 + R/N_NS · e^13.9/(1 + e^-4.5)); saturation = 1/(1 + R/N_NS · e^13.9/(1 + e^-4.5 (K_A/K_I)²))
    weight = 260 / 4.6e6 * np.exp(13.9)
    leak = 0.30 / (1 + weight / (1 + np.exp(-4.5)))
    full = 0.30 / (1 + weight / (1 + np.exp(-4.5) * (139 / 0.53) ** 2))
    assert induced_share(0.0) == pytest.approx(leak)
    assert induced_share(1e6) == pytest.approx(full, rel=1e-6)
    assert leak < 0.02 * full


@given(st.floats(0, 10), st.floats(0, 10))
def test_more_inducer_never_makes_less_protein(one, other):
    low, high = sorted((one, other))
    assert induced_share(low) <= induced_share(high) + 1e-15


def test_cardinal_temperatures():
    assert temperature_factor(37.0) == pytest.approx(1.0)
    np.testing.assert_array_equal(temperature_factor(np.array([0.0, 4.9, 47.5, 60.0])), 0.0)
    grid = np.linspace(5, 47, 4201)
    assert grid[np.argmax(temperature_factor(grid))] == pytest.approx(41.3, abs=0.02)
