"""One goal's part of the report: the best conditions, the comparison with chance, and the pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.explain.importance import Importances, importances
from planner.honesty.ledger import ledger_of
from world_model.fit import WorldModel
from world_model.terms.goals import Goal
from world_model.terms.lab import Lab
from world_model.terms.readings import Dataset

from ..state.beyond_limit import BeyondLimit, beyond_limit
from ..state.campaign_state import CampaignState
from ..state.foretold import foretold
from ..state.progress import is_simulated
from ..state.readout import true_readout
from .belief import Belief
from .best_so_far import best_so_far
from .by_chance import ByChance, by_chance
from .conditions import Condition, conditions, ranked
from .coverage import Checked, checked_predictions
from .pictures.honesty import draw_honesty
from .pictures.importance import draw_importance
from .pictures.picture import Picture
from .pictures.plates import draw_plates
from .pictures.predicted import draw_predicted
from .pictures.progress import draw_progress
from .pictures.slices import draw_slices
from .summary import Finding, estimates, finding
from .tables import Table, best_conditions
from .wells import plates

SHOWN_BEST = 5


@dataclass(frozen=True, kw_only=True)
class GoalPart:
    """What the report says and shows of one goal. `beyond` may be better than what was found. `missing` tells why a picture is not there."""

    goal: Goal
    every: tuple[Condition, ...]
    ranking: tuple[Condition, ...]
    pairs: tuple[Checked, ...]
    found: Finding | None
    beyond: BeyondLimit | None
    best: Table | None
    chance: ByChance | None
    why_no_chance: str
    pictures: tuple[Picture, ...]
    missing: tuple[str, ...]


def part_of_goal(
    state: CampaignState, data: Dataset, goal: Goal, *, belief: Belief, lab: Lab | None, random_curves: np.ndarray | None,
    units: dict[str, str], suffix: str,
) -> GoalPart:  # fmt: skip
    """Work out and draw everything that concerns one goal.

    Args:
        random_curves: `s x k`, the best true values of random campaigns; None where none were run.
        suffix: of the pictures' names, where there are several goals.
    """
    every = conditions(state, data, goal)
    ranking = ranked(every, goal)
    curve = best_so_far(state, data, goal, lab=lab)
    chance = by_chance(curve.best_true, random_curves, goal) if curve.best_true is not None and random_curves is not None else None
    pairs = checked_predictions(state, data, goal)
    top = ranking[:SHOWN_BEST] if goal.seeks_best else ()
    believed = estimates(belief.model, top, goal)
    truths = _truths(lab, top, state, goal)
    told = [one for one in foretold(state, data) if one.goal == str(goal)]
    matter = importances(belief.model, goal, seed=state.charter.seed) if belief.model is not None else None
    pictures = {
        ("Best so far: nothing was read of any candidate." if goal.seeks_best else "Best so far: this goal asks for knowledge, and no experiment is better than another."): draw_progress(curve, chance, goal, state.charter, name=f"best-so-far{suffix}"),
        "Predicted against observed: no prediction has met its result yet.": draw_predicted(pairs, goal, state.charter, name=f"predicted-observed{suffix}"),
        "Calibration by round: no prediction has met its result yet.": draw_honesty(
            ledger_of(str(goal), told), told, goal, state.charter, name=f"honesty{suffix}"
        ),
        f"Which factors matter: {belief.why_not or 'there is one alone, or the model sees no variation.'}": (
            draw_importance(matter, goal, state.charter, name=f"importance{suffix}") if matter is not None else None
        ),
        f"Slices of the model: {belief.why_not or 'no candidate was read.'}": _slices(belief.model, ranking, every, goal, state, f"slices{suffix}", matter),
        "Plates: no experiment has a well, for no protocol was compiled.": draw_plates(plates(state, data, goal), goal, state.charter, name=f"plates{suffix}"),
    }  # fmt: skip
    return GoalPart(
        goal=goal, every=every, ranking=ranking, pairs=pairs, chance=chance, why_no_chance=_why_no_chance(state, lab, random_curves),
        found=finding(state, top[0], goal, believed=believed[0], truth=truths[0] if truths else None) if top else None,
        beyond=beyond_limit(goal, data),
        best=best_conditions(state, top, goal, believed=believed, truths=truths, units=units) if top else None,
        pictures=tuple(picture for picture in pictures.values() if picture is not None),
        missing=tuple(why for why, picture in pictures.items() if picture is None),
    )  # fmt: skip


def _slices(
    model: WorldModel | None, ranking: tuple[Condition, ...], every: tuple[Condition, ...], goal: Goal, state: CampaignState, name: str,
    matter: Importances | None,
) -> Picture | None:  # fmt: skip
    order = [one.factor for one in matter.factors] if matter is not None else []
    return draw_slices(model, ranking[0], every, goal, state.charter, name=name, matter=order) if model is not None and ranking else None


def _truths(lab: Lab | None, top: tuple[Condition, ...], state: CampaignState, goal: Goal) -> list[float]:
    """The noise-free readouts; empty where no lab knows them."""
    if lab is None or not top:
        return []
    measurements = state.charter.measurements
    told = true_readout(goal, lab.truth([condition.settings for condition in top], measurements), measurements)
    return [float(number) for number in told]


def _why_no_chance(state: CampaignState, lab: Lab | None, random_curves: np.ndarray | None) -> str:
    if random_curves is None and lab is None and not is_simulated(state):
        return "There is no comparison with chance: in a real lab nobody has carried out random plates beside these."
    if random_curves is None:
        return "There is no comparison with chance: no random campaigns were run beside this one."
    if lab is None:
        return "There is no comparison with chance: it needs the simulated lab, whose true values both sides are judged by."
    return "There is no comparison with chance yet: one of the two sides has read nothing."


