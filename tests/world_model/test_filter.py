"""The state of an experiment under way: exact where the model is Gaussian, better than persistence with assays missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from world_model.calibration import Calibration
from world_model.filter import filter
from world_model.fit import fit_world_model
from world_model.linear_gaussian import condition
from world_model.state import History, Hypotheses
from world_model.terms.errors import ResultsError
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.this_experiment import curve_belief

SPACE = SearchSpace(factors=(Continuous(name="rate", low=0.1, high=1), Continuous(name="start", low=0, high=2)))
HOURS = np.linspace(0.0, 10.0, 11)
NOISE = 0.04


def growth(rate, start, vigour):
    """Two assays of one culture: start + vigour (1 − e^(−rate t)), and its square root's slow cousin vigour · t / (4 + t)."""
    first = start[:, None] + vigour[:, None] * (1 - np.exp(-rate[:, None] * HOURS))
    second = vigour[:, None] * HOURS / (4 + HOURS) + 0.5 * rate[:, None]
    return np.stack([first, second], axis=-1)


def cultures(n, seed):
    """Truth and readings; each well has a vigour of its own (sd 15 %)."""
    rng = np.random.default_rng(seed)
    rate, start, vigour = rng.uniform(0.1, 1, n), rng.uniform(0, 2, n), 1 + 0.15 * rng.normal(size=n)
    truth = growth(rate, start, vigour)
    values = truth + NOISE * rng.normal(size=truth.shape)
    data = Dataset(
        ids=tuple(map(str, range(n))), settings={"rate": rate, "start": start}, roles=("candidate",) * n, blocks=("1",) * n,
        times_h=HOURS, variables=("od", "gfp"), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return truth, data


@pytest.fixture(scope="module")
def world():
    return fit_world_model(SPACE, cultures(60, 2)[1], seed=0, contestants=("wide",))


class DrawsOnly:
    """The same belief, known by draws alone."""

    def __init__(self, fitted):
        self.fitted, self.capabilities = fitted, replace(fitted.capabilities, gaussian=False)

    def beliefs(self, design):
        told = self.fitted.beliefs(design)
        return replace(told, aleatoric=told.aleatoric * 0 + NOISE**2)

    def draws(self, design, n, *, seed, of="state"):
        return self.fitted.draws(design, n, seed=seed, of=of)

    def held_out(self):
        return self.fitted.held_out()


def history(data, i, *, until, gaps=0.0, seed=0):
    told = History.of(data, str(i), until_h=until)
    values = np.where(np.random.default_rng([seed, i]).random(told.values.shape) < gaps, np.nan, told.values)
    return replace(told, values=values)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 7))
def test_conditioning_is_that_of_a_joint_gaussian(seed, k, m):
    """Against the block formula with explicit inverses (Rasmussen & Williams 2006, A.6), and in two halves instead of at once."""
    rng = torch.Generator().manual_seed(seed)
    root, rows = torch.randn(k, k, generator=rng).double(), torch.randn(m, k, generator=rng).double()
    mean, cov = torch.randn(k, generator=rng).double(), root @ root.T + 0.1 * torch.eye(k).double()
    noise, r = 0.1 + torch.rand(m, generator=rng).double(), torch.randn(m, generator=rng).double()
    told = condition(mean, cov, loadings=rows, surprise=r - rows @ mean, noise=noise)
    joint = rows @ cov @ rows.T + torch.diag(noise)
    assert torch.allclose(told.mean, mean + cov @ rows.T @ torch.linalg.inv(joint) @ (r - rows @ mean), atol=1e-6)
    assert torch.allclose(told.covariance, torch.linalg.inv(torch.linalg.inv(cov) + rows.T @ torch.diag(1 / noise) @ rows), atol=1e-6)
    density = torch.distributions.MultivariateNormal(rows @ mean, joint).log_prob(r)
    assert told.log_likelihood == pytest.approx(float(density), abs=1e-6)
    half = m // 2
    first = condition(mean, cov, loadings=rows[:half], surprise=r[:half] - rows[:half] @ mean, noise=noise[:half])
    both = condition(first.mean, first.covariance, loadings=rows[half:], surprise=r[half:] - rows[half:] @ first.mean, noise=noise[half:])
    assert torch.allclose(both.mean, told.mean, atol=1e-6) and torch.allclose(both.covariance, told.covariance, atol=1e-6)
    assert first.log_likelihood + both.log_likelihood == pytest.approx(told.log_likelihood, abs=1e-6)


