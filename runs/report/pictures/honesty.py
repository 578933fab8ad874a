"""Calibration by round: the share of results within what was promised, and promised against found for every share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from scipy.stats import binom

from planner.honesty.foretold import Foretold, by_condition, spans
from planner.honesty.ledger import PROMISED, Ledger
from world_model.terms.goals import Goal

from ...state.charter import Charter
from ..numbers import percent, readout_name
from .picture import Picture
from .style import BLUE, GREY, ORANGE, PALE, SKY, WIDTH_IN, canvas, styled

SHARES = tuple(k / 20 for k in range(1, 20))


def draw_honesty(ledger: Ledger, told: Sequence[Foretold], goal: Goal, charter: Charter, *, name: str) -> Picture | None:
    """None before a prediction has met its result.

    Args:
        told: the stored predictions of this goal with their results.
    """
    if not ledger.rounds:
        return None
    with styled():
        figure = canvas(3.5, width_in=WIDTH_IN)
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
        rounds = [one.round for one in ledger.rounds]
        counts = [len(by_condition([each for each in told if each.round == number])) for number in rounds]
        low, high = (np.array([binom.ppf(share, n, PROMISED) / n for n in counts]) for share in (0.05, 0.95))
        edges = np.arange(len(rounds))
        left.bar(edges, 100 * (high - low), bottom=100 * low, width=0.7, color=PALE, alpha=0.6, linewidth=0, label="what honest intervals give by chance")
        left.axhline(100 * PROMISED, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        model = [_share([each for each in told if each.round == number], of_model=True) for number in rounds]
        as_told = [one.coverage for one in ledger.rounds]
        if any(abs(one.stretch - 1) > 1e-9 for one in ledger.rounds):
            left.plot(edges, [100 * share for share in model], "o--", color=SKY, markersize=4.5, linewidth=1.2, label="by the model's own intervals")
        left.plot(edges, [100 * share for share in as_told], "o-", color=BLUE, markersize=5.5, label="as promised")
        step = math.ceil(len(rounds) / 20)
        left.set_xticks(edges[::step], [str(number) for number in rounds[::step]])
        left.set_xlabel("round")
        left.set_ylabel("results within 90 % (%)")
        left.set_ylim(-3, 103)
        left.set_title("Coverage by round")
        left.legend(loc="lower right", fontsize=8.5)
        right.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        parts = spans(told)
        drawn = [("all rounds", list(told), BLUE)]
        if len(parts) > 1:
            drawn += [(_label(parts[0]), list(parts[0]), ORANGE), (_label(parts[-1]), list(parts[-1]), SKY)]
        for label, part, colour in drawn:
            right.plot([100 * share for share in SHARES], [100 * _found(part, share) for share in SHARES], color=colour, label=label)
        right.set_xlim(0, 100)
        right.set_ylim(0, 100)
        right.set_aspect("equal")
        right.set_xlabel("promised (%)")
        right.set_ylabel("found within (%)")
        right.set_title("Promised and found")
        right.legend(loc="upper left", fontsize=8.5)
        return Picture(
            name=name, title="Were the predictions honest?", figure=figure,
            caption=f"Stored predictions of {readout_name(goal, charter)} against the results that came. Right: for each central share of the predicted distribution, how many "
            "results lie in it; under the line the planner was too sure, over it too careful.",
            alt=f"{ledger.total.within} of {ledger.total.results} results ({percent(ledger.total.coverage)}) within their 90 %; verdict: {ledger.standing}",
        )  # fmt: skip


def _share(told: Sequence[Foretold], *, of_model: bool) -> float:
    wide = NormalDist().inv_cdf(0.5 + PROMISED / 2)
    return float(np.mean([abs(one.z_of_model if of_model else one.z) <= wide for one in told]))


def _found(told: Sequence[Foretold], share: float) -> float:
    """How many results lie in the central share of their predicted distributions."""
    wide = NormalDist().inv_cdf(0.5 + share / 2)
    return float(np.mean([abs(one.z) <= wide for one in told]))


def _label(span: Sequence[Foretold]) -> str:
    rounds = sorted({one.round for one in span})
    return f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {rounds[0]}–{rounds[-1]}"
