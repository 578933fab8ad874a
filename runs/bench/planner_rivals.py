"""Those who choose rows in a back-test: nextwell through its public door, chance, distance, and two plain models on BoTorch.

Each is told which rows were measured and what they gave (bigger is better), and names rows that were not measured yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol
from warnings import catch_warnings

import numpy as np

from world_model.terms.errors import NextwellError, nearest

from .planner_problem import Problem

ALWAYS = ("random", "space-filling")  # run along in every back-test
BLOCK = 2048  # candidates that are scored at once


class Rival(Protocol):
    """A planner of rows. `observe` is called with what it proposed, and once before with the initial rows."""

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None: ...

    def propose(self, n: int) -> Sequence[int]:
        """`n` distinct rows that were not observed."""


class Told:
    """What a rival knows: the problem without its answers, and the rows that were read."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem, self.seed = problem, seed
        self.rows: list[int] = []
        self.y: list[float] = []

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        self.rows += map(int, rows)
        self.y += map(float, y)

    @property
    def free(self) -> np.ndarray:
        """Rows that were not observed, in order."""
        left = np.ones(len(self.problem), dtype=bool)
        left[self.rows] = False
        return np.flatnonzero(left)


class Chance(Told):
    """Rows at random."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        self._rng = np.random.default_rng(seed + 10_000)

    def propose(self, n: int) -> Sequence[int]:
        return [int(row) for row in self._rng.choice(self.free, n, replace=False)]


class Distance(Told):
    """The row that is farthest from every measured one, again and again: it never looks at an answer.

    Source: farthest-point design, Kennard & Stone (1969).
    """

    def propose(self, n: int) -> Sequence[int]:
        unit = self.problem.unit
        gap = np.full(len(unit), np.inf)
        for row in self.rows:
            gap = np.minimum(gap, np.square(unit - unit[row]).sum(axis=1))
        gap[self.rows] = -1.0
        chosen: list[int] = []
        while len(chosen) < n:
            chosen.append(int(gap.argmax()))
            gap = np.minimum(gap, np.square(unit - unit[chosen[-1]]).sum(axis=1))
            gap[chosen] = -1.0
        return chosen


class PlainBoTorch(Told):
    """BoTorch's defaults: `SingleTaskGP`, `qLogExpectedImprovement`, `optimize_acqf_discrete`."""

    def propose(self, n: int) -> Sequence[int]:
        import torch
        from botorch.acquisition import qLogExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.optim import optimize_acqf_discrete
        from botorch.utils.sampling import manual_seed
        from gpytorch.mlls import ExactMarginalLogLikelihood

        with manual_seed(self.seed * 1_000 + len(self.rows)):
            unit = torch.as_tensor(self.problem.unit, dtype=torch.double)
            y = torch.tensor(self.y, dtype=torch.double).unsqueeze(-1)
            model = SingleTaskGP(unit[self.rows], y)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            acquisition = qLogExpectedImprovement(model, best_f=y.max())
            points, _ = optimize_acqf_discrete(acquisition, q=n, choices=unit[self.free], max_batch_size=BLOCK, unique=True)
        chosen: list[int] = []
        for point in points:
            # levels with the same descriptors share a point: any of their rows is as good
            same = torch.nonzero((unit == point).all(dim=-1)).flatten().tolist()
            chosen.append(next(row for row in same if row not in chosen and row not in self.rows))
        return chosen


