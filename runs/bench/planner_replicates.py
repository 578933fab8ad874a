"""Replicate allocation against fixed counts: noisy landscapes, equal budgets of wells, and how good the recommended point truly is.

Every arm starts with the same space-filling candidates of a seed, meets the same noise at the same point, believes the same of noise,
and recommends in the end the measured point with the best posterior mean. What counts is that point's true value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from planner.propose import propose
from world_model.fit import fit_world_model
from world_model.terms.campaign_doc import Batch
from world_model.terms.goals import Goal, Measurement
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.readings import Dataset, Noise
from world_model.terms.space import SearchSpace

ROWS = 400  # candidates of a landscape
WAVES = 256  # random Fourier features of a Gaussian-process draw
_GOAL = Goal(readout="y")
AUTO = "auto"


@dataclass(frozen=True)
class Landscape:
    """A table of candidates with their true values; `noise_sd` is of one reading."""

    name: str
    space: SearchSpace
    truth: np.ndarray
    noise_sd: float

    @property
    def span(self) -> float:
        return float(self.truth.max() - self.truth.min())


def landscape(name: str, *, seed: int, noise: float) -> Landscape:
    """Branin, Hartmann in 3 or 6 dimensions, or a draw of a Gaussian process (another one a seed), at `ROWS` scrambled Sobol points.

    Args:
        noise: sd of one reading, as a share of the range of true values.
    """
    from botorch.test_functions import Branin, Hartmann
    from botorch.utils.sampling import draw_sobol_samples

    dims = {"branin": 2, "hartmann 3": 3, "hartmann 6": 6, "gp draw": 3}[name]
    unit = draw_sobol_samples(torch.tensor([[0.0] * dims, [1.0] * dims], dtype=torch.double), n=ROWS, q=1, seed=seed).squeeze(1)
    if name == "gp draw":
        rng = np.random.default_rng(10_000 + seed)
        waves, phase, weight = rng.normal(size=(dims, WAVES)) / 0.35, rng.uniform(0, 2 * np.pi, WAVES), rng.normal(size=WAVES)
        truth = np.cos(unit.numpy() @ waves + phase) @ weight * (2 / WAVES) ** 0.5
    else:
        problem = Branin(negate=True) if name == "branin" else Hartmann(dims, negate=True)
        low, high = problem.bounds
        truth = problem(low + unit * (high - low)).numpy()
    table = pd.DataFrame(unit.numpy(), columns=[f"x{i + 1}" for i in range(dims)])
    return Landscape(name=name, space=SearchSpace.from_table(table), truth=truth, noise_sd=noise * float(truth.max() - truth.min()))


@dataclass(frozen=True)
class Ended:
    """Where one campaign ended: `regret` of the recommended point as a share of the range, the wells used, and the distinct points read."""

    regret: float
    wells: int
    points: int


def campaign(field: Landscape, arm: int | str, *, seed: int, budget: int, batch: int, noise: Noise = "unknown") -> Ended:
    """One campaign of `budget` wells in rounds of `batch`; `arm` is a fixed number of wells a candidate, or `auto`.

    A fixed count that does not divide the batch takes the nearest whole number of candidates a round.

    Args:
        noise: what the planner of a fixed count believes of readings. What is recommended in the end is always told by a model that
            expects noise.
    """
    each = 1 if arm == AUTO else int(arm)
    rows: list[int] = []
    read: list[float] = []
    rounds = 0
    previous: Mapping[str, object] | None = None
    while len(rows) + each <= budget:
        wells = min(batch, budget - len(rows))
        n = wells if arm == AUTO else max(min(round(batch / each), (budget - len(rows)) // each), 1)
        told = propose(
            space=field.space, goals=[_GOAL], measurements=[Measurement(name="y")], data=_data(field, rows, read, noise=noise), pending=[], batch=Batch(replicates=arm, candidates=n),
            controls=[], round=rounds + 1, n=n, seed=seed, contestants=("wide",), previous_model=previous, rounds_left=-(-(budget - len(rows)) // batch),
        )  # fmt: skip
        previous, rounds = told.model or previous, rounds + 1
        for one in told.experiments:
            row = _row(one)
            read.append(float(field.truth[row] + field.noise_sd * _noise(seed, row, rows.count(row))))
            rows.append(row)
    data = _data(field, rows, read, noise="unknown")
    world = fit_world_model(field.space, data, seed=seed, goals=[_GOAL], contestants=("wide",))
    points = np.unique(rows)
    believed = world.readout(_GOAL, [field.space.candidate_settings(int(row)) for row in points]).mean.numpy()
    best = int(points[int(believed.argmax())])
    return Ended(regret=float(field.truth.max() - field.truth[best]) / field.span, wells=len(rows), points=len(points))


@dataclass(frozen=True)
class Compared:
    """`regrets[landscape][arm]`: one a seed, paired. `lead`: fixed minus allocated, over all landscapes and seeds, with its 90 % interval."""

    regrets: Mapping[str, Mapping[str, tuple[float, ...]]]
    points: Mapping[str, Mapping[str, float]]

    def lead(self, arm: str) -> tuple[float, float, float]:
        """Mean of what a fixed count leaves on the table beyond allocation, and the ends of its 90 % bootstrap interval over seeds."""
        apart = np.concatenate([np.subtract(arms[arm], arms[AUTO]) for arms in self.regrets.values()])
        rng = np.random.default_rng(0)
        drawn = rng.choice(apart, size=(4000, len(apart))).mean(axis=1)
        return float(apart.mean()), float(np.quantile(drawn, 0.05)), float(np.quantile(drawn, 0.95))

    def table(self) -> pd.DataFrame:
        """Mean regret of each arm on each landscape, and over all."""
        rows = {name: {arm: float(np.mean(regrets)) for arm, regrets in arms.items()} for name, arms in self.regrets.items()}
        frame = pd.DataFrame(rows).T
        frame.loc["all"] = frame.mean()
        return frame


def compare_replicates(
    *, seeds: Sequence[int], landscapes: Sequence[str] = ("branin", "hartmann 3", "gp draw"), fixed: Sequence[int] = (1, 2, 3, 4), budget: int = 64,
    batch: int = 8, noise: float = 0.2, believed: Noise = "unknown", progress: Callable[[str], None] | None = None,
) -> Compared:  # fmt: skip
    """Every arm on every landscape with every seed. About 3 CPU seconds a campaign.

    Args:
        believed: what fixed counts believe of noise: `unknown` as allocation does, or `small` as a campaign that says nothing.
    """
    regrets: dict[str, dict[str, tuple[float, ...]]] = {}
    points: dict[str, dict[str, float]] = {}
    for name in landscapes:
        fields = [landscape(name, seed=seed, noise=noise) for seed in seeds]
        arms: tuple[int | str, ...] = (AUTO, *fixed)
        for arm in arms:
            ended = [campaign(field, arm, seed=seed, budget=budget, batch=batch, noise=believed) for field, seed in zip(fields, seeds, strict=True)]
            regrets.setdefault(name, {})[str(arm)] = tuple(one.regret for one in ended)
            points.setdefault(name, {})[str(arm)] = float(np.mean([one.points for one in ended]))
            if progress:
                progress(f"{name}, replicates {arm}: regret {np.mean(regrets[name][str(arm)]):.3f} of the range, {points[name][str(arm)]:.0f} points")
    return Compared(regrets=regrets, points=points)


def _data(field: Landscape, rows: Sequence[int], read: Sequence[float], *, noise: Noise) -> Dataset:
    n = len(rows)
    assert field.space.candidates is not None
    columns = {name: np.asarray(field.space.candidates.columns[name], dtype=float)[list(rows)] for name in field.space.names}
    return Dataset(
        ids=tuple(f"R00-{i:03d}" for i in range(n)), settings=columns, roles=("candidate",) * n, blocks=("1",) * n, times_h=np.array([np.nan]),
        variables=("y",), values=np.array(read, dtype=float)[:, None, None], flags=np.zeros((n, 1, 1), int), noise=noise,
    )  # fmt: skip


def _row(one: ProposedExperiment) -> int:
    assert one.candidate is not None
    return int(one.candidate)


def _noise(seed: int, row: int, k: int) -> float:
    """Of the k-th reading of a row: the same whoever asks."""
    return float(np.random.default_rng([seed, row, k]).normal())
