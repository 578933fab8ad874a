"""Which predictions failed, and to which cause the evidence points: what was read, what was done, the day, the state, the transition, the range.

Causes are asked in the order in which they explain the others away: a misread well says nothing of the model, a plate that
shifted as a whole nothing of one condition, and a model is no worse for failing where it said that it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.stats import binomtest
from torch import Tensor

from .certify.effects import Readouts, noise_of_reading
from .fit import WorldModel
from .scores import Z90
from .terms.goals import Goal
from .terms.readings import FLAGS

Cause = Literal["measurement", "intervention as done", "drift between rounds", "range", "state", "transition", "not told apart"]
CAUSES: tuple[Cause, ...] = ("measurement", "intervention as done", "drift between rounds", "range", "state", "transition", "not told apart")

SURELY = 3.29  # sd that chance exceeds once in 1,000: for what is looked for in every well
BEYOND_CHANCE = 2.58  # sd that chance exceeds once in 100
TOLERATED_GAP = 0.02  # of a factor's range: pipetting that is no deviation
DRIFT_P = 0.01
FEWEST_TO_DRIFT = 6  # conditions of a plate, before a common shift can be told from chance
LEAST_IN_CONTROLS = 0.5  # predicted sd, averaged over the controls' courses
LEAST_DRIFT = 0.8  # sd: a smaller common shift moves no prediction out of its interval


@dataclass(frozen=True)
class RoundAsDone:
    """`n` experiments of one round with what was read of them.

    Attributes:
        asked, done: `n x d` designs; predictions were made for what was asked.
        values, flags: `n x t x y`, at the model's times.
        groups: `n`, equal for replicates.
        outside: `n`, True where the result lies outside the 90 % interval that was stored when the round was proposed.
    """

    ids: tuple[str, ...]
    roles: tuple[str, ...]
    asked: Tensor
    done: Tensor
    values: Tensor
    flags: Tensor
    groups: Tensor
    outside: Tensor


@dataclass(frozen=True)
class Deviation:
    """One failed prediction. `figure` is the number that the verdict rests on, `evidence` says it in a sentence, `z` is the error in predicted sd."""

    id: str
    cause: Cause
    figure: float
    evidence: str
    z: float


@dataclass(frozen=True)
class _Evidence:
    """What all verdicts of a round draw on, of one goal: `n` errors in predicted sd, at what was done and at what was asked."""

    done: RoundAsDone
    world: WorldModel
    read: Tensor
    noise: float
    mean: Tensor
    sd: Tensor
    z: Tensor
    z_asked: Tensor
    z_cells: Tensor
    column: int
    too_many: bool  # more conditions failed than chance allows, so that a small miss is no chance either


def explain(round: RoundAsDone, world: WorldModel, goal: Goal) -> tuple[Deviation, ...]:
    """A verdict for each experiment whose stored prediction of the goal failed.

    Args:
        world: fitted to what was known before the round.
    """
    readouts = Readouts.of_training(world.training, [goal])
    posterior = world.posterior_at(round.done)
    told, at_asked = posterior.readout(goal, of="reading"), world.posterior_at(round.asked).readout(goal, of="reading")
    cells, known = posterior.mean_sd(of="reading"), world.posterior_at(world.training.design)
    read = readouts.of(round.values)[:, 0]
    noise = noise_of_reading(readouts, world.training, state=known.mean_sd(of="state"), reading=known.mean_sd(of="reading"))
    evidence = _Evidence(
        done=round, world=world, read=read, noise=float(noise[0]), mean=told.mean, sd=told.sd.clamp_min(1e-12), z=(read - told.mean) / told.sd.clamp_min(1e-12),
        z_asked=(read - at_asked.mean) / at_asked.sd.clamp_min(1e-12), z_cells=(round.values - cells.mean) / cells.sd.clamp_min(1e-12),
        column=world.variables.index(goal.readout), too_many=_too_many(round),
    )  # fmt: skip
    shift = _shift(evidence)
    rows = torch.nonzero(round.outside).flatten().tolist()
    return tuple(_verdict(evidence, shift, row) for row in rows)


def _verdict(evidence: _Evidence, shift: _Shift | None, row: int) -> Deviation:
    for found in (_measurement(evidence, row), _intervention(evidence, row), _drift(evidence, shift, row), _range(evidence, row), _course(evidence, row)):
        if found is not None:
            return found
    z = float(evidence.z[row])
    near = abs(z) < BEYOND_CHANCE and not evidence.too_many
    why = "so near to the interval that chance suffices: one result in ten lies outside" if near else "no single cause stands out"
    return _said(evidence, row, "not told apart", z, f"{why} ({abs(z):.1f} predicted sd off)")


def _too_many(round: RoundAsDone) -> bool:
    """More failed conditions than one in ten, at p < 0.01; replicates count together."""
    candidates = torch.tensor([role in ("candidate", "replicate") for role in round.roles], dtype=torch.bool)
    share = [float(round.outside[candidates & (round.groups == g)].double().mean()) for g in torch.unique(round.groups[candidates])]
    failed = sum(part > 0.5 for part in share)
    return bool(share) and float(binomtest(failed, len(share), 0.1, alternative="greater").pvalue) < DRIFT_P


def _measurement(evidence: _Evidence, row: int) -> Deviation | None:
    """A mark of the reader's limit among the readings, or a well that its siblings do not confirm while they meet the prediction."""
    flags = evidence.done.flags[row, :, evidence.column]
    bad = [int((flags == FLAGS.index(flag)).sum()) for flag in ("below limit", "above limit", "failed")]
    if sum(bad):
        return _said(evidence, row, "measurement", float(sum(bad)), f"{sum(bad)} of {int((flags >= 0).sum())} readings lie beyond the reader's limit or failed")
    siblings = (evidence.done.groups == evidence.done.groups[row]) & torch.isfinite(evidence.read)
    siblings[row] = False
    m = int(siblings.sum())
    if not m:
        return None
    apart = float((evidence.read[row] - evidence.read[siblings].mean()) / (max(evidence.noise, 1e-12) * (1 + 1 / m) ** 0.5))
    confirm = float(evidence.z[siblings].mean().abs())
    if abs(apart) > SURELY and confirm < abs(float(evidence.z[row])) and confirm <= Z90:
        told = f"{abs(apart):.1f} sd of replicates away from {m} {'well' if m == 1 else 'wells'} of the same settings, which {'meets' if m == 1 else 'meet'} the prediction"
        return _said(evidence, row, "measurement", apart, told)
    return None