class Edbo(Told):
    """The settings of EDBO (Shields et al., Nature 590, 89, 2021) on BoTorch: a Matérn-5/2 GP with one length scale a feature and the
    paper's gamma priors for the kind of space, expected improvement with a jitter, and for batches its Kriging believer."""

    def propose(self, n: int) -> Sequence[int]:
        import torch
        from botorch.acquisition import ExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.models.transforms import Standardize
        from gpytorch.kernels import MaternKernel, ScaleKernel
        from gpytorch.likelihoods import GaussianLikelihood
        from gpytorch.mlls import ExactMarginalLogLikelihood
        from gpytorch.priors import GammaPrior

        unit = torch.as_tensor(self.problem.unit, dtype=torch.double)
        length, output, noise = self._priors()
        kernel = ScaleKernel(
            MaternKernel(nu=2.5, ard_num_dims=unit.shape[1], lengthscale_prior=GammaPrior(*length[:2])), outputscale_prior=GammaPrior(*output[:2])
        )
        kernel.base_kernel.lengthscale, kernel.outputscale = length[2], output[2]
        likelihood = GaussianLikelihood(noise_prior=GammaPrior(*noise[:2]))
        likelihood.noise = noise[2]
        told = torch.tensor(self.y, dtype=torch.double).unsqueeze(-1)
        model = SingleTaskGP(unit[self.rows], told, covar_module=kernel, likelihood=likelihood, outcome_transform=Standardize(1))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        best, jitter = float(told.max()), 0.01 * float(np.std(self.y) or 1.0)
        free, chosen = self.free, []
        for _ in range(n):
            with catch_warnings(action="ignore"):
                # BoTorch advises its logarithm, which EDBO did not have
                acquisition = ExpectedImprovement(model, best_f=best + jitter)
            with torch.no_grad():
                value = torch.cat([acquisition(block.unsqueeze(-2)) for block in torch.split(unit[free], 10 * BLOCK)])
                row = int(free[int(value.argmax())])
                believed = model.posterior(unit[[row]]).mean
            chosen.append(row)
            if len(chosen) < n:
                # the same hyper-parameters and scale, with the model's own prediction as one more reading
                turned = (torch.cat([told, believed]) - model.outcome_transform.means) / model.outcome_transform.stdvs
                told = torch.cat([told, believed])
                model.set_train_data(unit[[*self.rows, *chosen]], turned.squeeze(-1), strict=False)
                model.eval()
                best, free = max(best, float(believed)), free[free != row]
        return chosen

    def _priors(self) -> tuple[tuple[float, float, float], ...]:
        """Length scale, output scale and noise: the gamma prior's two parameters and where the fit starts."""
        width = self.problem.unit.shape[1]
        if width < 5:
            return (1.2, 1.1, 0.2), (5.0, 0.5, 8.0), (1.05, 0.5, 0.1)
        if self.problem.descriptors and width < 100:
            return (2.0, 0.2, 5.0), (5.0, 0.5, 8.0), (1.5, 0.1, 5.0)
        if self.problem.descriptors:
            return (2.0, 0.1, 10.0), (2.0, 0.1, 10.0), (1.5, 0.1, 5.0)
        return (3.0, 1.0, 2.0), (5.0, 0.2, 20.0), (1.5, 0.1, 5.0)


class Nextwell(Told):
    """nextwell as a notebook uses it: the table as candidates, descriptors where the problem has them, its defaults."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        import nextwell as nw

        space = nw.SearchSpace.from_table(problem.table, descriptors=problem.descriptors)
        goal = nw.Goal(**{"readout": problem.target, "direction": problem.direction, **problem.goal})
        self._sign = 1.0 if problem.direction == "max" else -1.0
        self._campaign = nw.Campaign(space=space, goals=[goal], seed=seed)

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        super().observe(rows, y)
        self._campaign.record(self.problem.table.iloc[list(rows)].assign(candidate=list(map(int, rows)), **{self.problem.target: self._sign * y}))

    def propose(self, n: int) -> Sequence[int]:
        return [int(row) for row in self._campaign.propose(n)["candidate"]]


OWN: dict[str, Callable[[Problem, int], Rival]] = {
    "nextwell": Nextwell, "random": Chance, "space-filling": Distance, "botorch": PlainBoTorch, "edbo": Edbo,
}  # fmt: skip
PEERS = {"baybe": "planner_baybe", "ax": "planner_ax", "bofire": "planner_bofire"}
PACKAGES = {"baybe": "baybe", "ax": "ax", "bofire": "bofire"}


def open_rival(name: str, problem: Problem, seed: int) -> Rival:
    """A rival at the start of one run."""
    if name in OWN:
        return OWN[name](problem, seed)
    factory: Callable[[Problem, int], Rival] = import_module(f".{PEERS[name]}", __package__).Peer
    return factory(problem, seed)


def rivals_that_run(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The planners of a run, nextwell first and chance always among them; and who was asked for and is not installed.

    Raises:
        NextwellError: an unknown name.
    """
    for name in names:
        if name not in OWN and name not in PEERS:
            raise NextwellError(f"Expected planners to compare with, found {name!r}. {nearest(name, [*OWN, *PEERS])}")
    asked = list(dict.fromkeys(["nextwell", *ALWAYS, *names]))
    absent = [name for name in asked if name in PEERS and find_spec(PACKAGES[name]) is None]
    return [name for name in asked if name not in absent], [f"{name} is not installed here, and is left out" for name in absent]
