"""What to do next: one round's batch, with predictions and reasons, every row validated against the space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from world_model.contract import Contestant
from world_model.encoding import Encoder
from world_model.mechanisms.mechanism import Mechanism
from world_model.terms.campaign_doc import Batch, Control
from world_model.terms.errors import DesignError
from world_model.terms.goal_conflicts import Join
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.priors import Prior
from world_model.terms.proposal import Proposal, ProposedExperiment
from world_model.terms.readings import Dataset
from world_model.terms.space import SearchSpace

from .acquisitions.feasibility import safest
from .acquisitions.fitness import competing
from .acquisitions.registry import member_for
from .acquisitions.task import Task
from .beliefs.beliefs import Beliefs
from .by_model import LARGE_BATCH, add_by_model
from .candidates import candidates_of
from .draft import Chosen, Frame, Seeds, Snap
from .endpoint import endpoint_view
from .hits.view import hits_view, seeks_hits
from .honesty.correction import correction
from .honesty.foretold import Foretold
from .plates.choice import choose_values
from .plates.lift import at_values
from .plates.repeats import refuse_other_tasks
from .plates.rule import rule_of
from .plates.told import on_plates
from .pool import build_pool
from .roles import with_roles
from .sources.believe import believe
from .sources.earlier import Earlier
from .without_model import add_filling, at_random, opening

Strategy = Literal["auto", "random", "endpoint"]
FEWEST_INTERVENTIONS = 5  # distinct interventions with a reading before a model is asked
_WEAK = "Space-filling: earlier data of another kind are all that the model has, so half of the batch explores."

__all__ = ["FEWEST_INTERVENTIONS", "LARGE_BATCH", "Snap", "Strategy", "propose"]


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
    rounds_left: int | None = None,
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
        rounds_left: rounds that the budget still holds, this one among them: repeats that are left to the planner pay towards the end.

    Raises:
        DesignError: fewer than `n` feasible candidates are left, or a row breaks the space after all repairs.
    """
    encoder = Encoder(space)
    controls = [control.model_copy(update={"settings": space.whole(control.settings)}) for control in controls]
    asked = Task(goals=tuple(goals), constraints=tuple(outcome_constraints), join=join, controls={one.name: one.settings for one in controls})
    if batch.replicates == "auto":
        refuse_other_tasks(asked)
        data = replace(data, noise="unknown")
    frame = Frame(
        encoder=encoder, round=round, batch=batch, rule=rule_of(encoder, batch, controls, n=n), snap=snap, progress=progress, rounds_left=rounds_left,
        done=encoder.design(data.settings) if len(data) else torch.empty(0, len(space.factors), dtype=torch.double),
        waiting=encoder.design_of([row.settings for row in pending if row.role in ("candidate", "replicate", "control")]),
        seeds=Seeds(*map(int, np.random.SeedSequence([seed, round]).generate_state(4))),
    )  # fmt: skip
    if strategy == "random":
        chosen = at_random(frame, n)
    else:
        own = strategy == "auto"  # the rival does without what others know, and without what is learned from failures
        chosen = _planned(
            frame, n, asked=asked, data=data, strategy=strategy, previous_model=previous_model, mechanism=mechanism, contestants=contestants,
            contexts=contexts or {}, sources=sources if own else (), foretold=foretold, beliefs=Beliefs.of(encoder, data, priors) if own else None,
        )  # fmt: skip
    whole = with_roles(candidates_of(frame, chosen, goals), batch=batch, controls=controls, round=round)
    return Proposal(
        round=round, experiments=whole if frame.rule is None else on_plates(whole, frame.rule), strategy=chosen.told,
        model=chosen.model, refused=tuple(chosen.refused), seed=seed,
    )  # fmt: skip


def _planned(
    frame: Frame, n: int, *, asked: Task, data: Dataset, strategy: Strategy, previous_model: Mapping[str, object] | None,
    mechanism: Mechanism | None, contestants: Sequence[str | Contestant], contexts: Mapping[str, str], sources: Sequence[Earlier],
    foretold: Sequence[Foretold] | None, beliefs: Beliefs | None,
) -> Chosen:  # fmt: skip
    encoder, seeds, task = frame.encoder, frame.seeds, asked
    pool = build_pool(encoder, taken=frame.known, seed=seeds.pool, snap=frame.snap)
    if len(pool) < n:
        raise DesignError(f"Expected {n} candidates, found only {len(pool)} that are feasible and not yet measured or pending. Ask for {len(pool)}.")
    if strategy == "endpoint":
        view = endpoint_view(data, asked)
        data, task, mechanism = view.data, view.task, None
    elif seeks_hits(asked.goals):
        hits = hits_view(data, asked.goals)
        sources = [replace(one, data=hits_view(one.data, asked.goals).data) for one in sources]
        data, task, mechanism = hits.data, replace(asked, goals=hits.goals), None
    member = member_for(task)
    believed = believe(
        encoder.space, data, sources=sources, seed=seeds.model, goals=task.readouts, fewest=FEWEST_INTERVENTIONS,
        entered=competing(member, contestants, task=task, encoder=encoder), mechanism=mechanism, last=previous_model, contexts=contexts,
        progress=frame.progress,
    )  # fmt: skip
    world = believed.world
    chosen = Chosen(goals=task.goals, world=world, model=believed.model)
    if beliefs is not None:
        beliefs = chosen.beliefs = beliefs if world is None else beliefs.after(world, task.goals, pool.design, seed=seeds.choice)
        task = replace(task, beliefs=beliefs)
        if world is not None and not all(goal.seeks_best and goal.direction != "hits" for goal in task.goals):
            pool = beliefs.workable(pool, n=n)
    if world is None:
        opening(frame, pool, n, task=task, chosen=chosen)
        return chosen
    rule = frame.rule
    if rule is not None:
        rule = choose_values(
            world, task, pool=pool, rule=rule, n=n, pending=frame.waiting, snap=frame.snap, seed=seeds.choice, progress=frame.progress
        )
        pool = at_values(pool, rule, snap=frame.snap, known=frame.known)
    safe = safest(world, task, pool, n=n, seed=seeds.choice)
    corrected = chosen.correction = correction(world, chosen.goals, asked.goals, foretold, seed=seeds.told)
    # a batch of one is the model's, or nothing would ever be learned from the model
    n_filling, why = (n + 1) // 2 if believed.weak and n > 1 and not member.explores else 0, _WEAK
    if (wells := corrected.exploring.wells(n, round=frame.round)) > n_filling:
        n_filling, why = wells, f"Space-filling, for predictions failed: {corrected.exploring.why}"
    if n_filling == n:
        add_filling(frame, safe.pool, n, known=frame.known, rule=rule, chosen=chosen, why=why)
        return chosen
    picked = add_by_model(
        frame, world, task, safe, n - n_filling, asked=asked, member=member, rule=rule, data=data, mechanism=mechanism, chosen=chosen
    )
    if n_filling:
        known = torch.cat([frame.known, picked])
        rest = build_pool(encoder, taken=known, seed=seeds.pool, snap=frame.snap)
        rest = rest if rule is None else at_values(rest, rule, snap=frame.snap, known=known)
        left = safest(world, task, rest, n=n_filling, seed=seeds.choice)
        add_filling(frame, left.pool, n_filling, known=known, rule=rule, chosen=chosen, why=f"{why}{left.warning}")
    return chosen