def _intervention(evidence: _Evidence, row: int) -> Deviation | None:
    """What was done differs from what was asked, and the model is right about what was done."""
    gap = (evidence.done.done[row] - evidence.done.asked[row]).abs()
    worst = int(gap.argmax())
    off = abs(float(evidence.z[row]))
    if float(gap[worst]) <= TOLERATED_GAP or off > Z90 or abs(float(evidence.z_asked[row])) <= off:
        return None
    name = evidence.world.space.names[worst]
    told = f"{name} was done {100 * float(gap[worst]):.0f} % of its range away from what was asked; for what was done the result lies within ({off:.1f} predicted sd off)"
    return _said(evidence, row, "intervention as done", float(gap[worst]), told)


@dataclass(frozen=True)
class _Shift:
    """What a whole round has in common. `corrected` are `n` errors with it taken off, `figure` how surely it is there, `told` says so."""

    figure: float
    told: str
    corrected: Tensor


def _shift(evidence: _Evidence) -> _Shift | None:
    """By the controls where there are some, for they are the same on every plate; else by a sign test over the round's conditions.

    Candidates that the model chose lie close together and err together: where there are controls, theirs is the better word.
    """
    controls = torch.tensor([role == "control" for role in evidence.done.roles]) & torch.isfinite(evidence.z)
    return _shift_of_controls(evidence, controls) if controls.any() else _shift_of_conditions(evidence)


def _shift_of_controls(evidence: _Evidence, controls: Tensor) -> _Shift | None:
    """The controls' whole courses against what the model has learned of them on earlier plates; the size is that of the whole round.

    Whole courses, for a known point may have come to rest at the hour of the goal while others still move.
    """
    by_well = evidence.z_cells[controls][:, :, evidence.column].nanmean(dim=1)
    m, off = len(by_well), float(by_well.mean())
    error = float(by_well.std()) / m**0.5 if m > 1 else 1.0 / BEYOND_CHANCE
    usable = torch.isfinite(evidence.z)
    if abs(off) < LEAST_IN_CONTROLS or abs(off) < BEYOND_CHANCE * error or off * float(evidence.z[usable].median()) <= 0:
        return None
    size, corrected = _taken_off(evidence, usable)
    told = f"{m} control {'well is' if m == 1 else 'wells are'} off the same way over the whole course, by {off:+.1f} predicted sd on average; with {size} of the round"
    return _Shift(figure=off, told=told, corrected=corrected)


