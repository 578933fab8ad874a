"""The verb: from records to a certificate. Each level is judged on records that the fit has not seen; the highest unbroken one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..contract import Contestant, Progress, Training
from ..fit import WorldModel
from ..terms.certificate import Certificate, Level, LevelEvidence
from ..terms.errors import ResultsError
from ..terms.goals import Goal
from .action import action_level
from .counterfactual import LabTruth, Layout, level_from_branches, level_from_records
from .effects import Readouts, noise_of_reading
from .figures import finite
from .fingerprint import model_sha256
from .forecast import forecast_level
from .held_out import HeldOut, hold_out
from .planning import Lift, PlanOutcome, level_from_rounds, level_inside_out
from .recipe import Judged, Recipe
from .reliability import pit_counts, reliability, trusted_to
from .rung import FEWEST
from .split import folds, leaks

NO_LAYOUT = Layout(randomised=False, why="nothing is known of how the experiments were laid out.")


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """What is known beside the records.

    Attributes:
        layout: how actions were dealt out over wells.
        truth: a simulated lab that can branch; with it L3 and L4 are simulator results.
        plans: what was promised before and reached since, of the first goal.
        lift: over random campaigns at equal budget.
    """

    layout: Layout = NO_LAYOUT
    truth: LabTruth | None = None
    plans: Sequence[PlanOutcome] = ()
    lift: Lift | None = None


def certify(
    training: Training, *, data_sha256: str, version: str, seed: int, goals: Sequence[Goal] = (), recipe: Recipe | None = None,
    world: WorldModel | None = None, beyond: Beyond | None = None, progress: Progress | None = None,
) -> Certificate:  # fmt: skip
    """Judge every level that the evidence reaches.

    Args:
        data_sha256, version: for the certificate's hashes.
        goals: what effects and plans are read out as; without them each observable's last reading, and no level 4.
        recipe: what is certified; the judge's choice among the planner's contestants where none is named.
        world: the recipe fitted to everything, for the verdict's scores.

    Raises:
        ResultsError: fewer distinct interventions than anything can be judged by.
        NextwellError: the recipe can't be fitted to a part of the records.
    """
    chosen, known = recipe or Judged(), beyond or Beyond()
    splits = folds(training, seed=seed)
    if len(splits) < 2:
        raise ResultsError(f"Expected at least {FEWEST} distinct interventions to judge a model by, found {training.n_interventions}. Record more results.")
    held = hold_out(chosen, training, splits, seed=seed, progress=progress)
    levels = [forecast_level(held), action_level(held), *_beyond_action(chosen, held, known, goals=goals, seed=seed, progress=progress)]
    picked = world.verdict.picked if world is not None else chosen.name
    contestants: Sequence[str | Contestant] = chosen.contestants if isinstance(chosen, Judged) else ()
    return Certificate(
        level=highest(levels), subject=chosen.name, picked=picked, seed=seed, n_records=len(training), n_interventions=training.n_interventions,
        folds=len(splits), levels=tuple(levels), leaks=leaks(training, splits),
        scores={name: finite(score) for name, score in world.verdict.scores.items()} if world is not None else {},
        verdict=world.verdict.why if world is not None else "", reliability=reliability(held), pit=pit_counts(held), trusted_to_h=trusted_to(held),
        data_sha256=data_sha256,
        model_sha256=model_sha256(contestants, purpose=chosen.purpose if isinstance(chosen, Judged) else "", picked=picked, seed=seed, version=version),
    )  # fmt: skip


def highest(levels: Sequence[LevelEvidence]) -> Level:
    """The highest level for which all lower ones hold."""
    reached: Level = 0
    for rung in sorted(levels, key=lambda one: one.level):
        if not rung.held or rung.level != reached + 1:
            break
        reached = rung.level
    return reached


def _beyond_action(
    recipe: Recipe, held: HeldOut, known: Beyond, *, goals: Sequence[Goal], seed: int, progress: Progress | None
) -> list[LevelEvidence]:
    training = held.training
    noise = noise_of_reading(Readouts.of_training(training, goals), training, state=held.state, reading=held.reading)
    if known.truth is None:
        third = level_from_records(held, known.layout, goals=goals, seed=seed)
    else:
        if progress:
            progress(f"branching futures in the simulated lab {known.truth.name}")
        third = level_from_branches(recipe.fit(training, seed=seed), training, known.truth, noise, goals=goals, seed=seed)
    if not goals:
        return [third, LevelEvidence(level=4, held=False, why="Not evaluated: there is no goal to plan for.", needed="A goal.")]
    fourth = level_from_rounds(known.plans, goals[0], noise=float(noise[0]), lift=known.lift, seed=seed)
    if known.truth is not None:
        fourth = _both(fourth, level_inside_out(held.predictors, training, known.truth, goals[0], lift=None, seed=seed), bool(known.plans))
    return [third, fourth]


def _both(prospective: LevelEvidence, inside: LevelEvidence, has_plans: bool) -> LevelEvidence:
    """In a simulated lab plans are scored outside the model, and stored promises count beside that where there are any."""
    if not has_plans:
        return inside
    evidence = (*prospective.evidence, *inside.evidence)
    if prospective.held and inside.held:
        return prospective.model_copy(update={"evidence": evidence})
    failed = [one for one in (prospective, inside) if not one.held]
    return LevelEvidence(level=4, held=False, why=" ".join(one.why for one in failed), evidence=evidence, needed=" ".join(one.needed for one in failed))
