"""Real measurements of a PEtab problem, whole conditions held out: the chosen world model against mean, nearest, linear and the fitted mechanism."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from world_model.contest import hold_contest
from world_model.contestants.fitted_mechanism import FittedMechanism
from world_model.contestants.registry import contestants
from world_model.contract import Training
from world_model.encoding import Encoder
from world_model.fit import fit_training
from world_model.mechanisms.petab_problem import PetabProblem
from world_model.mechanisms.petab_rows import EXPERIMENT
from world_model.scores import Z90, gaussian_crps
from world_model.terms.errors import NextwellError
from world_model.terms.readings import Dataset

CHOSEN = "chosen"
RIVALS = ("mean", "nearest", "linear", "fitted mechanism")
FOLDS = 5
FEWEST = 5  # conditions: with fewer there is nothing to hold out
GROSS = 5.0  # central 80 % ranges off the median: a decimal point was lost, a unit mistaken


@dataclass(frozen=True)
class Scored:
    """What one model said of readings that it never saw: `error` `r`, in sd of the observable, `crps` `r` likewise, `inside` `r` (90 %)."""

    error: Tensor
    crps: Tensor
    inside: Tensor

    @classmethod
    def of(cls, mean: Tensor, sd: Tensor, values: Tensor, scale: Tensor) -> Scored:
        """From predictions `n x t x y` and readings, nan where there is none or nothing was learned of the observable."""
        known = torch.isfinite(values)
        error = (mean - values) / scale
        return cls(error=error[known], crps=(gaussian_crps(mean, sd, values) / scale)[known], inside=((mean - values).abs() <= Z90 * sd)[known].double())

    @classmethod
    def joined(cls, parts: list[Scored]) -> Scored:
        """Of several folds."""
        return cls(*(torch.cat([getattr(one, name) for one in parts]) for name in ("error", "crps", "inside")))


def bench_conditions(folder: Path, *, seeds: int, progress: Callable[[str], None], pool: Sequence[str] = ()) -> dict[str, Any]:
    """Five folds of whole conditions, shuffled once a seed.

    Conditions of equal settings are held out together, in whatever experiment they were read. The mechanism starts where every
    parameter is the published value times exp(N(0, 0.5)), for those values have seen all the measurements.

    Args:
        pool: contestants that the chosen model is chosen from; empty for all.

    Returns:
        `checks` and `tables`, as benches do.
    """
    problem = PetabProblem.read(folder)
    data, gross = without_gross_errors(problem.dataset)
    groups = interventions(data)
    if len(np.unique(groups)) < FEWEST:
        raise NextwellError(f"{problem.name}: expected at least {FEWEST} different conditions to hold some out, found {len(np.unique(groups))}.")
    by_seed: list[dict[str, Scored]] = []
    picked: list[str] = []
    for seed in range(seeds):
        parts: dict[str, list[Scored]] = {}
        for fold, rows in enumerate(folds(groups, seed=seed)):
            progress(f"{problem.name}: seed {seed}, fold {fold + 1} of {FOLDS}")
            told = score_fold(problem, data, rows, seed=seed, pool=pool)
            picked.append(told.picked)
            for name, scored in told.scored.items():
                parts.setdefault(name, []).append(scored)
        by_seed.append({name: Scored.joined(scored) for name, scored in parts.items() if len(scored) == FOLDS})
    rows_told = table(by_seed)
    tables = {
        "held-out conditions": rows_told, "picked": {name: picked.count(name) for name in sorted(set(picked))},
        "problem": {"conditions": len(np.unique(groups)), "readings": int(np.isfinite(data.values).sum()), "set aside as gross errors": gross, "observables": list(data.variables)},
    }  # fmt: skip
    return {"checks": checks(problem.name, rows_told, seeds=seeds), "tables": tables}


@dataclass(frozen=True)
class Fold:
    """`picked` is what the chosen model is."""

    scored: Mapping[str, Scored]
    picked: str


def score_fold(problem: PetabProblem, data: Dataset, held_out: np.ndarray, *, seed: int, pool: Sequence[str] = ()) -> Fold:
    """Learn from the other conditions, predict these at their own times."""
    training = Training.of(problem.space, data.take(~held_out), mechanism=problem.mechanism().perturbed(seed))
    test = data.take(held_out)
    learned = torch.isfinite(training.values).flatten(0, 1).any(dim=0)
    kept = [y for y, name in enumerate(training.variables) if learned[y]]
    training = _of_observables(training, kept, problem)
    values = torch.as_tensor(test.values[:, :, kept])
    scale = torch.as_tensor(_scale(data))[kept]
    design = Encoder(problem.space).design(test.settings)
    model = fit_training(training, seed=seed, purpose="forecast", contestants=[name for name in pool if contestants()[name].why_not(training) is None])
    told = model.posterior_at(design).mean_sd(of="reading")
    scored = {CHOSEN: Scored.of(told.mean, told.sd, values, scale)}
    known = {"fitted mechanism": FittedMechanism()} | contestants()
    rivals = [known[name] for name in RIVALS if known[name].why_not(training) is None]
    for name, fitted in hold_contest(training, rivals, seed=seed).fitted.items():
        belief = fitted.beliefs(design)
        scored[name] = Scored.of(belief.mean, belief.variance("reading").sqrt(), values, scale)
    return Fold(scored=scored, picked=model.verdict.picked)


def _of_observables(training: Training, kept: list[int], problem: PetabProblem) -> Training:
    """Without observables that no training condition was read of."""
    if len(kept) == len(training.variables):
        return training
    names = tuple(training.variables[y] for y in kept)
    simulated = training.simulated
    if simulated is not None:
        simulated = type(simulated)(simulated.mechanism, encoder=training.encoder, times_h=training.times_h, variables=names)
    return replace(training, values=training.values[:, :, kept], flags=training.flags[:, :, kept], variables=names, simulated=simulated)


def interventions(data: Dataset) -> np.ndarray:
    """`n` integers, equal where the settings are, whatever the experiment: the blot or the day is no intervention."""
    return replace(data, settings={name: column for name, column in data.settings.items() if name != EXPERIMENT} or data.settings).groups()


def folds(groups: np.ndarray, *, seed: int) -> list[np.ndarray]:
    """Masks of rows, each intervention in one of them."""
    unique = np.unique(groups)
    fold = np.random.default_rng(seed).permutation(np.arange(len(unique)) % FOLDS)
    return [np.isin(groups, unique[fold == i]) for i in range(FOLDS)]


def without_gross_errors(data: Dataset) -> tuple[Dataset, int]:
    """The data without readings that lie more than five central 80 % ranges off the median of their observable, and how many these are."""
    low, middle, high = np.nanquantile(data.values, [0.1, 0.5, 0.9], axis=(0, 1))
    with np.errstate(invalid="ignore"):
        far = np.abs(data.values - middle) > GROSS * np.where(high > low, high - low, np.inf)
    values = np.where(far, np.nan, data.values)
    return replace(data, values=values, flags=np.where(np.isfinite(values), data.flags, -1)), int(far.sum())


def table(by_seed: list[dict[str, Scored]]) -> list[dict[str, Any]]:
    """One row a model: NRMSE and CRPS in sd of the observable, coverage of the 90 % intervals; means over seeds."""
    names = [name for name in by_seed[0] if all(name in one for one in by_seed)]
    rows = []
    for name in names:
        each = [one[name] for one in by_seed]
        nrmse, crps = [float(one.error.square().mean().sqrt()) for one in each], [float(one.crps.mean()) for one in each]
        rows.append(
            {"model": name, "NRMSE": round(float(np.mean(nrmse)), 4), "CRPS": round(float(np.mean(crps)), 4), "NRMSE by seed": [round(x, 4) for x in nrmse],
             "CRPS by seed": [round(x, 4) for x in crps], "90 % covers": round(float(np.mean([float(one.inside.mean()) for one in each])), 3),
             "readings": len(each[0].error)}
        )  # fmt: skip
    return sorted(rows, key=lambda row: row["CRPS"])


def checks(name: str, rows: list[dict[str, Any]], *, seeds: int) -> list[dict[str, Any]]:
    """The chosen model over the best of mean, nearest, linear and the fitted mechanism, by each score."""
    by_name = {row["model"]: row for row in rows}
    found = []
    for score in ("CRPS", "NRMSE"):
        best = min((by_name[rival][score], rival) for rival in RIVALS if rival in by_name)
        ratio = by_name[CHOSEN][score] / best[0]
        found.append({"name": f"{name}: {score}, chosen / {best[1]}", "value": round(ratio, 3), "goal": "at most 1 (one problem of four: 1.05)", "ok": ratio <= 1.0, "n": seeds})
    return found


def _scale(data: Dataset) -> np.ndarray:
    spread = np.nanstd(data.values, axis=(0, 1))
    return np.where(spread > 1e-12, spread, 1.0)
