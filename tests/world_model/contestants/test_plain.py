"""The plain contestants: what they predict, by hand; and that a row's own reading never reaches its held-out prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from world_model.contestants.matching_mean import MatchingMean
from world_model.contestants.nearest import Nearest
from world_model.contestants.no_effect import NoEffect
from world_model.contestants.persistence import Persistence
from world_model.contestants.plain import MOST_FOLDS
from world_model.contract import Training
from world_model.terms.factors import Categorical, Continuous, Integer
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

ONE_DOSE = SearchSpace(factors=(Continuous(name="dose", low=0, high=10),))
THREE_GENES = SearchSpace(factors=tuple(Integer(name=gene, low=0, high=1) for gene in "ABC"))
TWO_SLOTS = SearchSpace(
    factors=tuple(Categorical(name=slot, levels=("none", "A", "B", "C"), acts="edit", mode="knock_out", no_edit="none") for slot in ("first", "second"))
)
PLAIN = (NoEffect(), Nearest(), Persistence())


def training(space, settings, values, *, times=(np.nan,), roles=None):
    values = np.asarray(values, dtype=float)
    values = values.reshape(len(values), len(times), -1)
    n = len(values)
    return Training.of(space, Dataset(
        ids=tuple(map(str, range(n))), settings={name: np.asarray(column) for name, column in settings.items()},
        roles=roles or ("candidate",) * n, blocks=("1",) * n, times_h=np.array(times), variables=tuple(f"y{i}" for i in range(values.shape[2])),
        values=values, flags=np.zeros(values.shape, int),
    ))  # fmt: skip


def curves(n=20, seed=0):
    """Readings that start at the dose and decay, two of each of four doses, with gaps."""
    rng = np.random.default_rng(seed)
    dose = rng.uniform(0, 10, n)
    dose[4:8] = dose[:4]
    values = dose[:, None] * np.exp(-0.1 * np.arange(5)) + 0.1 * rng.normal(size=(n, 5))
    values[2, 1:3] = np.nan
    return training(ONE_DOSE, {"dose": dose}, values, times=range(5), roles=("control",) * 3 + ("candidate",) * (n - 3))


def test_no_effect_is_the_controls_mean_curve():
    """Controls read 1, 3 and 2, 4 at two times: mean curve (1.5, 3.5) for every dose."""
    told = training(ONE_DOSE, {"dose": [0, 0, 5, 8]}, [[1, 3], [2, 4], [9, 9], [7, 8]], times=(0, 1), roles=("control",) * 2 + ("candidate",) * 2)
    belief = NoEffect().fit(told, seed=0).beliefs(torch.tensor([[0.3], [0.9]], dtype=torch.double))
    assert torch.allclose(belief.mean[..., 0], torch.tensor([[1.5, 3.5], [1.5, 3.5]], dtype=torch.double))
    assert "control" in str(NoEffect().why_not(training(ONE_DOSE, {"dose": [1, 2, 3]}, [1, 2, 3])))


def test_nearest_is_the_nearest_reading_time_by_time():
    """Asked at 4: dose 5 is nearest, but was not read at the second time, where dose 2 stands in. Replicates are averaged."""
    told = training(ONE_DOSE, {"dose": [5, 5, 2, 10]}, [[1, np.nan], [3, np.nan], [7, 8], [0, 0]], times=(0, 1))
    answer = Nearest().fit(told, seed=0).beliefs(torch.tensor([[0.4]], dtype=torch.double))
    assert answer.mean.flatten().tolist() == [2.0, 8.0]


def test_nearest_averages_those_equally_near():
    told = training(ONE_DOSE, {"dose": [2, 6, 10]}, [1.0, 5.0, 9.0])
    assert float(Nearest().fit(told, seed=0).beliefs(torch.tensor([[0.4]], dtype=torch.double)).mean) == pytest.approx(3.0)


def test_persistence_keeps_the_level_that_the_design_starts_from():
    """Starts equal the dose: a line through the first readings, up to the ridge's shrinkage, and level from then on."""
    dose = np.linspace(0, 10, 11)
    told = training(ONE_DOSE, {"dose": dose}, dose[:, None] * [1.0, 0.5, 0.2], times=(0, 1, 2))
    mean = Persistence().fit(told, seed=0).beliefs(torch.tensor([[0.9]], dtype=torch.double)).mean.flatten()
    # slope of the ridge: S / (S + 0.1) with S = sum (x - mean)^2 = 1.1 for 11 doses from 0 to 1
    assert torch.allclose(mean, torch.full((3,), 5 + 4 * 1.1 / 1.2, dtype=torch.double))
    assert "end points" in str(Persistence().why_not(training(ONE_DOSE, {"dose": [1, 2, 3]}, [1, 2, 3])))


def test_the_matching_mean_of_a_double_knock_out_is_the_mean_of_its_two_single_ones():
    """Singles 2 (A) and 6 (B): 4, whatever wild type, C and the other doubles read."""
    rows = {"A": [0, 1, 0, 0, 1], "B": [0, 0, 1, 0, 0], "C": [0, 0, 0, 1, 1]}
    told = training(THREE_GENES, rows, [10.0, 2.0, 6.0, 30.0, 99.0])
    fitted = MatchingMean().fit(told, seed=0)
    asked = torch.tensor([[1, 1, 0], [0, 0, 0], [1, 0, 0]], dtype=torch.double)
    assert fitted.beliefs(asked).mean.flatten().tolist() == [4.0, 10.0, 2.0]


