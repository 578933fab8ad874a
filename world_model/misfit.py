"""Where a family of kernels has nothing to say, and why."""

from __future__ import annotations

import torch

from .contract import Training
from .kernels import Family
from .merged_columns import merged_columns
from .terms.factors import Categorical

FEWEST_SPARSE = 16  # features; a sparse prior has little to choose from below
MOST_CURVES = 40  # one-factor curves of the additive family: its cost grows with them
MOST_ROWS = 2000  # the rich families go on beyond this, where a simple one has had its chance and costs as much as they do


def misfit(family: Family, training: Training) -> str | None:
    """Why a family does not compete on these data; None where it does."""
    encoder, space = training.encoder, training.space
    if family in ("saas", "additive", "pairwise") and len(training) > MOST_ROWS:
        return f"more than {MOST_ROWS:,} experiments"
    if family == "structure" and not any(encoder.levels):
        return "no factor's levels are molecules or sequences"
    if family == "saas" and encoder.n_features < FEWEST_SPARSE:
        return f"fewer than {FEWEST_SPARSE} features"
    if family == "additive":
        curves = len(encoder.groups())
        if curves < 2:
            return "one factor alone has nothing to add up"
        if curves > MOST_CURVES:
            return f"more than {MOST_CURVES} curves"
    if family == "pairwise":
        numbers = [
            factor.name for i, factor in enumerate(space.factors)
            if not isinstance(factor, Categorical) and factor.action != "edit" and len(torch.unique(training.design[:, i])) > 2
        ]  # fmt: skip
        if numbers:
            return f"{numbers[0]} is a number with more than two values"
        if encoder.derived:
            return f"{encoder.derived[0].word.name} is a number with more than two values"
        if len(merged_columns(encoder).units) < 2:
            return "one factor alone has no pairs"
    return None
