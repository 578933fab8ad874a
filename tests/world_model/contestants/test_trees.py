"""Trees as a contestant: worlds, held-out honesty, spread, missing readings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from world_model.contestants.registry import contestants
from world_model.contestants.trees import FEWEST_INTERVENTIONS, Trees
from world_model.contract import Training
from world_model.terms.factors import Continuous
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

pytest.importorskip("sklearn")
NAMES = tuple(f"x{i}" for i in range(20))
SPACE = SearchSpace(factors=tuple(Continuous(name=name, low=0, high=1) for name in NAMES))
SMALL = Trees(n_folds=4, per_fold=2, trees=10)


def training(n=120, *, seed=0, noise=0.3, step=2.0, columns=1, gap=()):
    """A step in the first of 20 descriptors, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, len(NAMES)))
    y = step * (x[:, :1] > 0.5) + noise * rng.standard_normal((n, columns))
    for row, column in gap:
        y[row, column] = np.nan
    return Training.of(
        SPACE,
        Dataset(
            ids=tuple(f"e{i}" for i in range(n)), settings=dict(zip(NAMES, x.T, strict=True)), roles=("candidate",) * n, blocks=("1",) * n,
            times_h=np.array([np.nan]), variables=tuple(f"y{j}" for j in range(columns)), values=y[:, None, :], flags=np.where(np.isfinite(y), 0, -1)[:, None, :],
        ),
    )  # fmt: skip


def test_a_step_in_one_of_twenty_descriptors_is_found():
    design = torch.rand(300, 20, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    told = SMALL.fit(training(200), seed=0).beliefs(design).mean.flatten()
    high = design[:, 0] > 0.5
    # random splits shrink means, yet nearly all of the two sides stay apart
    assert float(told[high].quantile(0.1)) > float(told[~high].quantile(0.9))


def test_predictions_stay_within_what_was_read():
    data = training()
    told = SMALL.fit(data, seed=0).beliefs(torch.rand(50, 20, dtype=torch.double))
    assert float(told.mean.min()) >= float(data.values.min()) and float(told.mean.max()) <= float(data.values.max())


def test_held_out_predictions_of_pure_noise_know_nothing_of_it():
    data = training(200, step=0.0, noise=1.0)
    told = SMALL.fit(data, seed=0).held_out().mean.flatten()
    # a model that had met the rows would correlate; a mean without the own row correlates slightly negatively
    assert float(torch.corrcoef(torch.stack([told, data.values.flatten()]))[0, 1]) < 0.2


def test_held_out_intervals_are_as_wide_as_the_errors():
    data = training(200, step=0.0, noise=1.0)
    told = SMALL.fit(data, seed=0).held_out()
    z = (data.values - told.mean) / told.variance("reading").sqrt()
    assert float(z.square().mean()) == pytest.approx(1.0, abs=0.15)  # the factor is brought to 1 on other folds


def test_a_world_answers_a_design_alike_whatever_else_is_asked():
    fitted = SMALL.fit(training(), seed=0)
    design = torch.rand(30, 20, dtype=torch.double)
    together, alone = fitted.draws(design, 16, seed=3), fitted.draws(design[:4], 16, seed=3)
    torch.testing.assert_close(together[:, :4], alone)
    assert len(torch.unique(together[:, 0].flatten())) > 4  # worlds differ


def test_an_observable_that_is_missing_somewhere_leaves_the_others():
    data = training(60, columns=2, gap=[(3, 1), (7, 1), (11, 0)])
    fitted = SMALL.fit(data, seed=0)
    told = fitted.held_out()
    assert told.mean.shape == (60, 1, 2) and bool(torch.isfinite(told.mean).all()) and bool((told.variance("reading") > 0).all())


def test_competes_from_a_dozen_interventions_and_is_registered():
    assert SMALL.why_not(training(FEWEST_INTERVENTIONS)) is None
    assert "needs 12" in (SMALL.why_not(training(FEWEST_INTERVENTIONS - 1)) or "")
    assert isinstance(contestants()["trees"], Trees)
