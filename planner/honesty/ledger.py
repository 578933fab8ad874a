"""The ledger: coverage, CRPS and bias of the stored predictions, by round and overall, and what they say of the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from .foretold import FEWEST_IN_SPAN, Foretold, by_condition, spans

Standing = Literal["too few", "honest", "too sure", "too wide", "drifting"]
PROMISED = 0.9
SURELY = 0.01  # a share that chance gives once in 100
DRIFTS = 3.29  # standard errors of a common error that chance exceeds once in 1,000


@dataclass(frozen=True, kw_only=True)
class Score:
    """What became of the predictions of one round (`round` None: of all).

    Attributes:
        results: wells; `conditions` distinct candidates.
        within: results within their 90 % interval.
        crps: mean continuous ranked probability score, in the readout's unit; smaller is better.
        bias: mean of read minus predicted, in the readout's unit.
        spread: root mean square error in predicted sd: 1 is honest, 2 means sd of half the size that they should have.
        stretch: mean factor that the model's own sd were multiplied by.
    """

    round: int | None
    results: int
    conditions: int
    within: int
    crps: float
    bias: float
    spread: float
    stretch: float

    @property
    def coverage(self) -> float:
        """Share of the results within their 90 % interval; nan of none."""
        return self.within / self.results if self.results else float("nan")


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All scores of one goal, and what the latest span of rounds says."""

    goal: str
    rounds: tuple[Score, ...]
    total: Score
    standing: Standing
    why: str

    @property
    def miscalibrated(self) -> bool:
        """True where results and predictions disagree by more than chance."""
        return self.standing in ("too sure", "drifting")


def ledger_of(goal: str, told: Sequence[Foretold]) -> Ledger:
    """The ledger of one goal's predictions.

    A verdict needs `FEWEST_IN_SPAN` conditions. Wells of one condition count together, each condition by the share of its wells
    within: they are not independent. Neither are the conditions of one plate, so that chance is allowed much (once in 100).
    """
    own = [one for one in told if one.goal == goal]
    numbers = sorted({one.round for one in own})
    rounds = tuple(score([one for one in own if one.round == number], round=number) for number in numbers)
    standing, why = _judged(own)
    return Ledger(goal=goal, rounds=rounds, total=score(own, round=None), standing=standing, why=why)


def score(told: Sequence[Foretold], *, round: int | None) -> Score:
    """The scores of some predictions; nan where there are none."""
    if not told:
        nan = float("nan")
        return Score(round=round, results=0, conditions=0, within=0, crps=nan, bias=nan, spread=nan, stretch=nan)
    mean, sd, read = (np.array([getattr(one, name) for one in told], dtype=float) for name in ("mean", "sd", "read"))
    z = np.array([one.z for one in told])
    return Score(
        round=round, results=len(told), conditions=len(by_condition(told)), within=sum(one.within for one in told),
        crps=float(crps(mean, sd, read).mean()), bias=float((read - mean).mean()), spread=float(np.sqrt((z**2).mean())),
        stretch=float(np.mean([one.stretch for one in told])),
    )  # fmt: skip


def crps(mean: np.ndarray, sd: np.ndarray, read: np.ndarray) -> np.ndarray:
    """`n`: continuous ranked probability score of normal predictions; of a sure one the absolute error.

    Source: Gneiting & Raftery (2007), J. Am. Stat. Assoc. 102:359, eq. 21 (sign turned); here without torch, for `status` shows it.
    """
    wide = np.maximum(sd, 1e-300)
    z = (read - mean) / wide
    density = np.exp(-0.5 * np.square(z)) / math.sqrt(2 * math.pi)
    return np.where(sd > 0, wide * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi)), np.abs(read - mean))


def failed(span: Sequence[Foretold]) -> bool:
    """True where so few conditions of a span lie within their 90 % that chance gives it less than once in 100."""
    shares = [np.mean([one.within for one in wells]) for wells in by_condition(span).values()]
    return float(binom.cdf(math.floor(sum(shares) + 0.5), len(shares), PROMISED)) < SURELY


def common_error(span: Sequence[Foretold]) -> float:
    """The mean error of a span's conditions in told sd, in standard errors of it."""
    z = np.array([np.clip(np.mean([one.z for one in wells]), -10, 10) for wells in by_condition(span).values()])
    # an honest condition's error has an sd of 1: where all err alike the sample's own spread would make too much of it
    return float(z.mean() * math.sqrt(len(z)) / max(1.0, float(z.std(ddof=1)) if len(z) > 1 else 1.0))


def _judged(told: Sequence[Foretold]) -> tuple[Standing, str]:
    parts = spans(told)
    if not parts:
        count = len(by_condition(told))
        return "too few", f"{count} of the {FEWEST_IN_SPAN} conditions that a verdict needs have met their results."
    last = parts[-1]
    now = score(last, round=None)
    rounds = sorted({one.round for one in last})
    where = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {rounds[0]} to {rounds[-1]}"
    share = f"{now.within} of {now.results} results of {where} lie within their 90 % interval"
    ways = [common_error(span) for span in parts[-2:]]
    if len(ways) == 2 and min(abs(way) for way in ways) > DRIFTS and ways[0] * ways[1] > 0:
        side = "above" if ways[1] > 0 else "below"
        return "drifting", f"Results lie {side} what was predicted, in {where} as before ({now.bias:+.3g} on average); {share}."
    if failed(last):
        return "too sure", f"Only {share}: errors are {now.spread:.1f} times as large as they were said to be."
    shares = [np.mean([one.within for one in wells]) for part in parts[-2:] for wells in by_condition(part).values()]
    if now.spread < 0.5 and float(binom.sf(math.ceil(sum(shares) - 0.5) - 1, len(shares), PROMISED)) < 0.05:
        return "too wide", f"{share[0].upper()}{share[1:]}, and errors are {now.spread:.1f} times as large as they were said to be."
    return "honest", f"{share[0].upper()}{share[1:]}, no fewer than chance allows."
