"""Stacks: moments of a mixture by hand, weights in limit cases."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from world_model.contestants.stack import _shares, mixed, stacking_weights
from world_model.contract import Belief


def _belief(mean, epistemic, aleatoric=0.0, n=1):
    full = torch.full((n, 1, 1), 1.0, dtype=torch.double)
    return Belief(mean=mean * full, epistemic=epistemic * full, aleatoric=aleatoric * full)


class _Records:
    def __init__(self, values):
        self.values = self.as_read = torch.as_tensor(values, dtype=torch.double).reshape(-1, 1, 1)


def test_disagreement_of_members_is_epistemic():
    # halves at 0 and 2, each with variance 1: mean 1, variance 1 + 1
    told = mixed([_belief(0.0, 1.0, 0.25), _belief(2.0, 1.0, 0.75)], torch.tensor([0.5, 0.5], dtype=torch.double))
    assert (told.mean.item(), told.epistemic.item(), told.aleatoric.item()) == pytest.approx((1.0, 2.0, 0.5))


def test_the_member_that_is_right_gets_all_the_weight():
    values = torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    right, wrong = _belief(0.0, 1.0, n=400), _belief(5.0, 1.0, n=400)
    assert stacking_weights([wrong, right], _Records(values)).tolist() == pytest.approx([0.0, 1.0])


def test_equal_members_share_equally():
    values = torch.randn(50, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    assert stacking_weights([_belief(0.0, 1.0, n=50)] * 2, _Records(values)).tolist() == pytest.approx([0.5, 0.5])


@given(weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=6), n=st.integers(0, 300), seed=st.integers(0, 1000))
def test_draws_are_shared_out_without_loss(weights, n, seed):
    share = torch.tensor(weights, dtype=torch.double)
    counts = _shares(share / share.sum(), n, seed=seed)
    assert sum(counts) == n and all(abs(c - n * w) < 1 + 1e-9 for c, w in zip(counts, (share / share.sum()).tolist(), strict=True))


def test_a_single_draw_is_each_members_as_often_as_its_weight():
    counts = torch.tensor([_shares(torch.tensor([0.7, 0.3], dtype=torch.double), 1, seed=seed) for seed in range(2000)])
    assert counts.double().mean(dim=0).tolist() == pytest.approx([0.7, 0.3], abs=0.03)
