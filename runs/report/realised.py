"""Asked and realised: what pipetting made of the amounts that were proposed, factor by factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..state.campaign_state import CampaignState
from .numbers import short
from .tables import Table


@dataclass(frozen=True)
class Amount:
    """One factor of one experiment: asked, and as the compiled protocol makes it."""

    experiment: str
    asked: float
    realised: float

    @property
    def gap(self) -> float:
        """Relative; 0 where nothing was asked and nothing is made."""
        return self.realised / self.asked - 1 if self.asked else 0.0


def amounts_by_factor(state: CampaignState) -> dict[str, tuple[Amount, ...]]:
    """Every numeric amount above zero of every compiled round; times of addition too."""
    found: dict[str, list[Amount]] = {}
    for opened in state.rounds:
        if opened.compiled is None:
            continue
        for experiment in opened.experiments:
            for name, asked in experiment.settings.items():
                made = opened.compiled.planned.get(experiment.id, {}).get(name)
                if isinstance(asked, int | float) and isinstance(made, int | float) and asked > 0:
                    found.setdefault(name, []).append(Amount(experiment.id, float(asked), float(made)))
    return {name: tuple(amounts) for name, amounts in found.items()}


def realised_table(amounts: Mapping[str, tuple[Amount, ...]], units: Mapping[str, str]) -> Table | None:
    """One row a factor; None where nothing was compiled."""
    rows = []
    for name, told in amounts.items():
        gaps = np.abs([amount.gap for amount in told])
        worst = told[int(gaps.argmax())]
        unit = units.get(name, "")
        rows.append(
            (
                name, str(len(told)), f"{100 * float(np.median(gaps)):.2g} %", f"{100 * float(gaps.max()):.2g} %",
                f"{worst.experiment}: {short(worst.asked)} {unit} asked, {short(worst.realised)} {unit} made" if gaps.max() > 0 else "",
            )
        )  # fmt: skip
    header = ("factor", "amounts", "median gap", "largest gap", "where")
    return Table(header=header, rows=tuple(rows), numeric=frozenset({1, 2, 3}), wide=frozenset({4})) if rows else None
