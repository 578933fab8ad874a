"""What to do next: one round's batch, with predictions and reasons, every row validated against the space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from world_model.contract import Contestant
from world_model.encoding import Encoder
from world_model.fit import WorldModel
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.errors import DesignError
from world_model.terms.goal_conflicts import Join
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.priors import Prior
from world_model.terms.proposal import Proposal, ProposedExperiment, Refusal
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace, Settings

from .acquisitions.bounds import worth_a_look
from .acquisitions.feasibility import is_safe, safest
from .acquisitions.fitness import competing
from .acquisitions.joined import joined
from .acquisitions.registry import member_for
from .acquisitions.task import Task
from .beliefs.beliefs import Beliefs
from .endpoint import endpoint_view
from .filling import fill
from .greedy import choose_greedily, is_near
from .hits.view import hits_view, seeks_hits
from .honesty.correction import Correction, correction, stretched
from .honesty.foretold import Foretold
from .joint_draws import choose_by_draws
from .plates.allocate import allocate
from .plates.choice import choose_values
from .plates.lift import at_values
from .plates.rule import BatchRule, rule_of
from .plates.seated import seated, values_at_random, values_far_apart
from .plates.told import on_plates
from .pool import Pool, build_pool
from .reasons import predictions, why_chosen
from .roles import with_roles
from .second_opinion import favourites, second_opinion
from .sources.believe import believe
from .sources.earlier import Earlier

Strategy = Literal["auto", "random", "endpoint"]
Snap = Callable[[dict[str, float | str]], Settings | None]
LARGE_BATCH = 16  # above this one joint draw a well: qLogNEI costs 16-24 CPU seconds a well at 100-300 observations
_START = "Space-filling start: no model is asked before there is something to learn from."
_HUNCH = "Where somebody thinks that the best lies, before any model is asked."
_UNSAFE_START = " Nobody can say yet how likely it keeps the constraints."
FEWEST_INTERVENTIONS = 5  # distinct interventions with a reading before a model is asked


@dataclass
class _Chosen:
    """Designs of a batch with why each is in it; `world` is None where no model was asked; `repeats`: which of them repeats what, an id or a place."""

    design: list[Tensor] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    strategy: list[str] = field(default_factory=list)
    world: WorldModel | None = None
    goals: tuple[Goal, ...] = ()
    refused: list[Refusal] = field(default_factory=list)
    model: dict[str, object] = field(default_factory=dict)
    correction: Correction | None = None
    beliefs: Beliefs | None = None
    repeats: dict[int, int | str] = field(default_factory=dict)


def propose(
    *,
    space: SearchSpace,
    goals: Sequence[Goal],
    measurements: Sequence[Measurement],
    data: Dataset,
    pending: Sequence[ProposedExperiment],
    batch: Batch,
    controls: Sequence[Control],
    round: int,
    n: int,
    seed: int,
    strategy: Strategy = "auto",
    snap: Snap | None = None,
    previous_model: Mapping[str, object] | None = None,
    mechanism: Mechanism | None = None,
    contestants: Sequence[str | Contestant] = (),
    contexts: Mapping[str, str] | None = None,
    sources: Sequence[Earlier] = (),
    foretold: Sequence[Foretold] | None = None,
    progress: Callable[[str], None] | None = None,
    outcome_constraints: Sequence[OutcomeConstraint] = (),
    join: Join = "pareto",
    priors: Sequence[Prior] = (),
) -> Proposal:
    """Propose `n` new distinct candidates; replicates, controls and blanks come on top.

    Args:
        data: what has been done and read so far.
        pending: experiments under way; they are known to the model and never proposed again.
        seed: the campaign's; children by round and purpose.
        strategy: `auto`; `random` and `endpoint` (a GP that sees no trajectory) are rivals to compare with.
        snap: moves settings to what the bench can reach, or says None where it reaches nothing near.
        previous_model: the last proposal's `model`, so that the judge keeps its pace.
        mechanism: prior knowledge for the models that take some; not for the `endpoint` rival.
        contestants: the world models that compete for the planner; empty for those that search well.
        contexts: context → the level to plan for (donor D3); else the typical one.
        sources: earlier data of other kinds; each is used as long as it does not hurt. The rivals do without.
        foretold: stored predictions that have met their results: intervals are stretched by what they got wrong, and where that was not
            enough a part of the batch explores. None: nobody keeps them, and nothing is corrected.
        outcome_constraints: what outcomes must keep to. The random rival knows nothing of them.
        join: how several goals are weighed against each other.
        priors: where somebody thinks that the best lies. The rivals do without, as they do without what is learned from failures.

    Raises:
        DesignError: fewer than `n` feasible candidates are left, or a row breaks the space after all repairs.
    """
    encoder = Encoder(space)
    controls = [control.model_copy(update={"settings": space.whole(control.settings)}) for control in controls]
    asked = Task(goals=tuple(goals), constraints=tuple(outcome_constraints), join=join, controls={one.name: one.settings for one in controls})
    child = np.random.SeedSequence([seed, round]).generate_state(4)
    if batch.replicates == "auto":
        data = replace(data, noise="unknown")
    done = encoder.design(data.settings) if len(data) else torch.empty(0, len(space.factors), dtype=torch.double)
    waiting = encoder.design_of([row.settings for row in pending if row.role in ("candidate", "replicate", "control")])
    taken = torch.cat([done, waiting])
    rule = rule_of(encoder, batch, controls, n=n)
    if strategy == "random":
        chosen = _random(encoder, n, snap=snap, taken=taken, rule=rule, seed=int(child[1]))
    else:
        pool = build_pool(encoder, taken=taken, seed=int(child[0]), snap=snap)
        if len(pool) < n:
            raise DesignError(f"Expected {n} candidates, found only {len(pool)} that are feasible and not yet measured or pending. Ask for {len(pool)}.")
        chosen = _planned(
            encoder, pool, n, asked=asked, data=data, done=done, waiting=waiting, strategy=strategy, snap=snap,
            previous_model=previous_model, mechanism=mechanism, contestants=contestants, contexts=contexts or {}, seeds=child, progress=progress,
            sources=sources if strategy == "auto" else (), rule=rule, round=round, foretold=foretold,
            beliefs=Beliefs.of(encoder, data, priors) if strategy == "auto" else None, batch=batch,
        )  # fmt: skip
    candidates = _candidates(encoder, chosen, goals, seed=int(child[3]))
    whole = with_roles(candidates, batch=batch, controls=controls, round=round)
    return Proposal(
        round=round, experiments=whole if rule is None else on_plates(whole, rule), strategy=_told(chosen),
        model=chosen.model, refused=tuple(chosen.refused), seed=seed,
    )  # fmt: skip


def _told(chosen: _Chosen) -> str:
    """How a batch was chosen, and how much wider its intervals are than the model's own."""
    chosen_by = "; ".join(part for part in (" + ".join(chosen.strategy), chosen.beliefs.told if chosen.beliefs and chosen.world else "") if part)
    return f"{chosen_by}; {chosen.correction.told}" if chosen.correction and chosen.correction.told else chosen_by