def test_the_state_is_that_of_the_joint_gaussian_of_all_curve_values(world):
    """Closed form in the space of readings: N(centre, L P L' + R) over all t x y values, conditioned on those that were read."""
    told = history(cultures(4, 7)[1], 1, until=5.0, gaps=0.5)
    state = filter(world, told)
    belief = curve_belief(world, world.fitted, world.encoder.design_of([told.settings]))
    rows = belief.loadings.flatten(1).T
    curve, cov = belief.centre[0].flatten(), rows @ belief.covariance[0] @ rows.T
    read = np.zeros((11, 2), bool)
    read[: len(told.times_h)] = told.read
    at = torch.as_tensor(np.flatnonzero(read))
    noise = torch.diag(belief.noise_sd.flatten()[at].square())
    gain = cov[:, at] @ torch.linalg.inv(cov[at][:, at] + noise)
    want = curve + gain @ (torch.as_tensor(told.values[told.read]) - curve[at])
    left = cov - gain @ cov[at]
    now = torch.tensor([10, 11])  # 5 h is the sixth time, two observables a time
    assert torch.allclose(state.mean, want[now], atol=1e-8)
    assert torch.allclose(state.covariance - torch.diag(belief.left_out_sd[5].square()), left[now][:, now], atol=1e-8)


def test_nothing_read_leaves_the_forecast(world):
    told = filter(world, History.not_begun({"rate": 0.4, "start": 1.0}, ("od", "gfp")))
    assert torch.allclose(told.mean, world.posterior([{"rate": 0.4, "start": 1.0}]).mean_sd().mean[0, 0])
    assert told.missing == ("od", "gfp") and told.log_likelihood == 0.0


@pytest.mark.parametrize("gaps", [0.3, 0.5, 0.7])
def test_with_assays_missing_it_beats_persistence_and_last_value_plus_mean(world, gaps):
    """80 new cultures at 6 h; rivals: the last reading of each assay, and that plus how the training mean moved since."""
    truth, data = cultures(80, 11)
    mean = world.training.values.nanmean(dim=0).numpy()
    error = {"filter": [], "persistence": [], "last + mean": []}
    covered = []
    for i in range(80):
        told = history(data, i, until=6.0, gaps=gaps)
        state, real = filter(world, told), truth[i, 6]
        error["filter"].append(state.mean.numpy() - real)
        covered.append(np.abs(state.mean.numpy() - real) < 1.645 * state.sd.numpy())
        for y in (0, 1):
            seen = np.flatnonzero(told.read[:, y])
            last, at = (told.values[seen[-1], y], int(told.times_h[seen[-1]])) if len(seen) else (mean[6, y], 6)
            error["persistence"].append(last - real[y])
            error["last + mean"].append(last + mean[6, y] - mean[at, y] - real[y])
    rmse = {name: float(np.sqrt(np.mean(np.square(np.concatenate([np.ravel(e) for e in errors]))))) for name, errors in error.items()}
    assert rmse["filter"] < 0.85 * min(rmse["persistence"], rmse["last + mean"]), rmse
    assert 0.7 <= np.mean(covered) <= 0.97  # nominal 0.9: what the components leave out is known roughly


def test_more_readings_leave_less_doubt(world):
    _, data = cultures(3, 13)
    doubt = [float(torch.linalg.slogdet(filter(world, replace(history(data, 0, until=h), now_h=9.0)).covariance).logabsdet) for h in (0.0, 3.0, 6.0, 9.0)]
    assert doubt == sorted(doubt, reverse=True)