def _shift_of_conditions(evidence: _Evidence) -> _Shift | None:
    usable = torch.isfinite(evidence.z)
    groups = torch.unique(evidence.done.groups[usable])
    by_group = torch.stack([evidence.z[usable & (evidence.done.groups == g)].mean() for g in groups]) if len(groups) else torch.empty(0)
    n, up = len(by_group), int((by_group > 0).sum())
    if n < FEWEST_TO_DRIFT or abs(float(by_group.median())) < LEAST_DRIFT:
        return None
    p = float(binomtest(up, n).pvalue)
    if p > DRIFT_P:
        return None
    size, corrected = _taken_off(evidence, usable)
    return _Shift(figure=p, told=f"{max(up, n - up)} of {n} conditions are off the same way (p = {p:.2g}); with {size} of the round, which has no controls,", corrected=corrected)


def _taken_off(evidence: _Evidence, rows: Tensor) -> tuple[str, Tensor]:
    """The shift of some rows as words, and all errors without it: a factor or an offset, whichever leaves the whole round less."""
    read, mean, sd = evidence.read, evidence.mean, evidence.sd
    offset = float((read - mean)[rows].median())
    found = [(f"an offset of {offset:+.3g}", (read - offset - mean) / sd)]
    known = torch.isfinite(read)
    if bool((mean[known] > sd[known]).all()) and (factor := float((read / mean)[rows].median())) > 0:
        found.append((f"a factor of {factor:.3g}", (read / factor - mean) / sd))
    return min(found, key=lambda one: float(one[1][known].abs().median()))


def _drift(evidence: _Evidence, shift: _Shift | None, row: int) -> Deviation | None:
    if shift is None or abs(float(shift.corrected[row])) > Z90:
        return None
    return _said(evidence, row, "drift between rounds", shift.figure, f"{shift.told} taken off, the result lies within")


def _range(evidence: _Evidence, row: int) -> Deviation | None:
    score = float(evidence.world.range.score(evidence.done.done[row : row + 1])[0])
    limit = evidence.world.range.limit
    if score <= limit:
        return None
    return _said(evidence, row, "range", score, f"out-of-range score {score:.1f}, above {limit:.1f}: the model had learned from nothing near")


def _course(evidence: _Evidence, row: int) -> Deviation | None:
    """Off from the first reading on, or right at first and off later. End points can't tell the two apart."""
    z = evidence.z_cells[row]
    hours = evidence.world.times_h
    if len(hours) < 2:
        return None
    first = {y: int(torch.nonzero(torch.isfinite(z[:, y])).flatten()[0]) for y in range(z.shape[1]) if bool(torch.isfinite(z[:, y]).any())}
    if not first:
        return None
    worst = max(first, key=lambda y: abs(float(z[first[y], y])))
    off = float(z[first[worst], worst])
    if abs(off) > SURELY:
        name, hour = evidence.world.variables[worst], float(hours[first[worst]])
        return _said(evidence, row, "state", off, f"{name} is {abs(off):.1f} predicted sd off in the first reading already, at {hour:g} h")
    own = z[:, evidence.column]
    outside = torch.nonzero(torch.nan_to_num(own).abs() > Z90).flatten()
    outside = outside[-_run_at_the_end(outside) :] if len(outside) else outside
    if (abs(float(evidence.z[row])) < BEYOND_CHANCE and not evidence.too_many) or not len(outside):
        return None
    at, largest = float(hours[int(outside[0])]), float(torch.nan_to_num(own).abs().max())
    told = f"the first readings are right; from {at:g} h on they lie outside the interval, {largest:.1f} predicted sd off at most"
    return _said(evidence, row, "transition", largest, told)


def _run_at_the_end(positions: Tensor) -> int:
    """How many of increasing positions follow each other without a gap up to the last."""
    gaps = torch.nonzero(positions.diff() > 1).flatten()
    return len(positions) - (int(gaps[-1]) + 1 if len(gaps) else 0)


def _said(evidence: _Evidence, row: int, cause: Cause, figure: float, told: str) -> Deviation:
    return Deviation(id=evidence.done.ids[row], cause=cause, figure=figure, evidence=told, z=float(evidence.z[row]))


def chance_sentence(n_outside: int, n: int) -> str:
    """Are so many failures more than honest 90 % intervals have?"""
    p = float(binomtest(n_outside, n, 0.1, alternative="greater").pvalue) if n else 1.0
    told = f"{n_outside} of {n} results lie outside their predicted 90 % interval; honest intervals leave out about {0.1 * n:.1f}"
    return f"{told}, and so many are hardly chance (p = {p:.2g})." if p < 0.05 else f"{told}: no more than chance allows (p = {p:.2g})."


def counts(found: Sequence[Deviation]) -> dict[Cause, int]:
    """How many of each cause, in the order of `CAUSES`."""
    told = np.array([one.cause for one in found], dtype=object)
    return {cause: int((told == cause).sum()) for cause in CAUSES if (told == cause).any()}
