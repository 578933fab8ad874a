"""What is held out together, and what gives away that it was not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from world_model.certify.recipe import with_shuffled_actions
from world_model.certify.split import Split, clusters, folds, leaks, nearness


@given(n=st.integers(6, 40), wells=st.integers(1, 3), seed=st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_folds_hold_out_every_row_once_and_split_no_intervention(cases, n, wells, seed):
    training = cases.records(cases.spread(n, seed=seed), wells=wells)
    splits = folds(training, seed=seed)
    held = torch.cat([split.test for split in splits])
    assert sorted(held.tolist()) == list(range(len(training)))
    assert leaks(training, splits) == ()
    for split in splits:
        assert not set(training.groups[split.test].tolist()) & set(training.groups[split.train].tolist())


def test_a_row_copied_with_a_hair_of_difference_stays_with_its_original(cases):
    design = cases.spread(20)
    both = np.concatenate([design, np.clip(design + 2e-4, 0, 1)])
    training = cases.records(both, wells=1)
    assert training.n_interventions == 40  # six digits tell them apart
    assert len(torch.unique(clusters(training))) <= 20
    halves = [Split(train=torch.arange(20), test=torch.arange(20, 40))]
    told = leaks(training, halves)
    assert len(told) == 1 and "nearly the same intervention" in told[0] and "20 times" in told[0]
    assert leaks(training, folds(training, seed=0)) == ()


def test_copied_readings_under_other_settings_are_found(cases):
    training = cases.records(cases.spread(20), wells=1)
    values = training.values.clone()
    values[10:] = values[:10]
    copied = replace(training, values=values)
    told = leaks(copied, [Split(train=torch.arange(10), test=torch.arange(10, 20))])
    assert len(told) == 1 and "10 times" in told[0]
    assert torch.equal(clusters(copied)[:10], clusters(copied)[10:])


def test_copied_readings_are_found_after_rounding_and_with_their_gaps(cases):
    """To 1e-6 of the values, as tables are written; noise of 5 % of the range makes no two readings that alike."""
    training = cases.records(cases.spread(20), wells=1)
    values = training.values.clone()
    values[10:] = values[:10] * (1 + 1e-6)
    values[3, 1], values[13, 1] = torch.nan, torch.nan
    values[4, 1] = torch.nan  # its copy has a reading there: not the same readings
    values[14, 0] += 0.1
    codes = clusters(replace(training, values=values))
    alike = [i for i in range(10) if i not in (3, 4)]
    assert torch.equal(codes[alike], codes[[i + 10 for i in alike]]) and codes[4] != codes[14]
    assert len(torch.unique(clusters(training))) == 20


def test_replicates_on_both_sides_are_a_leak(cases):
    training = cases.records(cases.spread(10), wells=2)
    even = torch.arange(0, 20, 2)
    assert "one intervention" in leaks(training, [Split(train=even, test=even + 1)])[0]


def test_evenly_spread_interventions_of_one_factor_are_not_one_cluster(cases):
    # 1,000 steps of a single factor lie 0.001 apart: less than a hundredth of the range, and yet different experiments
    line = np.stack([np.linspace(0, 1, 1000), np.zeros(1000)], axis=1)
    training = replace(cases.records(line, wells=1), design=torch.as_tensor(line[:, :1]))
    assert nearness(training) == 0.05 / 1000
    assert len(torch.unique(clusters(training))) == 1000


@given(n=st.integers(2, 30), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_no_intervention_keeps_its_action_when_they_are_dealt_out(cases, n, seed):
    training = cases.records(cases.spread(n, seed=seed), wells=2)
    dealt = with_shuffled_actions(training, seed=seed)
    assert not (dealt.design == training.design).all(dim=1).any()
    assert torch.equal(dealt.design[::2], dealt.design[1::2])  # replicates stay together
    assert torch.equal(dealt.design.sort(dim=0).values, training.design.sort(dim=0).values)