def test_an_assay_that_is_missing_is_told_by_the_other_one(world):
    """A culture of unusual vigour: its gfp alone moves the belief about od, and od's doubt shrinks."""
    truth, data = cultures(40, 17)
    told = [history(data, i, until=8.0) for i in range(40)]
    blind = [replace(h, values=np.where([True, False], np.nan, h.values)) for h in told]
    error = np.array([float(filter(world, h).mean[0]) - truth[i, 8, 0] for i, h in enumerate(blind)])
    prior = np.array([float(filter(world, replace(h, values=h.values * np.nan)).mean[0]) - truth[i, 8, 0] for i, h in enumerate(told)])
    assert filter(world, blind[0]).missing == ("od",) and filter(world, blind[0]).age_h == {"od": None, "gfp": 0.0}
    assert np.sqrt(np.mean(error**2)) < 0.7 * np.sqrt(np.mean(prior**2))


def test_hypotheses_agree_with_the_exact_answer(world):
    """Both ways of using draws against conditioning in closed form, where the draws are Gaussian: within 5 standard errors."""
    drawn = replace(world, fitted=DrawsOnly(world.fitted), calibration=Calibration.none(11, 2))
    told = History(settings={"rate": 0.4, "start": 1.0}, now_h=4.0, times_h=np.array([2.0, 4.0]), values=np.array([[np.nan, 0.6], [1.9, np.nan]]), variables=("od", "gfp"))
    belief = curve_belief(world, world.fitted, world.encoder.design_of([told.settings]))
    rows = torch.stack([belief.loadings[:, 2, 1], belief.loadings[:, 4, 0]])
    surprise = torch.tensor([0.6, 1.9]) - torch.stack([belief.centre[0, 2, 1], belief.centre[0, 4, 0]])
    noise = torch.full((2,), NOISE**2).double()
    want = condition(belief.mean[0], torch.diag(belief.shared[0]), loadings=rows, surprise=surprise, noise=noise)
    mean = belief.centre[0, 4] + belief.loadings[:, 4].T @ (want.mean - belief.mean[0])
    sd = (belief.loadings[:, 4].T @ want.covariance @ belief.loadings[:, 4]).diagonal().sqrt()
    for method in ("weights", "covariance"):
        state = filter(drawn, told, n=20_000, seed=3, method=method)
        assert isinstance(state.inside, Hypotheses)
        assert ((state.mean - mean).abs() < 5 * sd / state.n_effective**0.5).all()
        assert torch.allclose(state.sd, sd, rtol=0.1)
        assert state.log_likelihood == pytest.approx(want.log_likelihood, abs=0.15)


def test_collapsed_weights_are_refused(world):
    drawn = replace(world, fitted=DrawsOnly(world.fitted))
    told = history(cultures(3, 5)[1], 0, until=9.0)
    far = replace(told, values=told.values + 3.0)
    with pytest.raises(ResultsError, match="collapsed.*method='covariance'"):
        filter(drawn, far, n=500)
    assert filter(drawn, far, n=500, method="covariance").n_effective == 500


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"now_h": 3.0}, "until now"), ({"now_h": 40.0}, "from 0 to 10"), ({"variables": ("gfp", "od")}, "in this order"),
        ({"values": np.zeros((2, 2))}, "6 times x 2 observables"),
    ],
)  # fmt: skip
def test_a_history_that_can_not_be_is_refused(world, change, says):
    told = history(cultures(3, 5)[1], 0, until=5.0)
    with pytest.raises(ResultsError, match=says):
        filter(world, replace(told, **change))


def test_end_points_have_no_state():
    rng = np.random.default_rng(0)
    data = Dataset(
        ids=tuple("abcdef"), settings={"rate": rng.uniform(0.1, 1, 6), "start": rng.uniform(0, 2, 6)}, roles=("candidate",) * 6, blocks=("1",) * 6,
        times_h=np.array([np.nan]), variables=("od",), values=rng.normal(size=(6, 1, 1)), flags=np.zeros((6, 1, 1), int),
    )  # fmt: skip
    with pytest.raises(ResultsError, match="end points"):
        History.of(data, "a", until_h=0)
    with pytest.raises(ResultsError, match="end points"):
        filter(fit_world_model(SPACE, data, seed=0), History.not_begun({"rate": 0.4, "start": 1.0}, ("od",)))
