"""When to read: Gaussian closed forms, brute force, and laws that hold for every covariance."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.sampling.schedule import Readable, best_moments, schedule
from world_model.terms.errors import DesignError


def readable(seed, m=6, e=2, noise=0.1):
    root = torch.randn(e, m + 1, m + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    return Readable(
        covariance=root @ root.transpose(1, 2), noise=torch.full((m,), noise, dtype=torch.double), moment=torch.arange(m), hours=tuple(float(i) for i in range(m))
    )


def random_walk(hours, *, noise):
    """Brownian motion: cov(s, t) = min(s, t). The readout is the last value."""
    times = torch.tensor([hours[-1], *hours], dtype=torch.double)
    return Readable(
        covariance=torch.minimum(times[:, None], times[None, :]).unsqueeze(0), noise=torch.full((len(hours),), noise, dtype=torch.double),
        moment=torch.arange(len(hours)), hours=tuple(hours),
    )  # fmt: skip


def test_one_read_of_a_random_walk_leaves_what_the_formula_says():
    """T - t^2 / (t + noise) for a read at t of a walk that ends at T."""
    walk = random_walk((1.0, 2.0, 4.0), noise=0.5)
    for moment, t in enumerate(walk.hours):
        assert walk.left([moment]) == pytest.approx(4.0 - t**2 / (t + 0.5), rel=1e-12)


def test_the_end_of_a_random_walk_is_read_as_late_as_allowed():
    walk = random_walk((1.0, 2.0, 3.0, 4.0), noise=0.2)
    early = Readable(covariance=walk.covariance[:, :4, :4], noise=walk.noise[:3], moment=walk.moment[:3], hours=walk.hours[:3])
    assert schedule(early, 1).hours == (3.0,)


def test_a_perfect_read_of_the_readout_itself_leaves_nothing_and_stops():
    walk = random_walk((1.0, 2.0, 4.0), noise=1e-12)
    told = schedule(walk, 3)
    assert told.hours == (4.0,) and told.sd[-1] < 1e-5 and told.sd[0] == pytest.approx(2.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 4))
def test_the_choice_is_as_good_as_every_single_exchange_and_near_the_best_of_all(seed, k):
    told = readable(seed)
    chosen = best_moments(told, k)
    assert len(chosen) <= k and list(chosen) == sorted(set(chosen))
    best = min(told.left(some) for some in combinations(range(6), k))
    gone, most = told.left([]) - told.left(chosen), told.left([]) - best
    assert gone >= (1 - 1 / 2.718281828) * most - 1e-2 * told.left([])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_reading_more_never_leaves_more(seed):
    told = readable(seed)
    left = [told.left(range(i)) for i in range(7)]
    assert all(after <= before + 1e-9 for before, after in pairwise(left))


def test_what_is_read_together_at_one_moment_counts_together():
    two = readable(3, m=4)
    paired = Readable(covariance=two.covariance, noise=two.noise, moment=torch.tensor([0, 0, 1, 1]), hours=(1.0, 2.0))
    assert paired.left([1]) == pytest.approx(two.left([2, 3]), rel=1e-12)


def test_no_reads_are_refused():
    with pytest.raises(DesignError, match="at least 1 read"):
        schedule(readable(0), 0)
