"""Noise of readings: told row by row, learned beside it, or expected to be large."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.basis import fit_basis
from world_model.fit import fit_world_model
from world_model.reading_noise import of_rows
from world_model.terms.factors import Continuous
from world_model.terms.goals import Goal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=1),))


def data_of(x, y, *, sd=None, noise="small", times=(np.nan,)):
    n = len(x)
    values = np.asarray(y, float).reshape(n, len(times), 1)
    return Dataset(
        ids=tuple(f"R01-{i:03d}" for i in range(n)), settings={"x": np.asarray(x, float)}, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=np.array(times, float), variables=("y",), values=values, flags=np.zeros(values.shape, int), noise=noise,
        sd=None if sd is None else np.asarray(sd, float).reshape(values.shape),
    )  # fmt: skip


def world_of(data):
    return fit_world_model(SPACE, data, seed=0, goals=[Goal(readout="y")], contestants=["wide"])


def test_the_model_believes_the_exact_one_of_two_readings():
    """Two readings at one place, 0 with sd 1 and 2 with sd 0.01: the mean of precision 1 and 10,000 lies at the second."""
    x = np.r_[np.linspace(0, 1, 8), 0.5, 0.5]
    y = np.r_[np.sin(6 * np.linspace(0, 1, 8)), 0.0, 2.0]
    sd = np.r_[np.full(8, 0.01), 1.0, 0.01]
    told = world_of(data_of(x, y, sd=sd)).readout(Goal(readout="y"), [{"x": 0.5}])
    turned = world_of(data_of(x, y, sd=np.r_[sd[:8], 0.01, 1.0])).readout(Goal(readout="y"), [{"x": 0.5}])
    assert float(told.mean) == pytest.approx(2.0, abs=0.35) and float(turned.mean) == pytest.approx(0.0, abs=0.35)


def test_each_rows_variance_is_its_own_and_what_is_left_is_learned():
    rng = np.random.default_rng(0)
    x, sd = rng.uniform(size=30), np.where(np.arange(30) % 2, 0.05, 0.5)
    world = world_of(data_of(x, np.sin(6 * x) + sd * rng.normal(size=30), sd=sd))
    [gp] = world.model.gps.models
    noise, scale = of_rows(gp, 30).detach(), float(world.basis.scale) ** 2
    assert float((noise[0] - noise[1]).detach() * scale) == pytest.approx(0.5**2 - 0.05**2, rel=1e-3)


def test_a_row_without_sd_has_the_learned_noise_alone():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=12)
    world = world_of(data_of(x, np.sin(6 * x), sd=np.r_[np.nan, np.full(11, 0.3)]))
    [gp] = world.model.gps.models
    assert float(of_rows(gp, 12)[0].detach()) == pytest.approx(float(gp.likelihood.second_noise.detach()), rel=1e-3)


def test_noise_as_large_as_the_signal_is_found_where_it_is_expected():
    """40 readings of a sine with noise of its own sd; the narrow prior finds less of it."""
    rng = np.random.default_rng(3)
    x = rng.uniform(size=40)
    y = np.sin(6 * x) + 0.7 * rng.normal(size=40)
    worlds = {noise: world_of(data_of(x, y, noise=noise)) for noise in ("small", "unknown")}
    found = {noise: float(world.model.noise_variance()[0]) * float(world.basis.scale) ** 2 / 0.7**2 for noise, world in worlds.items()}
    assert found["small"] < found["unknown"] and 0.6 < found["unknown"] < 1.6


def test_the_variance_of_coefficients_is_that_of_their_readings():
    """Against the sd of the coefficients of 4,000 noisy copies of one trajectory."""
    rng, times = np.random.default_rng(0), torch.linspace(0, 1, 6, dtype=torch.double)
    curves = torch.stack([a * times + b * times.square() for a, b in rng.normal(size=(20, 2))]).unsqueeze(-1)
    basis = fit_basis(curves + 0.05 * torch.randn(curves.shape, generator=torch.Generator().manual_seed(0), dtype=torch.double), times_h=times)
    sd = torch.tensor([0.1, 0.2, 0.05, 0.3, 0.1, 0.2], dtype=torch.double)[:, None]
    many = curves[:1] + sd * torch.randn(4000, 6, 1, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    told = basis.encode_variance(sd.square().unsqueeze(0), curves[:1])[0]
    assert torch.allclose(told, basis.encode(many).var(dim=0), rtol=0.1)
