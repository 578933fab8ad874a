"""Averaging over hyper-parameters: the density that is sampled, what its draws are like, and what the mixture answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.contestants.by_refits import ByRefits
from world_model.contestants.hyper_ensemble import MEMBERS, MOST_ROWS, HyperEnsemble
from world_model.contestants.registry import in_order
from world_model.contestants.trajectory_gp import TrajectoryGP
from world_model.contract import Training
from world_model.encoding import Encoder
from world_model.hyper_posterior import _density, sample_hyper_parameters
from world_model.kernels import NOISE, SIGNAL, breadth_of, build
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

SPACE = SearchSpace(factors=(Continuous(name="x", low=0, high=1), Continuous(name="z", low=0, high=1)))


def training(n=18, seed=0, noise=0.05):
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(size=n), rng.uniform(size=n)
    x[1], z[1] = x[0], z[0]
    times = np.arange(4.0)
    values = np.sin(4 * x)[:, None] * times + z[:, None] + noise * rng.normal(size=(n, 4))
    return Training.of(SPACE, Dataset(
        ids=tuple(map(str, range(n))), settings={"x": x, "z": z}, roles=("candidate",) * n, blocks=("1",) * n, times_h=times, variables=("y",),
        values=values[:, :, None], flags=np.zeros((n, 4, 1), int),
    ))  # fmt: skip


def _column(n=12):
    design = torch.rand(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    target = torch.sin(5 * design[:, 0])
    return design, (target - target.mean()) / target.std()


def test_the_density_differs_by_what_gpytorch_says():
    """Two settings of the hyper-parameters: log density apart by likelihood (GPyTorch's, mean integrated by a constant 1) and priors."""
    design, target = _column()
    encoder = Encoder(SPACE)
    density = _density(design, target.unsqueeze(-1), encoder=encoder, plates=None)
    told, expected = [], []
    for scales, signal, noise in (([0.5, 2.0], 3.0, 0.03), ([1.5, 0.7], 9.0, 0.01)):
        theta = torch.tensor([*scales, signal, noise], dtype=torch.double).log()
        told.append(float(density(theta.reshape(1, 1, -1))))
        gp = build("wide", inputs=design, targets=target.unsqueeze(-1), encoder=encoder)
        gp.covar_module.base_kernel.lengthscale, gp.covar_module.outputscale = torch.tensor(scales, dtype=torch.double), signal
        gp.likelihood.noise = noise
        covariance = gp.covar_module(design).to_dense().detach() + (noise + 1e-8) * torch.eye(12, dtype=torch.double) + 1.0
        likelihood = torch.distributions.MultivariateNormal(torch.zeros(12, dtype=torch.double), covariance).log_prob(target)
        breadth = breadth_of(encoder)
        priors = [(np.log(breadth.centre * 2**0.5), breadth.spread)] * 2 + [(np.log(SIGNAL), breadth.signal_spread), (float(NOISE.loc), float(NOISE.scale))]
        prior = sum(torch.distributions.Normal(centre, sd).log_prob(value) for value, (centre, sd) in zip(theta, priors, strict=True))
        expected.append(float(likelihood + prior))
    assert told[1] - told[0] == pytest.approx(expected[1] - expected[0], rel=1e-9)


def test_without_readings_the_draws_are_the_prior():
    """All targets unknown: log noise is normal with the prior's centre -4 and sd 0.5 (600 draws: 4 standard errors)."""
    design, _ = _column()
    told = sample_hyper_parameters(design, torch.full((12, 1), torch.nan).double(), encoder=Encoder(SPACE), plates=None, members=600, seed=0)
    noise = torch.tensor([one.noise for one in told[0]]).log()
    assert float(noise.mean()) == pytest.approx(-4.0, abs=4 * 0.5 / 600**0.5)
    assert float(noise.std()) == pytest.approx(0.5, rel=0.12)


def test_the_draws_lie_about_the_best_fit():
    """The feature that matters has the shorter length scale in most draws; and the draws differ."""
    design, target = _column(30)
    told = sample_hyper_parameters(design, target.unsqueeze(-1), encoder=Encoder(SPACE), plates=None, members=40, seed=1)[0]
    shorter = torch.tensor([float(one.scales[0]) < float(one.scales[1]) for one in told]).double().mean()
    assert float(shorter) > 0.85
    assert len({round(one.noise, 9) for one in told}) == 40


def test_members_are_the_gaussian_processes_of_their_draws():
    fitted = HyperEnsemble("e").fit(training(), seed=0)
    assert len(fitted.members) == MEMBERS
    scales = torch.stack([member.gps.models[0].covar_module.base_kernel.lengthscale.detach().flatten() for member in fitted.members])
    assert (scales.std(dim=0) > 0).all()


def test_the_variance_is_that_of_a_mixture():
    """Mean of the members' variances plus variance of their means, coefficient by coefficient, decoded."""
    fitted = HyperEnsemble("e").fit(training(), seed=0)
    design = torch.tensor([[0.3, 0.4], [0.9, 0.1]], dtype=torch.double)
    told = [member.marginals(design) for member in fitted.members]
    mean = torch.stack([one.mean for one in told])
    variance = torch.stack([one.variance for one in told]).mean(0) + mean.var(0, unbiased=False)
    belief = fitted.beliefs(design)
    assert torch.allclose(belief.epistemic, fitted.basis.decode_variance(variance))
    assert torch.allclose(belief.mean, fitted.basis.decode(mean.mean(0)))


@pytest.mark.parametrize("of", ["state", "reading"])
def test_draws_have_the_marginals(of):
    """6,000 draws: sd within 5 %, means within 5 standard errors."""
    fitted = HyperEnsemble("e").fit(training(), seed=0)
    design = torch.tensor([[0.3, 0.4], [0.9, 0.1]], dtype=torch.double)
    drawn, belief = fitted.draws(design, 6000, seed=2, of=of), fitted.beliefs(design)
    sd = belief.variance(of).sqrt()
    assert drawn.shape == (6000, 2, 4, 1) and torch.allclose(drawn.std(0), sd, rtol=0.05)
    assert ((drawn.mean(0) - belief.mean).abs() < 5 * sd / 6000**0.5 + 1e-9).all()
    assert torch.equal(drawn, fitted.draws(design, 6000, seed=2, of=of))


def test_replicates_are_left_out_together():
    """Rows 0 and 1 are one intervention: one and the same held-out mean."""
    belief = HyperEnsemble("e").fit(training(), seed=0).held_out()
    assert torch.allclose(belief.mean[0], belief.mean[1], atol=1e-6)
    assert torch.isfinite(belief.variance("reading")).all()


def test_it_gives_way_to_one_fit_where_rows_abound():
    assert HyperEnsemble("e").why_not(training(MOST_ROWS)) is None
    assert "well enough" in str(HyperEnsemble("e").why_not(training(MOST_ROWS + 1)))
    assert "mechanism" in str(HyperEnsemble("e", "input").why_not(training()))


def test_it_stands_in_for_the_best_fit_where_nothing_is_planned():
    """Forecasts from few rows: the ensemble instead of the best fit. Plans, and many rows: the best fit."""
    few, many = ({plans: [one.name for one in in_order(training(n), plans=plans)] for plans in (True, False)} for n in (18, MOST_ROWS + 1))
    assert "wide ensemble" in few[False] and "wide" not in few[False]
    assert "wide" in few[True] and "wide ensemble" not in few[True]
    assert "wide" in many[False] and "wide ensemble" not in many[False]


def test_refits_never_meet_what_they_predict():
    """Poison in row 9 changes neither the mean nor the variance of its own held-out prediction, hyper-parameters and basis included."""
    told = training()
    poisoned = replace(told, values=told.values.clone())
    poisoned.values[9] = 50.0
    before, after = (ByRefits(TrajectoryGP(name="wide")).fit(one, seed=0).held_out() for one in (told, poisoned))
    assert torch.equal(before.mean[9], after.mean[9]) and torch.equal(before.variance("reading")[9], after.variance("reading")[9])
