"""Level 3: what would have been otherwise. On a lab that can branch its truth is known; from records it is a comparison of held-out pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from ..contract import Training
from ..scores import Z90
from ..terms.certificate import Evidence, LevelEvidence
from ..terms.goals import Goal
from ..trust import Range
from .comparison import Share, coverage
from .effects import Readouts, noise_of_reading
from .figures import count_evidence, finite
from .held_out import HeldOut
from .recipe import Predictor
from .rung import rung
from .split import nearness

LEAST_RIGHT = 0.95
FEWEST_PAIRS = 20
MOST_PAIRS = 2000
BRANCHED_PAIRS = 100
DRAWS = 200
ALIKE = 0.2  # of a factor's range: less is no difference in that factor
SEEN = 2.0  # standard errors by which a measured effect must stand out before its sign is taken for the truth
# The error of a predicted effect may be this many times the noise of one measured pair.
MOST_NOISE = 2.0
NEEDED = (
    f"At least {FEWEST_PAIRS} pairs of held-out interventions on one plate that differ in few factors, with replicates, on a randomised layout; "
    f"the sign of the effect right in {100 * LEAST_RIGHT:.0f} % of those that stand out from the noise."
)


@dataclass(frozen=True, kw_only=True)
class LabTruth:
    """A simulated lab that can tell two futures from one starting state.

    Attributes:
        answer: designs `n x d` → noise-free values `n x t x y` at the training times.
        pool: `c x d`, feasible designs to draw plans from.
    """

    name: str
    answer: Callable[[Tensor], Tensor]
    pool: Tensor


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How actions came to their wells: only where chance dealt them out do pairs differ by what was done alone."""

    randomised: bool
    why: str


@dataclass(frozen=True)
class Pairs:
    """Predicted and true differences of `p` pairs in `g` readouts.

    Attributes:
        predicted, sd: `p x g`, of the model.
        true, error: `p x g`, as measured or branched, and its standard error (0 where it is the truth).
        members: `p x 2`, which interventions, to know what errs together.
    """

    predicted: Tensor
    sd: Tensor
    true: Tensor
    error: Tensor
    members: Tensor

    def __len__(self) -> int:
        return len(self.predicted)


def level_from_branches(predictor: Predictor, training: Training, truth: LabTruth, noise: Tensor, *, goals: Sequence[Goal], seed: int) -> LevelEvidence:
    """Pairs of unseen plans, both within the range of training, whose true effects the lab tells.

    Args:
        predictor: fitted to all records.
        noise: `g`, sd of one reading of each readout.
    """
    known, readouts = training.design, Readouts.of_training(training, goals)
    fresh = (torch.cdist(truth.pool, known, p=torch.inf).min(dim=1).values > nearness(training)) & ~Range.of(training).refuses(truth.pool)
    free = truth.pool[fresh]
    free = free[torch.randperm(len(free), generator=torch.Generator().manual_seed(seed))][: 2 * BRANCHED_PAIRS]
    n = len(free) // 2
    if n < FEWEST_PAIRS:
        counted = count_evidence("pairs of unseen plans within range", n, least=FEWEST_PAIRS, of="pairs")
        return rung(3, [counted], needed="More plans that lie within the range of the records and were not measured.")
    first, second = free[:n], free[n : 2 * n]
    values = readouts.of(truth.answer(torch.cat([first, second])))
    told = readouts.of(predictor.draws(torch.cat([first, second]), DRAWS, seed=seed))
    effect = told[:, n:] - told[:, :n]
    pairs = Pairs(
        predicted=effect.mean(dim=0), sd=effect.std(dim=0), true=values[n:] - values[:n], error=torch.zeros(n, len(readouts.goals), dtype=torch.double),
        members=torch.stack([torch.arange(n), torch.arange(n, 2 * n)], dim=1),
    )  # fmt: skip
    stands_out = pairs.true.abs() > noise
    of = f"branched pairs of the simulated lab {truth.name!r}"
    return rung(3, _evidence(pairs, stands_out, noise, of=of), needed="More records: the sign, size and interval of effects must be right for unseen plans within range.")


def level_from_records(held: HeldOut, layout: Layout, *, goals: Sequence[Goal], seed: int) -> LevelEvidence:
    """Pairs of interventions that were held out together, stood on one plate and differ in few factors."""
    training, readouts = held.training, Readouts.of_training(held.training, goals)
    noise = noise_of_reading(readouts, training, state=held.state, reading=held.reading)
    against = [] if layout.randomised else [f"Without a randomised layout a difference may be the well's and not the action's: {layout.why}"]
    pairs = _record_pairs(held, readouts, noise, seed=seed)
    if len(pairs) < FEWEST_PAIRS:
        against += [told] if (told := confounded(training)) else []
        counted = count_evidence("pairs on one plate that differ in few factors", len(pairs), least=FEWEST_PAIRS, of="pairs")
        return rung(3, [counted], needed=NEEDED, against=against)
    stands_out = pairs.true.abs() > SEEN * pairs.error
    return rung(3, _evidence(pairs, stands_out, noise, of="held-out pairs on one plate"), needed=NEEDED, against=against)


