"""No effect: every experiment goes as the controls did."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..contract import Progress, Training
from .plain import FittedPlain, GroupMeans, Predict, fit_plain, mean_curve


@dataclass(frozen=True)
class NoEffect:
    """The controls' mean curve, whatever is done; spread by how far experiments leave it."""

    name: str = "no effect"

    def why_not(self, training: Training) -> str | None:
        """It needs a control, and three interventions for a spread."""
        if "control" not in training.roles:
            return "no experiment has the role 'control'"
        return "fewer than 3 interventions" if training.n_interventions < 3 else None

    def fit(self, training: Training, *, seed: int, progress: Progress | None = None) -> FittedPlain:
        """Fit."""
        return fit_plain(_controls, training, seed=seed)


def _controls(training: Training) -> Predict:
    """The controls' curve; that of all experiments where the controls are what is left out."""
    control = torch.tensor([role == "control" for role in training.roles])
    curve = mean_curve(GroupMeans.of(training.take(control) if control.any() else training).values)
    return lambda design: curve.expand(len(design), *curve.shape)
