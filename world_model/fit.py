"""From records to belief: fit the contestants, let the judge pick, and hand back one model that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .basis import Basis, fit_basis
from .coefficients import FIT_FAILURES, CoefficientModel, fit_coefficients
from .encoding import Encoder
from .judge import FEW_INTERVENTIONS, Verdict, crps_by_intervention, pick, prior_order
from .kernels import Family
from .plate_kernel import plate_codes
from .posterior import MeanSd, TrajectoryPosterior
from .readouts import linear_weights
from .terms.errors import NextwellError, ResultsError
from .terms.goals import Goal
from .terms.readings import Dataset
from .terms.space import SearchSpace, Settings

FEWEST_RECORDS = 3


@dataclass(frozen=True)
class WorldModel:
    """A fitted model of how trajectories depend on interventions, and the verdict that picked it."""

    space: SearchSpace
    encoder: Encoder
    basis: Basis
    model: CoefficientModel
    times_h: Tensor
    variables: tuple[str, ...]
    verdict: Verdict

    def posterior(self, rows: Sequence[Settings]) -> TrajectoryPosterior:
        """The belief about experiments with these settings."""
        return self.posterior_at(self.encoder.design_of(rows))

    def posterior_at(self, design: Tensor) -> TrajectoryPosterior:
        """The belief about designs `n x d`."""
        return TrajectoryPosterior(design=design, model=self.model, basis=self.basis, times_h=self.times_h, variables=self.variables)

    def readout(self, goal: Goal, rows: Sequence[Settings]) -> MeanSd:
        """`n`: mean and sd of a goal's readout."""
        return self.posterior(rows).readout(goal)


def fit_world_model(
    space: SearchSpace,
    data: Dataset,
    *,
    seed: int,
    goals: Sequence[Goal] = (),
    families: Sequence[Family] = (),
    previous: Verdict | None = None,
    progress: Callable[[str], None] | None = None,
) -> WorldModel:
    """Fit, judge and pick.

    Args:
        data: experiments as done; replicates of one intervention are held out together.
        seed: of the shuffled actions that the pick is compared with.
        goals: what will be read out of the trajectories; each linear readout is learned as a coefficient of its own.
        families: the contestants; empty for all, in the prior order.
        previous: the last verdict; its pick is kept until the records have grown by a quarter.
        progress: told what is being fitted.

    Raises:
        ResultsError: fewer than three records with a reading.
        NextwellError: no contestant could be fitted.
    """
    usable = np.isfinite(data.values).any(axis=(1, 2))
    if int(usable.sum()) < FEWEST_RECORDS:
        raise ResultsError(f"Expected at least {FEWEST_RECORDS} experiments with a reading to learn from, found {int(usable.sum())}.")
    data = data.take(usable)
    encoder = Encoder(space)
    design = encoder.design(data.settings)
    values = torch.as_tensor(data.values, dtype=torch.double)
    groups = torch.as_tensor(data.groups())
    plates = plate_codes(data.blocks)
    times_h = torch.as_tensor(np.asarray(data.times_h, dtype=float))
    basis = fit_basis(values, times_h=times_h, functionals=_functionals(goals, values, times_h=times_h, variables=data.variables))
    targets = basis.encode(values)
    order = tuple(families) or prior_order()
    kept = previous is not None and previous.picked in order and previous.is_fresh(len(data))
    contestants = (previous.picked,) if kept and previous is not None else order
    fitted: dict[Family, CoefficientModel] = {}
    failed: dict[str, str] = {}
    for family in contestants:
        if progress:
            progress(f"fitting the {family} model to {len(data)} experiments")
        try:
            fitted[family] = fit_coefficients(family, design=design, targets=targets, encoder=encoder, plates=plates)
        except FIT_FAILURES as fault:
            failed[family] = f"{type(fault).__name__}: {str(fault)[:160]}"
    if not fitted:
        raise NextwellError(f"Expected a model that can be fitted to {len(data)} experiments, found none: {failed}. Look for readings that are wrong.")
    if kept and previous is not None and not failed:
        verdict = previous
    else:
        scores = {family: crps_by_intervention(model, basis=basis, values=values, groups=groups) for family, model in fitted.items()}
        shuffled = None
        if len(torch.unique(groups)) >= FEW_INTERVENTIONS and "mean" in scores:
            best = min((family for family in scores if family != "mean"), key=lambda family: float(scores[family].nanmean()), default=None)
            if best is not None:
                shuffled = _shuffled_scores(best, design=design, targets=targets, encoder=encoder, basis=basis, values=values, groups=groups, plates=plates, seed=seed)
        verdict = pick([family for family in order if family in fitted], scores, n_records=len(data), shuffled=shuffled, failed=failed)
    return WorldModel(
        space=space, encoder=encoder, basis=basis, model=fitted[verdict.picked], variables=data.variables, verdict=verdict,
        times_h=times_h,
    )  # fmt: skip


def _functionals(goals: Sequence[Goal], values: Tensor, *, times_h: Tensor, variables: tuple[str, ...]) -> Tensor | None:
    read = torch.isfinite(values).any(dim=0)
    found = [linear_weights(goal, times_h=times_h, variables=variables, read=read) for goal in goals]
    weights = [weight for weight in found if weight is not None]
    return torch.stack(weights) if weights else None


def _shuffled_scores(
    family: Family, *, design: Tensor, targets: Tensor, encoder: Encoder, basis: Basis, values: Tensor, groups: Tensor,
    plates: Tensor | None, seed: int,
) -> Tensor | None:  # fmt: skip
    """`g` scores of the same family fitted to actions dealt out at random between interventions; None where it can't be fitted."""
    unique, member = torch.unique(groups, return_inverse=True)
    first = torch.stack([torch.nonzero(member == g).flatten()[0] for g in range(len(unique))])
    dealt = torch.randperm(len(unique), generator=torch.Generator().manual_seed(seed))
    try:
        model = fit_coefficients(family, design=design[first][dealt][member], targets=targets, encoder=encoder, plates=plates)
    except FIT_FAILURES:
        return None
    return crps_by_intervention(model, basis=basis, values=values, groups=groups)


def verdict_as_dict(verdict: Verdict) -> dict[str, object]:
    """Plain data for the journal; `verdict_from_dict` reads it back."""
    return {
        "picked": verdict.picked, "scores": dict(verdict.scores), "lead": dict(verdict.lead), "n_records": verdict.n_records,
        "n_interventions": verdict.n_interventions, "level": verdict.level, "why": verdict.why, "failed": dict(verdict.failed),
    }  # fmt: skip


def verdict_from_dict(told: Mapping[str, object]) -> Verdict:
    """The verdict that `verdict_as_dict` wrote."""
    return Verdict(**told)  # type: ignore[arg-type]