def confounded(training: Training) -> str:
    """A sentence where plates and actions can't be told apart: a factor whose variation lies more between plates than within them."""
    codes = {block: i for i, block in enumerate(dict.fromkeys(training.blocks))}
    if len(codes) < 2:
        return ""
    member = torch.tensor([codes[block] for block in training.blocks])
    told = []
    for i, factor in enumerate(training.space.factors):
        column = training.design[:, i]
        total = (column - column.mean()).square().sum()
        if total <= 0:
            continue
        within = sum((column[member == code] - column[member == code].mean()).square().sum() for code in torch.unique(member))
        between = 1 - float(within / total)
        if between > 0.5:
            told.append(f"{factor.name} ({100 * between:.0f} %)")
    return f"Plates and actions are confounded: most of the variation lies between plates in {', '.join(told)}." if told else ""


def _record_pairs(held: HeldOut, readouts: Readouts, noise: Tensor, *, seed: int) -> Pairs:
    training = held.training
    told = readouts.of(training.values)
    few = max(1, training.design.shape[1] // 2)
    columns: dict[str, list[Tensor]] = {name: [] for name in ("predicted", "sd", "true", "error", "members")}
    for split, predictor in zip(held.splits, held.predictors, strict=True):
        rows = split.test[~Range.of(training.take(split.train)).refuses(training.design[split.test])]
        units: dict[tuple[int, str], list[int]] = {}
        for row in rows.tolist():
            units.setdefault((int(training.groups[row]), training.blocks[row]), []).append(row)
        keys = list(units)
        found = [
            (a, b) for a, b in combinations(range(len(keys)), 2)
            if keys[a][1] == keys[b][1] and keys[a][0] != keys[b][0]
            and 1 <= int(((training.design[units[keys[a]][0]] - training.design[units[keys[b]][0]]).abs() > ALIKE).sum()) <= few
        ]  # fmt: skip
        if not found:
            continue
        mean = torch.stack([told[units[key]].nanmean(dim=0) for key in keys])
        count = torch.stack([torch.isfinite(told[units[key]]).sum(dim=0) for key in keys]).clamp_min(1)
        drawn = readouts.of(predictor.draws(training.design[[units[key][0] for key in keys]], DRAWS, seed=seed))
        a, b = torch.tensor(found).T
        effect = drawn[:, b] - drawn[:, a]
        columns["predicted"].append(effect.mean(dim=0))
        columns["sd"].append(effect.std(dim=0))
        columns["true"].append(mean[b] - mean[a])
        columns["error"].append(noise * (1 / count[a] + 1 / count[b]).sqrt())
        groups = torch.tensor([key[0] for key in keys])
        columns["members"].append(torch.stack([groups[a], groups[b]], dim=1))
    if not columns["predicted"]:
        empty = torch.empty(0, len(readouts.goals), dtype=torch.double)
        return Pairs(predicted=empty, sd=empty, true=empty, error=empty, members=torch.empty(0, 2, dtype=torch.long))
    joined = {name: torch.cat(parts) for name, parts in columns.items()}
    some = torch.randperm(len(joined["true"]), generator=torch.Generator().manual_seed(seed))[:MOST_PAIRS]
    return Pairs(**{name: part[some] for name, part in joined.items()})


def _evidence(pairs: Pairs, stands_out: Tensor, noise: Tensor, *, of: str) -> list[Evidence]:
    """Sign, size and interval of the effects. What the measured effects' own errors add is taken off before the size is judged."""
    known = torch.isfinite(pairs.true)
    right = (torch.sign(pairs.predicted) == torch.sign(pairs.true))[stands_out & known].double()
    off = pairs.predicted - pairs.true
    scaled = ((off.square() - pairs.error.square()) / noise.clamp_min(1e-12).square())[known]
    error = max(float(scaled.mean()), 0.0) ** 0.5 if len(scaled) else float("nan")
    most = MOST_NOISE * 2**0.5
    inside = (off.abs() <= Z90 * (pairs.sd.square() + pairs.error.square()).sqrt()).double()
    covered = coverage(torch.where(known, inside, torch.nan), pairs.members[:, 0], pairs.members[:, 1])
    n, share = len(right), float(right.mean()) if len(right) else float("nan")
    return [
        count_evidence("effects that stand out from the noise", n, least=FEWEST_PAIRS, of=of),
        Evidence(name="sign of the effect right", value=finite(share), met=n > 0 and share >= LEAST_RIGHT, cases=n, of=of, bound=f"at least {100 * LEAST_RIGHT:.0f} %"),
        Evidence(
            name="effect RMSE in sd of one reading", value=finite(error), met=len(scaled) > 0 and error <= most, cases=len(scaled), of=of,
            bound=f"at most {most:.2f}: {MOST_NOISE:g} times the noise of a pair measured once",
        ),
        _covered("coverage of 90 % intervals of the difference", covered, of=of),
    ]  # fmt: skip


def _covered(name: str, found: Share, *, of: str) -> Evidence:
    """Intervals must hold at least what they promise; that they are no wider than needed, sign and size show."""
    low = found.band[0]
    return Evidence(
        name=name, value=finite(found.share), met=found.cases > 0 and found.share >= low, cases=found.cases, of=of,
        bound=f"at least {100 * low:.0f} % (worth {found.effective:.0f} independent cases)",
    )  # fmt: skip
