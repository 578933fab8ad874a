"""By how much the next intervals are stretched: what stored predictions got wrong, upon what refits inside the data get wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from world_model.scores import Z90

from .foretold import Foretold, by_condition

PRIOR_CONDITIONS = 6.0  # what the prior at 1 counts for
MOST_OF_A_ROUND = 6.0  # conditions that a round counts for at most: those of one batch lie close together and err together
FORGOTTEN = 0.5  # weight of a round beside the one after it: a model that has learned since is another one
LARGEST_Z = 4.0  # an error beyond counts as this: one wild well says that it is wild
MOST = 4.0


@dataclass(frozen=True)
class Inside:
    """The root mean square of standardised errors inside the data, of predictions by refits; `conditions` that it counts for."""

    spread: float = 1.0
    conditions: float = PRIOR_CONDITIONS
    why: str = ""


@dataclass(frozen=True)
class Stretch:
    """`factor` multiplies the model's own sd; 1 where nothing speaks against them. `why` is empty there."""

    factor: float = 1.0
    why: str = ""


def stretch_of(told: Sequence[Foretold], *, inside: Inside | None = None) -> Stretch:
    """The factor that past errors ask for.

    The scale of standardised errors has a scaled inverse chi-squared prior, from `inside` (else at 1), and each past round's
    errors update it; later rounds count more. The 90 % of the Student distribution that follows replaces the normal one's, so that a
    scale that few errors tell is used with doubt. Intervals are never made narrower than the model's own.

    Args:
        told: of one goal.

    Source: conjugate scale of a normal, Gelman et al., Bayesian Data Analysis (3rd ed.), sec. 2.6. Correction by what was missed
        before, without any assumption on how the points were chosen: Gibbs & Candès (2021), adaptive conformal inference; why
        a planner's own points need it: Fannjiang et al. (2022), PNAS 119:e2204569119, feedback covariate shift.
    """
    prior = inside or Inside()
    squares, weight = prior.conditions * prior.spread**2, prior.conditions
    newest = max((one.round for one in told), default=0)
    rounds: dict[int, list[float]] = {}
    for (number, _), wells in by_condition(told).items():
        rounds.setdefault(number, []).append(float(np.mean([min(abs(one.z_of_model), LARGEST_Z) ** 2 for one in wells])))
    seen = 0
    for number, missed in rounds.items():
        share = FORGOTTEN ** _later(rounds, number, newest) * min(1.0, MOST_OF_A_ROUND / len(missed))
        squares, weight, seen = squares + share * sum(missed), weight + share * len(missed), seen + len(missed)
    scale = math.sqrt(squares / weight)
    if scale <= 1.0:
        return Stretch()
    factor = min(scale * float(student.ppf(0.95, weight)) / Z90, MOST)
    parts = [f"{seen} stored predictions that have met results"] if seen else []
    parts += [prior.why] if prior.why and prior.spread > 1 else []
    return Stretch(factor=factor, why=f"Intervals are {factor:.2g} times as wide as the model's own, for {' and '.join(parts)} erred by {scale:.2g} times as much.")


def _later(rounds: dict[int, list[float]], number: int, newest: int) -> float:
    """How many rounds' worth of conditions came after a round: single experiments are forgotten as slowly as batches."""
    after = sum(min(len(missed), MOST_OF_A_ROUND) for other, missed in rounds.items() if number < other <= newest)
    return after / MOST_OF_A_ROUND