def _planned(
    encoder: Encoder, pool: Pool, n: int, *, asked: Task, data: Dataset, done: Tensor, waiting: Tensor, strategy: Strategy,
    snap: Snap | None, previous_model: Mapping[str, object] | None, mechanism: Mechanism | None, contestants: Sequence[str | Contestant],
    contexts: Mapping[str, str], seeds: np.ndarray, progress: Callable[[str], None] | None, sources: Sequence[Earlier] = (),
    rule: BatchRule | None = None, round: int = 1, foretold: Sequence[Foretold] | None = None, beliefs: Beliefs | None = None,
    batch: Batch = Batch(),
) -> _Chosen:  # fmt: skip
    task = asked
    if strategy == "endpoint":
        view = endpoint_view(data, asked)
        data, task, mechanism = view.data, view.task, None
    elif seeks_hits(asked.goals):
        hits = hits_view(data, asked.goals)
        sources = [replace(one, data=hits_view(one.data, asked.goals).data) for one in sources]
        data, task, mechanism = hits.data, replace(asked, goals=hits.goals), None
    chosen = _Chosen(goals=task.goals)
    member = member_for(task)
    contestants = competing(member, contestants, task=task, encoder=encoder)
    known = torch.cat([done, waiting])
    believed = believe(
        encoder.space, data, sources=sources, seed=int(seeds[2]), goals=task.readouts, fewest=FEWEST_INTERVENTIONS, entered=contestants,
        mechanism=mechanism, last=previous_model, contexts=contexts, progress=progress,
    )  # fmt: skip
    world, chosen.world, chosen.model = believed.world, believed.world, believed.model
    if beliefs is not None:
        beliefs = chosen.beliefs = beliefs if world is None else beliefs.after(world, task.goals, pool.design, seed=int(seeds[1]))
        task = replace(task, beliefs=beliefs)
        if world is not None and not all(goal.seeks_best and goal.direction != "hits" for goal in task.goals):
            pool = beliefs.workable(pool, n=n)
    if world is None:
        if rule is not None:
            rule = values_far_apart(pool, rule, n=n, known=known, seed=int(seeds[1]))
            pool = at_values(pool, rule, snap=snap, known=known)
        n_hunch = 0
        if beliefs is not None and beliefs.hunches:
            thought = beliefs.thought_best(pool)
            n_hunch = min((n + 1) // 2 if n > 1 or len(known) % 2 == 0 else 0, len(thought))
            if n_hunch:
                _add_filling(chosen, encoder, thought, n_hunch, known=known, rule=rule, seed=int(seeds[1]), why=_HUNCH)
                known = torch.cat([known, torch.stack(chosen.design)])
                pool = pool.take(torch.cdist(pool.design, torch.stack(chosen.design)).min(dim=1).values > 1e-9)
        if n > n_hunch:
            _add_filling(chosen, encoder, pool, n - n_hunch, known=known, rule=rule, seed=int(seeds[1]), why=_START + (_UNSAFE_START if task.chances else ""))
        return chosen
    if rule is not None:
        rule = choose_values(world, task, pool=pool, rule=rule, n=n, pending=waiting, snap=snap, seed=int(seeds[1]), progress=progress)
        pool = at_values(pool, rule, snap=snap, known=known)
    safe = safest(world, task, pool, n=n, seed=int(seeds[1]))
    pool = safe.pool
    corrected = chosen.correction = correction(world, chosen.goals, asked.goals, foretold, seed=int(seeds[3]))
    # a batch of one is the model's, or nothing would ever be learned from the model
    n_filling = (n + 1) // 2 if believed.weak and n > 1 and not member.explores else 0
    why = "Space-filling: earlier data of another kind are all that the model has, so half of the batch explores."
    if (wells := corrected.exploring.wells(n, round=round)) > n_filling:
        n_filling, why = wells, f"Space-filling, for predictions failed: {corrected.exploring.why}"
    n_model = n - n_filling
    if not n_model:
        _add_filling(chosen, encoder, pool, n, known=known, rule=rule, seed=int(seeds[1]), why=why)
        return chosen
    again: list[str | None] = []
    if batch.replicates == "auto":
        wider = pool if pool.exhaustive or safe.lowest is not None else _with_neighbours(world, task, pool, snap=snap, known=known, rule=rule, seed=int(seeds[1]))
        told = allocate(world, task, pool=wider, data=data, pending=waiting, n=n_model, seed=int(seeds[1]), snap=snap, rule=rule, progress=progress)
        picked, again = told.design, list(told.reasons)
        chosen.repeats = {place: of for place, of in enumerate(told.repeats) if of is not None}
        chosen.strategy.append(f"{told.told} ({world.verdict.picked} model{safe.told})")
    elif n_model > LARGE_BATCH or member.at_once == "always" or (member.at_once == "tables" and pool.exhaustive):
        if progress:
            progress(f"choosing {n_model} of {len(pool)} candidates")
        wider = pool if pool.exhaustive or safe.lowest is not None else _with_neighbours(world, task, pool, snap=snap, known=known, rule=rule, seed=int(seeds[1]))
        wider = wider if wider is pool else safest(world, task, wider, n=n_model, seed=int(seeds[1])).pool
        second = second_opinion(world, seed=int(seeds[2])) if member.many is None and wider.rows is not None and mechanism is None else None
        shortened = _within(wider, world, task, second=second, seed=int(seeds[1]))
        many = member.many or partial(choose_by_draws, second=second)
        if rule is None:
            picked = shortened.design[many(world, task, pool=shortened, n=n_model, seed=int(seeds[1]))]
        else:
            picked = seated(lambda left, k, had: many(world, task, pool=left, n=k, seed=int(seeds[1]) + len(had)), shortened, n_model, rule=rule)
        chosen.strategy.append(f"{n_model} by {member.name if member.many else 'one joint posterior draw each'} ({world.verdict.picked} model{' and trees in turn' if second else ''}{safe.told})")
    else:
        picked = choose_greedily(
            world, task, pool=pool, n=n_model, pending=waiting, seed=int(seeds[1]), rule=rule, progress=progress,
            repair=lambda point: _safe(world, task, _repaired(encoder, point, snap=snap, known=known, chosen=chosen, rule=rule), seed=int(seeds[1])),
        )  # fmt: skip
        chosen.strategy.append(f"{n_model} by {member.name} ({world.verdict.picked} model{safe.told})")
    chosen.design.extend(picked)
    reasons = member.why(world, task, picked, seed=int(seeds[3])) if member.why else why_chosen(world, task, asked, picked, seed=int(seeds[3]))
    doubts = beliefs.doubts(picked) if beliefs is not None else [""] * len(picked)
    reasons = [sentence if other is None else other for sentence, other in zip(reasons, again or [None] * len(reasons), strict=True)]
    chosen.reasons.extend(f"{sentence}{safe.warning}{doubt}" for sentence, doubt in zip(reasons, doubts, strict=True))
    if n_filling:
        rest = build_pool(encoder, taken=torch.cat([known, picked]), seed=int(seeds[0]), snap=snap)
        if rule is not None:
            rest = at_values(rest, rule, snap=snap, known=torch.cat([known, picked]))
        left = safest(world, task, rest, n=n_filling, seed=int(seeds[1]))
        rest, why = left.pool, f"{why}{left.warning}"
        _add_filling(chosen, encoder, rest, n_filling, known=torch.cat([known, picked]), rule=rule, seed=int(seeds[1]), why=why)
    return chosen


def _add_filling(chosen: _Chosen, encoder: Encoder, pool: Pool, n: int, *, known: Tensor, rule: BatchRule | None, seed: int, why: str) -> None:
    pool = pool if chosen.beliefs is None else chosen.beliefs.workable(pool, n=n)
    if rule is not None:
        chosen.design.extend(
            seated(lambda left, k, had: fill(left, k, encoder=encoder, known=torch.cat([known, had]), seed=seed), pool, n, rule=rule, before=chosen.design)
        )
        chosen.reasons.extend([why] * n)
        chosen.strategy.append(f"{n} space-filling")
        return
    positions = list(range(n)) if not len(known) and pool.rows is None and not pool.exhaustive else fill(pool, n, encoder=encoder, known=known, seed=seed)
    if len(positions) < n:
        raise DesignError(f"Expected {n} more candidates, found {len(positions)}. Ask for fewer.")
    chosen.design.extend(pool.design[positions])
    chosen.reasons.extend([why] * n)
    chosen.strategy.append(f"{n} space-filling")


def _random(encoder: Encoder, n: int, *, snap: Snap | None, taken: Tensor, rule: BatchRule | None, seed: int) -> _Chosen:
    pool = build_pool(encoder, taken=taken, seed=seed, snap=snap, size=max(8 * n, 256), uniform=True)
    if len(pool) < n:
        raise DesignError(f"Expected {n} random candidates, found only {len(pool)} that are feasible and not yet measured or pending. Ask for {len(pool)}.")
    generator = torch.Generator().manual_seed(seed)
    if rule is None:
        drawn = pool.design[torch.randperm(len(pool), generator=generator)[:n]]
    else:
        rule = values_at_random(pool, rule, n=n, seed=seed)
        pool = at_values(pool, rule, snap=snap, known=taken)
        drawn = seated(lambda left, k, had: torch.randperm(len(left), generator=generator)[:k].tolist(), pool, n, rule=rule)
    return _Chosen(design=list(drawn), reasons=["Random, to compare with."] * n, strategy=[f"{n} random"])


def _with_neighbours(world: WorldModel, task: Task, pool: Pool, *, snap: Snap | None, known: Tensor, rule: BatchRule | None, seed: int) -> Pool:
    """The pool with points around the best expected ones, so that a draw's optimum is met more closely."""
    encoder = world.encoder
    posterior = world.posterior_at(pool.design)
    expected = torch.stack([posterior.readout(one, seed=seed).mean for one in task.readouts], dim=-1)
    centres = pool.design[joined(world, task, seed=seed)(expected).topk(min(16, len(pool))).indices]
    generator = torch.Generator().manual_seed(seed)
    around = centres.repeat_interleave(64, dim=0)
    step = 0.08 * torch.randn(around.shape, generator=generator, dtype=torch.double)
    for i in encoder.categorical_dims:
        step[:, i] = 0.0
    moved = (around + step).clamp_min(0.0)
    for i in range(moved.shape[1]):
        if i not in encoder.categorical_dims:
            moved[:, i] = moved[:, i].clamp(0.0, 1.0)
    if rule is not None:
        moved = rule.aligned(moved)
    rows = [snap(row) if snap else row for row in encoder.settings(moved)]
    fine = [row for row in rows if row is not None and not encoder.space.reasons_against(row)]
    extra = torch.unique(encoder.design_of(fine), dim=0) if fine else torch.empty(0, moved.shape[1], dtype=torch.double)
    if rule is not None:
        extra = rule.aligned(extra)
    both = torch.cat([pool.design, extra])
    nearest = torch.cdist(both, known).min(dim=1).values if len(known) else torch.ones(len(both))
    return Pool(design=both[nearest > 1e-9], rows=None, exhaustive=False)


def _within(pool: Pool, world: WorldModel, task: Task, *, second: WorldModel | None, seed: int, size: int = 4096) -> Pool:
    """At most `size` candidates for joint draws: those that may win, by marginals alone, and the favourites of a second model."""
    if len(pool) <= size:
        return pool
    own = size if second is None else size // 2
    keep = worth_a_look(world, member_for(task), task, pool.design, size=own, seed=seed)
    return pool.take(keep if second is None else keep | favourites(second, task, pool, size=size - own, seed=seed))


def _repaired(encoder: Encoder, point: Tensor, *, snap: Snap | None, known: Tensor, chosen: _Chosen, rule: BatchRule | None) -> Tensor | None:
    settings = encoder.settings(point.unsqueeze(0))[0]
    moved = snap(settings) if snap else settings
    reached = settings if moved is None else dict(moved)
    reasons = ["the bench can't make it"] if moved is None else encoder.space.reasons_against(reached)
    if reasons:
        chosen.refused.append(Refusal(settings=reached, why="; ".join(reasons)))
        return None
    repaired = encoder.design_of([reached])[0]
    if rule is not None:
        repaired = rule.aligned(repaired.unsqueeze(0))[0]
    return None if is_near(repaired, known) else repaired


def _safe(world: WorldModel, task: Task, point: Tensor | None, *, seed: int) -> Tensor | None:
    """A point that keeps the chance constraints, or None: the pool, where all do, decides then."""
    return point if point is not None and is_safe(world, task, point, seed=seed) else None


def _candidates(encoder: Encoder, chosen: _Chosen, asked: Sequence[Goal], *, seed: int) -> list[ProposedExperiment]:
    design = torch.stack(chosen.design)
    told = predictions(chosen.world, chosen.goals, asked, design, seed=seed) if chosen.world else [()] * len(design)
    told = stretched(told, chosen.correction)
    labels = _labels(encoder, design)
    candidates = []
    for k, settings in enumerate(encoder.settings(design)):
        reasons = encoder.space.reasons_against(settings)
        if reasons:
            raise DesignError(f"A proposed row breaks the space and is refused: {settings}: {'; '.join(reasons)}.")
        candidates.append(
            ProposedExperiment(
                id=f"C{k + 1:03d}", role="replicate" if k in chosen.repeats else "candidate", settings=settings, candidate=labels[k], predictions=told[k],
                reason=chosen.reasons[k], repeat_of=f"C{of + 1:03d}" if isinstance(of := chosen.repeats.get(k), int) else of,
            )
        )  # fmt: skip
    return candidates


def _labels(encoder: Encoder, design: Tensor) -> list[int | str | None]:
    """The row label of each design where the space is a table."""
    candidates = encoder.space.candidates
    if candidates is None:
        return [None] * len(design)
    table = encoder.design(candidates.columns)
    labels: list[int | str | None] = []
    for row in design:
        position = int((table - row).abs().amax(dim=1).argmin())
        label = candidates.labels[position]
        labels.append(int(label) if isinstance(label, int | np.integer) else str(label))
    return labels
