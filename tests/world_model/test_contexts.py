"""Donors and batches as random effects: covariances by the formula; what a new donor may do, and what a known one does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.context_kernel import EXTRA, SameLevel, context_codes
from world_model.contract import Training
from world_model.scores import Z90
from world_model.terms.errors import ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0.0, high=1.0),))
DONOR_SD, NOISE_SD = 0.8, 0.1
ASKED = torch.linspace(0.05, 0.95, 7, dtype=torch.double).unsqueeze(-1)


def effect(x):
    """What the factor does in the typical donor."""
    return 2.0 * x * (1 - 0.4 * x)


def donors(seed, *, n_donors=8, each=7):
    """Experiments of several donors, each shifted by an offset of its own; donors lie in part of the range, as they do when few come a day."""
    generator = np.random.default_rng(seed)
    offset = DONOR_SD * generator.standard_normal(n_donors)
    which = np.repeat(np.arange(n_donors), each)
    x = np.clip((which % 4) / 4 + 0.4 * generator.uniform(size=len(which)) - 0.05, 0, 1)
    y = effect(x) + offset[which] + NOISE_SD * generator.standard_normal(len(which))
    n = len(which)
    data = Dataset(
        ids=tuple(map(str, range(n))), settings={"x": x}, roles=("candidate",) * n, blocks=tuple(f"R{k}" for k in which), times_h=np.array([np.nan]), variables=("y",),
        values=y[:, None, None], flags=np.zeros((n, 1, 1), int), contexts={"donor": np.array([f"D{k}" for k in which], dtype=object)},
    )  # fmt: skip
    return data, offset


def fitted(data):
    return TrajectoryGP(name="wide").fit(Training.of(SPACE, data), seed=0)


def test_covariance_is_raised_within_a_level_of_each_context():
    kernel = SameLevel(columns=(0, 1), around=1.0, prior=EXTRA)
    kernel.set_variance(torch.tensor([0.25, 0.5], dtype=torch.double))
    codes = torch.tensor([[0.0, 1.0], [0.0, 2.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.double)
    expected = torch.tensor([[1.75, 1.25, 1.5, 1.0], [1.25, 1.75, 1.0, 1.0], [1.5, 1.0, 1.5, 1.0], [1.0, 1.0, 1.0, 1.0]], dtype=torch.double)
    torch.testing.assert_close(kernel(codes).to_dense(), expected)
    torch.testing.assert_close(kernel(codes, diag=True), expected.diagonal())


def test_codes_are_kept_where_levels_can_be_told_from_noise():
    told = context_codes({"donor": ["a", "b", "a", ""], "batch": ["1", "1", "1", "1"], "day": ["1", "2", "3", "4"]})
    assert told.names == ("donor",)
    assert told.codes.flatten().tolist() == [0.0, 1.0, 0.0, -1.0]
    assert told.at({"donor": "b"}) == (1.0,) and told.at({"donor": "new"}) == (-1.0,) and told.at({}) == (-1.0,)
    assert context_codes({}) is None and context_codes({"donor": ["", ""]}) is None


def test_a_column_of_another_length_is_refused():
    data, _ = donors(0)
    with pytest.raises(ResultsError, match="56 contexts of 'donor', found 3"):
        replace(data, contexts={"donor": np.array(["a", "b", "c"], dtype=object)})


def test_the_effect_of_the_factor_and_intervals_of_new_donors_are_better_than_without_donors():
    wrong, wrong_without, inside, inside_without = [], [], [], []
    for seed in range(16):
        data, _ = donors(seed)
        generator = np.random.default_rng(1000 + seed)
        models = {"with": fitted(data), "without": fitted(replace(data, contexts={}))}
        truth = torch.as_tensor(effect(ASKED[:, 0].numpy()))
        new = truth + torch.as_tensor(DONOR_SD * generator.standard_normal((200, 1)) + NOISE_SD * generator.standard_normal((200, len(ASKED))))
        for name, errors, covered in (("with", wrong, inside), ("without", wrong_without, inside_without)):
            told = models[name].beliefs(ASKED)
            mean = told.mean[:, 0, 0]
            # what the factor changes, not where the typical donor stands: that is known to DONOR_SD / sqrt(8) at best
            errors.append(float(((mean - mean.mean()) - (truth - truth.mean())).square().mean().sqrt()))
            half = Z90 * told.variance("reading")[:, 0, 0].sqrt()
            covered.append(float(((new - mean).abs() < half).double().mean()))
    assert np.mean(wrong) < 0.6 * np.mean(wrong_without)
    # eight donors say little of how donors differ: the mean over 16 sets of donors scatters by about 0.025
    assert 0.83 < np.mean(inside) < 0.96
    assert np.mean(inside_without) < 0.75


def test_a_known_donor_gets_what_is_known_of_it_and_a_new_one_the_variance_of_donors():
    data, offset = donors(3)
    model = fitted(data)
    k = int(np.abs(offset).argmax())
    typical, known, new = (model.within(told).beliefs(ASKED) for told in ({}, {"donor": f"D{k}"}, {"donor": "never seen"}))
    torch.testing.assert_close(new.mean, typical.mean)
    near = (ASKED[:, 0] - ((k % 4) / 4 + 0.15)).abs() < 0.2  # where this donor was measured
    truth = torch.as_tensor(effect(ASKED[:, 0].numpy())) + offset[k]
    assert (known.mean[near, 0, 0] - truth[near]).abs().max() < 3 * NOISE_SD
    assert (typical.mean[near, 0, 0] - truth[near]).abs().min() > 3 * NOISE_SD
    assert (known.aleatoric[:, 0, 0] < 0.5 * typical.aleatoric[:, 0, 0]).all()
    # noise is noise, whatever the donors do
    assert float(known.aleatoric[0, 0, 0]) ** 0.5 == pytest.approx(NOISE_SD, rel=0.6)


def test_bare_designs_of_a_model_asked_within_a_level_are_asked_there_by_botorch_too():
    data, _ = donors(3)
    model = fitted(data)
    within = model.within({"donor": "D1"})
    torch.testing.assert_close(within.model.gps.posterior(ASKED.unsqueeze(-2)).mean.flatten(), within.model.marginals(ASKED).mean.flatten(), atol=1e-6, rtol=1e-5)
    assert (within.model.marginals(ASKED).mean - model.model.marginals(ASKED).mean).abs().max() > 0.05
