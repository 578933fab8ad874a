"""A simulated lab as the judge of a model: its noise-free answers to plans that nobody has measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from world_model.terms.errors import DesignError
from world_model.terms.lab import Lab

from .open_campaign import OpenCampaign
from .propose import reachable

if TYPE_CHECKING:
    from torch import Tensor

    from world_model.certify.counterfactual import LabTruth
    from world_model.contract import Training

POOL = 1024


def lab_truth(campaign: OpenCampaign, lab: Lab, training: Training) -> LabTruth | None:
    """Plans drawn at random from what is feasible and not measured, with what they truly give.

    Two plans start from the same state in the lab, so their difference is the true effect of doing the one instead of the other.
    None where nothing is left to plan, or the lab reads at other times than the records hold.
    """
    import torch

    from planner.pool import build_pool
    from world_model.certify.counterfactual import LabTruth

    measurements, encoder = campaign.charter.measurements, training.encoder
    hours = np.array(sorted({hour for measurement in measurements for hour in measurement.at_h}) or [np.nan])
    if len(hours) != len(training.times_h) or not np.allclose(hours, training.times_h.numpy(), equal_nan=True):
        return None
    within = reachable(campaign.space, campaign.lab)
    try:
        pool = build_pool(encoder, taken=training.design, seed=campaign.charter.seed + 1, snap=within.snap, size=POOL, uniform=True)
    except DesignError:
        return None
    some = torch.randperm(len(pool), generator=torch.Generator().manual_seed(campaign.charter.seed))[:POOL]

    def answer(design: Tensor) -> Tensor:
        return torch.as_tensor(lab.truth(encoder.settings(design), measurements), dtype=torch.double)

    return LabTruth(name=lab.name, answer=answer, pool=pool.design[some])
