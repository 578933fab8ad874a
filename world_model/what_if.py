"""What if: one experiment under way, several plans for the rest of it, compared under the same hypotheses and the same noise.

Pearl's three steps (Causality, 2009, section 1.4.4): *abduction*, the belief about the world and about this very well is updated by
what was read; *action*, each plan replaces the acts that are still to come; *prediction*, the trajectories that follow. Common
random numbers take what the plans share out of their difference (Law & Kelton, Simulation Modeling and Analysis, section 11.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .contract import Of
from .filter import Method
from .fit import WorldModel
from .readouts import read_out
from .scores import Z90
from .simulate_from import branches
from .state import History
from .terms.errors import DesignError
from .terms.goals import Goal
from .terms.space import Settings

AS_PLANNED = "as planned"
EXPLORATION = "exploration: not certified, a simulator result to think with and no claim about the experiment"


@dataclass(frozen=True)
class Told:
    """Numbers by plan, `p` each: mean and central 90 % of the draws."""

    mean: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, drawn: Tensor) -> Told:
        """Of draws `s x p`."""
        low, high = torch.quantile(drawn, torch.tensor([0.05, 0.95], dtype=drawn.dtype), dim=0)
        return cls(mean=drawn.mean(dim=0), low=low, high=high)


@dataclass(frozen=True)
class WhatIf:
    """The answer.

    Attributes:
        plans: `p` names; the first is what the others are compared with.
        settings: `p`, every factor of each plan.
        times_h: `t`.
        variables: `y` names.
        values: `s x p x t x y`; draw i is one hypothesis for all plans.
        history: what was read until now.
        goal: what the readouts are of; None where none was asked for.
        readouts: `s x p`, the goal's readout; `s x p` zeros without a goal.
        leak: `p`, what the model believes that a plan changes before it acts, at most, in sd of a reading: an error of the model's
            own that was taken out of `values`. Above `Z90` the plan's effect deserves doubt.
        out_of_range: `p`, True where a plan lies too far from anything the model has learned to be promised anything.
        n_effective: of how many equally good hypotheses the draws consist.
        claim: what may be said on these numbers.
    """

    plans: tuple[str, ...]
    settings: tuple[dict[str, float | str], ...]
    times_h: Tensor
    variables: tuple[str, ...]
    values: Tensor
    history: History
    goal: Goal | None
    readouts: Tensor
    leak: Tensor
    out_of_range: Tensor
    n_effective: float
    claim: str

    @property
    def told(self) -> Told:
        """Each plan's readout."""
        return Told.of(self.readouts)

    @property
    def differences(self) -> Told:
        """Each plan's readout less the first plan's, draw by draw."""
        return Told.of(self.readouts - self.readouts[:, :1])

    @property
    def best(self) -> Tensor:
        """`p`: the share of hypotheses under which a plan is the best; plans that tie share it."""
        turned = self.readouts if self.goal is None else self.goal.score(self.readouts)
        wins = (turned == turned.amax(dim=1, keepdim=True)).double()
        return (wins / wins.sum(dim=1, keepdim=True)).mean(dim=0)

    @property
    def ranking(self) -> tuple[str, ...]:
        """Plans by their mean readout, best first."""
        means = self.readouts.mean(dim=0)
        order = torch.argsort(means if self.goal is None else self.goal.score(means), descending=True, stable=True)
        return tuple(self.plans[i] for i in order.tolist())

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences about plans whose effect deserves doubt."""
        early = [
            f"{name}: the model believes that it changes readings by {leak:.1f} sd before it acts; it has not learned when acts act, so take its effect with doubt."
            for name, leak in zip(self.plans, self.leak.tolist(), strict=True) if leak > Z90
        ]  # fmt: skip
        far = [f"{name}: lies outside of what the model has learned; nothing is promised." for name, is_far in zip(self.plans, self.out_of_range.tolist(), strict=True) if is_far]
        return (*far, *early)

    def difference(self, plan: str, other: str) -> Tensor:
        """`s x t x y`: trajectories of one plan less another's, draw by draw."""
        return self.values[:, self.plans.index(plan)] - self.values[:, self.plans.index(other)]


def what_if(
    world: WorldModel, history: History, plans: Mapping[str, Settings], *, n: int, seed: int, claim: str, goal: Goal | None = None,
    of: Of = "state", method: Method = "weights",
) -> WhatIf:  # fmt: skip
    """Compare plans for the rest of an experiment. What was planned so far stands first, as `as planned`.

    Args:
        plans: name → all factors, or those that change. Only what acts after now can.
        claim: what may be said on the answer: `EXPLORATION`, or what a certificate allows (`runs.verbs.what_if` asks for one).
        goal: what the plans are ranked by.
        of: `state`, or `reading` with the reader's noise (the same for all plans).

    Raises:
        DesignError: no plan, a plan named as the first one, one that changes the past, or one outside the space.
        ResultsError: as `filter`.
    """
    if not plans or AS_PLANNED in plans:
        found = "none" if not plans else f"one named {AS_PLANNED!r}, which is the name of what the experiment does so far"
        raise DesignError(f"Expected at least one plan with a name of its own, found {found}.")
    if not claim.strip():
        raise DesignError("Expected a claim that says what may be said on the answer, found none. Take claim='exploration', or certify the model.")
    whole = {AS_PLANNED: dict(history.settings), **{name: {**history.settings, **plan} for name, plan in plans.items()}}
    told = branches(world, history, whole, n=n, seed=seed, of=of, method=method)
    if goal is None:
        readouts = torch.zeros(told.values.shape[:2], dtype=torch.double)
    else:
        readouts = read_out(goal, told.values, times_h=world.times_h, variables=world.variables)
    return WhatIf(
        plans=tuple(whole), settings=tuple(whole.values()), times_h=world.times_h, variables=world.variables, values=told.values, history=history,
        goal=goal, readouts=readouts, leak=told.leak, out_of_range=world.range.refuses(world.encoder.design_of(list(whole.values()))),
        n_effective=told.n_effective, claim=EXPLORATION if claim == "exploration" else claim,
    )  # fmt: skip
