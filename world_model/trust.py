"""Where not to trust a model: how far a design lies from what was learned from, and until when a trajectory is foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .contract import Belief, Training
from .encoding import Encoder
from .scores import Z90

if TYPE_CHECKING:
    from .fit import WorldModel

_STRETCH = 1.5  # a design is refused beyond so many times the score of the outermost training row
_STRAY = 3.0  # a row whose score is so many times that of nine in ten others is a stray one
_MOST_ROWS = 2000  # training rows that distances are taken to
WORST_NRMSE = 0.5  # of an observable's sd: a forecast that errs more says little
LEAST_COVERAGE = 0.8  # of readings within the 90 % interval


@dataclass(frozen=True)
class Range:
    """What was learned from, in features.

    Attributes:
        features: `r x u` of distinct training rows.
        low, high: `u`, the least and the largest of each feature.
        gap: `u`, the spacing of a feature's values: by so much the range of a sample falls short of the truth's.
        near: distance between neighbours, in units of the features' spans.
        limit: the score beyond which a design is refused.
    """

    encoder: Encoder
    features: Tensor
    low: Tensor
    high: Tensor
    gap: Tensor
    near: float
    limit: float

    @classmethod
    def of(cls, training: Training) -> Range:
        """The range of a training set."""
        features = torch.unique(training.encoder.features(training.design), dim=0)
        if len(features) > _MOST_ROWS:
            extreme = torch.cat([features.argmin(dim=0), features.argmax(dim=0)])
            some = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))[:_MOST_ROWS]
            features = features[torch.unique(torch.cat([some, extreme]))]
        n = len(features)
        low, high = features.min(dim=0).values, features.max(dim=0).values
        distinct = torch.tensor([len(torch.unique(column)) for column in features.T], dtype=torch.double)
        gap = torch.where(high > low, (high - low) / (distinct - 1).clamp_min(1), 1e-3)
        unjudged = cls(encoder=training.encoder, features=features, low=low, high=high, gap=gap, near=1.0, limit=float("inf"))
        if n < 3:
            return unjudged
        apart = torch.cdist(unjudged._scaled(features), unjudged._scaled(features)).fill_diagonal_(torch.inf)
        near = float(apart.min(dim=1).values.quantile(0.95).clamp_min(1e-6))
        judged = cls(encoder=training.encoder, features=features, low=low, high=high, gap=gap, near=near, limit=float("inf"))
        return cls(encoder=training.encoder, features=features, low=low, high=high, gap=gap, near=near, limit=_STRETCH * judged._outermost())

    def score(self, design: Tensor) -> Tensor:
        """`n`, about 1 among the training rows and growing outside.

        The distance to the nearest training row, in units of the distance between neighbours, plus what lies beyond each
        feature's range, in units of that feature's spacing.
        """
        features = self.encoder.features(design)
        return torch.cat([self._of(block) for block in features.split(2048)]) if len(features) else features.new_zeros(0)

    def _of(self, features: Tensor) -> Tensor:
        nearest = torch.cdist(self._scaled(features), self._scaled(self.features)).min(dim=1).values / self.near
        beyond = ((self.low - features).clamp_min(0) + (features - self.high).clamp_min(0)) / self.gap
        return nearest + beyond.sum(dim=1)

    def refuses(self, design: Tensor) -> Tensor:
        """`n`: True where the design lies too far out to be promised anything."""
        return ~(self.score(design) <= self.limit)  # a design that is no number is no known one

    def _scaled(self, features: Tensor) -> Tensor:
        span = self.high - self.low
        return features / torch.where(span > 0, span, 1.0)

    def _outermost(self) -> float:
        """The largest score of a training row when that row is left out; of a row or two far from all others, what they would have
        near the others: one stray experiment does not vouch for all that lies between."""
        scaled = self._scaled(self.features)
        apart = torch.cdist(scaled, scaled).fill_diagonal_(torch.inf)
        ordered = self.features.sort(dim=0).values
        second = torch.where(self.features == self.high, ordered[-2], self.high), torch.where(self.features == self.low, ordered[1], self.low)
        beyond = ((self.features - second[0]).clamp_min(0) + (second[1] - self.features).clamp_min(0)) / self.gap
        left_out = apart.min(dim=1).values / self.near + beyond.sum(dim=1)
        return float(torch.minimum(left_out.quantile(0.99), _STRAY * left_out.quantile(0.9)))


def out_of_range(world: WorldModel, design: Tensor) -> Tensor:
    """`n`: how far designs lie outside what a world model has learned from; compare with `world.range.limit`."""
    return world.range.score(design)


def trust_horizon(told: Belief, training: Training) -> dict[str, float]:
    """Observable → the last time until which held-out forecasts are good; nan where not even the first is.

    Good: at every time until then the error is below half of the observable's sd, and at least 80 % of the readings lie within
    their 90 % intervals.

    Args:
        told: of each training row without its own intervention.
    """
    error = (training.as_read - told.mean) / training.scale
    read = torch.isfinite(training.as_read).any(dim=0)
    silent = (torch.isfinite(training.as_read) & ~torch.isfinite(error)).any(dim=0)
    nrmse = torch.where(silent, torch.inf, error.square().nanmean(dim=0).sqrt())
    inside = ((training.values - told.mean).abs() <= Z90 * told.variance("reading").sqrt()).double()
    coverage = torch.where(torch.isfinite(training.as_read), inside, torch.nan).nanmean(dim=0)
    good = ((nrmse < WORST_NRMSE) & (coverage >= LEAST_COVERAGE)) | ~read
    horizons = {}
    for y, name in enumerate(training.variables):
        until = int(good[:, y].long().cumprod(dim=0).sum())
        horizons[name] = float(training.times_h[until - 1]) if until else float("nan")
    return horizons
