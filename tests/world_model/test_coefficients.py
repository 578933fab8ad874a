"""Closed forms against the long way round."""

from __future__ import annotations

import pytest
import torch
from linear_operator import settings as linear_settings

from world_model.coefficients import MOST_FITTED, _spread_rows, fit_coefficients
from world_model.encoding import Encoder
from world_model.kernels import FAMILIES
from world_model.terms.factors import Categorical, Continuous
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=1), Continuous(name="z", low=0, high=1), Categorical(name="c", levels=("a", "b", "c"))))


def _data(n=14, seed=3):
    generator = torch.Generator().manual_seed(seed)
    design = torch.rand(n, 3, generator=generator, dtype=torch.double)
    design[:, 2] = torch.randint(3, (n,), generator=generator).double()
    design[5] = design[4]  # a replicate
    noise = 0.1 * torch.randn(n, 2, generator=generator, dtype=torch.double)
    targets = torch.stack([torch.sin(4 * design[:, 0]) + 0.5 * design[:, 2], design[:, 1] - design[:, 0]], dim=-1) + noise
    return design, (targets - targets.mean(0)) / targets.std(0)


def _groups(n=14):
    groups = torch.arange(n)
    groups[5] = groups[4]
    return groups


@pytest.fixture(scope="module", params=FAMILIES)
def model(request):
    design, targets = _data()
    return fit_coefficients(request.param, design=design, targets=targets, encoder=Encoder(SPACE))


def _without(model, k, keep):
    """The k-th GP with its hyper-parameters, told only of the rows to keep: by gpytorch, not by our formula."""
    gp = model.gps.models[k]
    features = gp.input_transform.transform(model.design)
    rows = torch.nonzero(keep).flatten()
    prior = gp.mean_module(features)
    covariance = gp.covar_module(features).to_dense() + gp.likelihood.noise * torch.eye(len(features), dtype=torch.double)
    return prior, covariance, rows


def test_held_out_equals_telling_the_model_of_the_others_only(model):
    """Eq. 2.23 and 2.24 of Rasmussen & Williams on the rows that are left, for each group in turn."""
    groups = _groups()
    told = model.held_out(groups)
    with torch.no_grad():
        for k in range(2):
            for group in groups.unique():
                prior, covariance, rows = _without(model, k, groups != group)
                out = torch.nonzero(groups == group).flatten()
                gain = torch.linalg.solve(covariance[rows][:, rows], covariance[rows][:, out]).T
                mean = prior[out] + gain @ (model.targets[rows, k] - prior[rows])
                variance = (covariance[out][:, out] - gain @ covariance[rows][:, out]).diagonal()
                assert torch.allclose(told.mean[out, k], mean, atol=1e-6)
                assert torch.allclose(told.variance[out, k], variance, atol=1e-6)


def test_a_replicate_left_in_would_flatter(model):
    """Grouping matters: held out alone, a replicate is told of by its twin, so its variance is smaller than held out together."""
    together, alone = model.held_out(_groups()).variance, model.held_out(torch.arange(14)).variance
    assert (together[4:6] >= alone[4:6] - 1e-12).all()
    if model.family == "wide":
        assert (together[4:6] > 1.05 * alone[4:6]).all()


def test_marginals_equal_botorchs_posterior(model):
    design, _ = _data(40, seed=8)
    told = model.marginals(design)
    with torch.no_grad(), linear_settings.fast_computations(covar_root_decomposition=False, log_prob=False, solves=False):
        posterior = model.gps.posterior(design.unsqueeze(-2))
    assert torch.allclose(told.mean, posterior.mean.squeeze(-2), atol=1e-7)
    assert torch.allclose(told.variance, posterior.variance.squeeze(-2), atol=1e-7)


def test_marginals_of_nothing_are_empty(model):
    assert model.marginals(torch.empty(0, 3, dtype=torch.double)).mean.shape == (0, 2)


def test_a_row_without_a_reading_says_nothing_and_is_not_scored():
    design, targets = _data()
    targets[2, 0] = torch.nan
    told = fit_coefficients("wide", design=design, targets=targets, encoder=Encoder(SPACE)).held_out(_groups())
    assert torch.isnan(told.mean[2, 0]) and torch.isfinite(told.mean[2, 1])
    assert int(torch.isnan(told.mean).sum()) == 1


def test_many_rows_teach_the_hyper_parameters_by_a_part_and_the_predictions_by_all():
    """At most MOST_FITTED distinct rows, the newest half among them; every row conditions the posterior."""
    rows = _spread_rows(1000)
    assert len(rows) == MOST_FITTED == len(rows.unique())
    assert set(range(1000 - MOST_FITTED // 2, 1000)) <= set(rows.tolist())
    assert _spread_rows(7).tolist() == list(range(7))
    generator = torch.Generator().manual_seed(0)
    design = torch.rand(MOST_FITTED + 60, 3, generator=generator, dtype=torch.double)
    design[:, 2] = 0.0
    targets = (design[:, :1] - 0.5) / 0.29
    model = fit_coefficients("linear", design=design, targets=targets, encoder=Encoder(SPACE))
    assert len(model.gps.models[0].train_targets) == MOST_FITTED + 60
    assert torch.allclose(model.marginals(design[:5]).mean, targets[:5], atol=0.05)


def test_foretold_rows_are_told_by_earlier_turns_alone():
    design, targets = _data(n=24)
    model = fit_coefficients("wide", design=design, targets=targets[:, :1], encoder=Encoder(SPACE))
    told = model.foretold(torch.arange(24) // 8)
    assert torch.isnan(told.mean[:8]).all()
    # the first rows alone, hyper-parameters kept: what GPyTorch's own posterior says of them
    gp = model.gps.models[0]
    gp.set_train_data(gp.input_transform.transform(design[:8]), targets[:8, 0], strict=False)
    expected = gp.posterior(design[8:16], observation_noise=True)
    assert torch.allclose(told.mean[8:16, 0], expected.mean[:, 0], atol=1e-5) and torch.allclose(told.variance[8:16, 0], expected.variance[:, 0], rtol=1e-3)
