"""The bench's errors: their size, their sharing, their marks."""

from __future__ import annotations

import numpy as np
import pytest

from world_model.labs.microplate.sensor import ORDINARY, Draws, read_gfp, read_od, scatter


def quiet(n: int, t: int) -> np.ndarray:
    return np.zeros((n, 1 + 2 * t))


def test_scatter_has_mean_one_and_the_asked_coefficient_of_variation():
    errors = scatter(np.ones(200_000), 0.2, np.random.default_rng(0).standard_normal(200_000))
    assert errors.mean() == pytest.approx(1.0, abs=0.003)
    assert errors.std() == pytest.approx(0.2, rel=0.02)


def test_a_blank_reads_the_background_over_the_light_path():
    # 200 µL over 0.32 cm² stand 0.625 cm high: 0.045 / 0.625 = 0.072
    assert read_od(np.zeros((1, 1)), 1.0, noise=quiet(1, 1), bench=ORDINARY, volume_ul=200.0)[0, 0] == pytest.approx(0.072)


def test_readings_bend_and_then_overflow():
    # absorbance 3.0 less background 0.045 = x/(1 + x/15) at x = 3.6799, which 0.625 cm of OD 5.888 give
    od = np.array([[0.1, 4.0, 5.88, 5.90]])
    read = read_od(od, 1.0, noise=quiet(1, 4), bench=ORDINARY, volume_ul=200.0)[0]
    assert read[0] - 0.072 == pytest.approx(0.1 / (1 + 0.0625 / 15))
    assert read[1] - 0.072 == pytest.approx(4.0 / (1 + 2.5 / 15))
    assert np.isfinite(read[2]) and np.isnan(read[3])


def test_fluorescence_above_the_counter_is_no_number():
    read = read_gfp(np.array([[99_000.0, 100_000.0]]), 1.0, noise=quiet(1, 2), bench=ORDINARY)[0]
    assert read[0] == pytest.approx(99_260.0) and np.isnan(read[1])


def test_blanked_empty_wells_scatter_around_zero():
    source = np.random.default_rng(3)
    read = read_od(np.zeros((60, 13)), 1.0, noise=source.standard_normal((60, 27)), bench=ORDINARY, volume_ul=200.0)
    blanked = read[6:] - read[:6].mean(axis=0)
    assert 0.3 < (blanked < 0).mean() < 0.7
    assert blanked.min() > -0.05


def test_the_sources_of_a_round_are_its_own_and_repeat():
    first, again, next_round, other = (Draws.of_round(*key).reader.random() for key in ((1, 1), (1, 1), (1, 2), (2, 1)))
    assert first == again
    assert len({first, next_round, other}) == 3
