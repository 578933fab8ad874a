"""What is added to a draw is drawn anew: variances add up, sd do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.chance import stream
from world_model.fit import fit_world_model
from world_model.simulate_from import branches
from world_model.state import History
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace
from world_model.this_experiment import curve_belief

SPACE = SearchSpace(factors=(Continuous(name="dose", low=0, high=1),))
ASKED = {"dose": 0.5}


def world_of(hours):
    """Curves of one shape, whose height differs by dose and by well: one coefficient."""
    rng = np.random.default_rng(0)
    dose = rng.uniform(0, 1, 20)
    height = np.sin(6 * dose) + 0.2 * rng.normal(size=20)
    rise = np.ones(1) if len(hours) == 1 else hours / 4
    values = (height[:, None] * rise + (0 if len(hours) == 1 else 0.02) * rng.normal(size=(20, len(hours))))[:, :, None]
    data = Dataset(
        ids=tuple(map(str, range(20))), settings={"dose": dose}, roles=("candidate",) * 20, blocks=("1",) * 20, times_h=hours,
        variables=("od",), values=values, flags=np.zeros(values.shape, int),
    )  # fmt: skip
    return fit_world_model(SPACE, data, seed=0, contestants=("wide",))


@pytest.mark.parametrize("hours", [np.array([np.nan]), np.arange(5.0)])
def test_a_reading_scatters_about_its_state_by_noise_of_its_own(hours):
    told = world_of(hours).posterior([ASKED])
    assert told.fitted.model.targets.shape[1] == 1  # one coefficient of one experiment: the case in which equal seeds are equal numbers
    drawn = told.draws(20_000, 1, of="reading").std(dim=0)
    assert drawn[0, -1, 0] == pytest.approx(float(told.mean_sd(of="reading").sd[0, -1, 0]), rel=0.03)


def test_a_well_deviates_from_what_its_repeats_share_by_chance_of_its_own():
    world = world_of(np.arange(5.0))
    told = branches(world, History.not_begun(ASKED, ("od",)), {"same": ASKED}, n=20_000, seed=0)
    belief = curve_belief(world, world.fitted, world.encoder.design_of([ASKED]))
    variance = torch.einsum("kl,kty,lty->ty", belief.covariance[0], belief.loadings, belief.loadings) + belief.left_out_sd.square()
    assert float(told.values[:, 0, -1, 0].std()) == pytest.approx(float(variance[-1, 0].sqrt()), rel=0.03)


def test_the_same_seed_and_purpose_are_the_same_numbers():
    one, again, other = (torch.randn(5, generator=stream(3, purpose)) for purpose in ("well", "well", "noise"))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
