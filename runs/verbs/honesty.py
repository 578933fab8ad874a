"""Was it right? The ledger of stored predictions, as a frame and in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..report.numbers import percent
from ..state.campaign_state import CampaignState
from ..state.dataset import dataset
from ..state.foretold import foretold, ledgers

if TYPE_CHECKING:
    import pandas as pd

    from planner.honesty.exploring import Exploring
    from planner.honesty.foretold import Foretold
    from planner.honesty.ledger import Ledger
    from planner.honesty.stretch import Stretch


@dataclass(frozen=True, kw_only=True)
class Honesty:
    """How the predictions of a campaign fared, and what the next batch will be told for it.

    Attributes:
        ledgers: one a goal: coverage, CRPS, bias and spread by round and overall, and a verdict.
        stretches: one a goal: by how much the next intervals will be wider than the model's own.
        exploring: whether a part of the next batch will fill space.
        predictions: every stored prediction beside its result.
    """

    ledgers: tuple[Ledger, ...]
    stretches: tuple[Stretch, ...]
    exploring: Exploring
    predictions: tuple[Foretold, ...]

    @property
    def lines(self) -> list[str]:
        """What people read; nothing before a prediction has met its result."""
        told = []
        for ledger, stretch in zip(self.ledgers, self.stretches, strict=True):
            if not ledger.total.results:
                continue
            by_round = ", ".join(f"R{one.round:02d} {one.within}/{one.results}" for one in ledger.rounds[-8:])
            of = f" of {ledger.goal}" if len(self.ledgers) > 1 else ""
            told.append(f"predictions{of}: {ledger.total.within} of {ledger.total.results} within their 90 % ({percent(ledger.total.coverage)}; {by_round}); {ledger.standing}")
            told += [ledger.why] if ledger.standing not in ("honest", "too few") else []
            told += [stretch.why] if stretch.why else []
        return [*told, *([f"A part of the next batch explores. {self.exploring.why}"] if self.exploring.why else [])]

    def __str__(self) -> str:
        return "\n".join(self.lines) or "No prediction has met its result yet."

    def frame(self) -> pd.DataFrame:
        """One row a goal and round, and one a goal for all of them (`round` is `all`)."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "goal": ledger.goal, "round": "all" if one.round is None else one.round, "results": one.results, "within": one.within, "coverage": one.coverage,
                    "crps": one.crps, "bias": one.bias, "spread": one.spread, "stretch": one.stretch,
                }
                for ledger in self.ledgers for one in (*ledger.rounds, ledger.total) if one.results
            ],
            columns=["goal", "round", "results", "within", "coverage", "crps", "bias", "spread", "stretch"],
        )  # fmt: skip


def honesty(state: CampaignState) -> Honesty:
    """The ledger of a campaign; nothing is refitted."""
    from planner.honesty.exploring import exploring_of
    from planner.honesty.stretch import stretch_of

    told = foretold(state, dataset(state))
    of = {str(goal): [one for one in told if one.goal == str(goal)] for goal in state.charter.goals}
    return Honesty(
        ledgers=ledgers(state, told), stretches=tuple(stretch_of(of[str(goal)]) for goal in state.charter.goals),
        exploring=exploring_of(of[str(state.charter.goals[0])]), predictions=told,
    )  # fmt: skip


__all__ = ["Honesty", "honesty"]