def test_single_knock_outs_alone_tell_of_a_double_one():
    told = training(THREE_GENES, {"A": [1, 0, 0], "B": [0, 1, 0], "C": [0, 0, 1]}, [2.0, 6.0, 7.0])
    assert MatchingMean().why_not(told) is None
    assert MatchingMean().fit(told, seed=0).beliefs(torch.tensor([[1, 1, 0]], dtype=torch.double)).mean.item() == 4.0


def test_which_of_two_factors_names_the_gene_does_not_matter():
    """Single knock-outs entered in either slot tell of the double one in either order."""
    told = training(TWO_SLOTS, {"first": ["A", "none", "none", "A"], "second": ["none", "B", "none", "C"]}, [2.0, 6.0, 10.0, 50.0])
    fitted = MatchingMean().fit(told, seed=0)
    asked = told.encoder.design_of([{"first": "A", "second": "B"}, {"first": "B", "second": "A"}])
    assert fitted.beliefs(asked).mean.flatten().tolist() == [4.0, 4.0]


def test_levels_without_a_reference_are_averaged_factor_by_factor():
    """A full 2 x 2 table: a cell is the mean of its row's and its column's mean. (a, x): ((1+2)/2 + (1+5)/2)/2 = 2.25."""
    space = SearchSpace(factors=(Categorical(name="r", levels=("a", "b")), Categorical(name="c", levels=("x", "y"))))
    told = training(space, {"r": ["a", "a", "b", "b"], "c": ["x", "y", "x", "y"]}, [1.0, 2.0, 5.0, 9.0])
    assert float(MatchingMean().fit(told, seed=0).beliefs(told.design[:1]).mean) == pytest.approx(2.25)


def test_a_dose_has_no_levels_to_match():
    assert "dose" in str(MatchingMean().why_not(curves()))


def test_the_spread_without_replicates_is_the_left_out_error():
    """Nearest on doses 1, 2, 3 (readings 0, 1, 3): errors -1, 1 or -1 (2 lies between 1 and 3: mean 1.5, error -0.5), 2.

    Squares 1, 0.25, 4: mean 1.75, times 1 + 2/3 for three of them. Nothing is repeated: all of it is epistemic.
    """
    told = training(ONE_DOSE, {"dose": [1, 2, 3]}, [0.0, 1.0, 3.0])
    belief = Nearest().fit(told, seed=0).beliefs(torch.tensor([[0.5]], dtype=torch.double))
    assert float(belief.epistemic) == pytest.approx(1.75 * (1 + 2 / 3)) and float(belief.aleatoric) == 0.0


def test_replicates_tell_the_noise():
    """Pairs that differ by 2: variance of a reading 2²/2 = 2."""
    dose = np.repeat(np.arange(5.0), 2)
    told = training(ONE_DOSE, {"dose": dose}, 10 * dose + np.tile([1.0, -1.0], 5))
    assert float(Nearest().fit(told, seed=0).beliefs(told.design[:1]).aleatoric) == pytest.approx(2.0)


@pytest.mark.parametrize("contestant", PLAIN, ids=lambda one: one.name)
@pytest.mark.parametrize("n", [12, 40])
def test_a_row_s_reading_never_reaches_its_own_held_out_prediction(contestant, n):
    """A reading of 1000 in row 9 changes others' predictions, not its own: neither mean nor variance."""
    told = curves(n)
    poisoned = replace(told, values=told.values.clone())
    poisoned.values[9] = 1000.0
    before, after = (contestant.fit(one, seed=3).held_out() for one in (told, poisoned))
    assert torch.equal(before.mean[9], after.mean[9])
    assert torch.allclose(before.variance("reading")[9], after.variance("reading")[9], rtol=1e-12)
    assert not torch.allclose(before.variance("reading")[0], after.variance("reading")[0])


def test_replicates_are_held_out_together():
    """Poison in a replicate does not reach its twin (rows 1 and 5 share a dose)."""
    told = curves()
    poisoned = replace(told, values=told.values.clone())
    poisoned.values[5] = 1000.0
    before, after = (Nearest().fit(one, seed=3).held_out() for one in (told, poisoned))
    assert torch.equal(before.mean[1], after.mean[1])


@pytest.mark.parametrize("contestant", PLAIN, ids=lambda one: one.name)
def test_draws_have_the_marginals_and_a_world_answers_alike(contestant):
    """4,000 draws: sd within 5 %; a design's draws are the same alone and among others."""
    fitted = contestant.fit(curves(), seed=0)
    design = torch.tensor([[0.2], [0.7], [0.2]], dtype=torch.double)
    drawn, belief = fitted.draws(design, 4000, seed=1), fitted.beliefs(design)
    assert torch.allclose(drawn.std(0), belief.epistemic.sqrt(), rtol=0.05)
    assert torch.allclose(fitted.draws(design, 4000, seed=1, of="reading").std(0), belief.variance("reading").sqrt(), rtol=0.05)
    assert torch.equal(drawn[:, 0], drawn[:, 2])
    assert torch.allclose(fitted.draws(design[1:2], 4000, seed=1)[:, 0], drawn[:, 1])


def test_more_interventions_than_lots_are_left_out_in_lots():
    """41 interventions, 16 lots: every row still has a finite held-out prediction."""
    told = curves(45)
    assert told.n_interventions > MOST_FOLDS
    assert torch.isfinite(Nearest().fit(told, seed=0).held_out().mean).all()
