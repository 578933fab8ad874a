"""A fitted world model as a Gymnasium environment: an episode is one experiment, a reset draws one hypothesis of the world.

Because each episode is another hypothesis, an agent can't live on the errors of one mean model; because designs far from what was
learned end the episode (or cost), it can't live outside of the data. What it earns inside is a simulator result: score it outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from .decisions import Decision, decisions, undecided
from .encoding import Encoder
from .fit import WorldModel
from .one_world import ModelWorlds, World, Worlds
from .readouts import read_out
from .terms.errors import DesignError, nearest
from .terms.factors import Categorical
from .terms.goals import Goal
from .terms.space import SearchSpace
from .trust import Range

try:
    import gymnasium
    from gymnasium import spaces
except ImportError as fault:
    raise ImportError("Expected gymnasium for an environment, found none. Install it with: pip install 'nextwell[gym]'.") from fault

Actions = Literal["settings", "unit"]
Beyond = Literal["end", "penalise"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What an experiment is about, apart from how the world answers.

    Attributes:
        times_h: `t` hours at which readings are taken; a single nan for an end point.
        variables: `y` names.
        goal: its readout, turned so that more is better, is what an episode earns.
        worst: what an episode earns that leaves the range: no experiment that was learned from earned less.
        span: how much more than that the best of them earned.
        range: what was learned from.
    """

    space: SearchSpace
    times_h: np.ndarray
    variables: tuple[str, ...]
    goal: Goal
    worst: float
    span: float
    range: Range

    @classmethod
    def of(cls, world: WorldModel, goal: Goal) -> Task:
        """The task of a campaign's model and one of its goals."""
        known = world.fitted.beliefs(world.training.design).mean
        earned = goal.score(read_out(goal, known, times_h=world.times_h, variables=world.variables))
        return cls(
            space=world.space, times_h=world.times_h.numpy(), variables=world.variables, goal=goal, worst=float(earned.min()),
            span=float(earned.max() - earned.min()), range=world.range,
        )


class ExperimentEnvironment(gymnasium.Env[dict[str, Any], Any]):
    """One experiment, decided step by step.

    Step k decides the factors that may first act at `decisions[k].at_h` (starts and settings at 0 h, a dose when it may first be
    given) and lets the experiment run to the next decision, or to its end. Only their entries of the action count. `info` tells
    which come next (`decides`), the settings so far, and how far they lie out of range (1 is the limit).

    Observation: `readings` `y` (each in its own unit, with the reader's noise, 0 where missing), `read` `y` (1 where there is
    a reading), `hours` (of the readings; of an end point 0 before and 1 after it), `decided` `d` (each factor on its own scale
    in 0 to 1, 0 until it is decided).

    Action: `settings`: a dictionary, for each numeric factor one number in the factor's own unit, for each category the index of
    its level. `unit`: a box of `d` numbers in 0 to 1, each factor on its own scale. Values between steps of a discrete factor
    go to the nearest one.

    Reward: how much the goal's readout grew since the last step (turned so that more is better), so that the rewards of an episode
    add up to the readout of the whole experiment. Source: potential-based shaping, Ng, Harada & Russell (1999).

    Args:
        worlds: where each reset draws a hypothesis from.
        missing: the share of readings that are not taken.
        beyond: what happens out of range: `end` ends the episode with the worst earnings that were learned from; `penalise` takes
            the distance from the best to the worst of these for each limit that a design lies too far out, at the step that brings it there. A design that the
            space refuses always ends the episode.
    """

    metadata = {"render_modes": []}

    def __init__(self, worlds: Worlds, task: Task, *, actions: Actions = "settings", missing: float = 0.0, beyond: Beyond = "end") -> None:
        if not 0 <= missing < 1:
            raise DesignError(f"Expected a share of missing readings from 0 to below 1, found {missing:g}.")
        self.worlds, self.task, self.actions, self.missing, self.beyond = worlds, task, actions, missing, beyond
        self.encoder = Encoder(task.space)
        self.is_end_point = len(task.times_h) == 1
        self.end_h = 1.0 if self.is_end_point else float(task.times_h[-1])
        self.decisions: tuple[Decision, ...] = (
            (Decision(at_h=0.0, factors=task.space.names),) if self.is_end_point else decisions(task.space, end_h=self.end_h)
        )
        self.action_space = _box_of_unit(task.space) if actions == "unit" else _dictionary(task.space)
        y, d = len(task.variables), len(task.space.factors)
        self.observation_space = spaces.Dict(
            {
                "readings": spaces.Box(-np.inf, np.inf, (y,), np.float64), "read": spaces.MultiBinary(y),
                "hours": spaces.Box(0.0, self.end_h, (1,), np.float64), "decided": spaces.Box(0.0, 1.0, (d,), np.float64),
            }
        )  # fmt: skip
        self._world: World | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """A new experiment in a new world.

        Args:
            options: `{"hypothesis": i}` takes world i, so that two policies can be compared in the same ones.
        """
        super().reset(seed=seed)
        drawn = (options or {}).get("hypothesis")
        self._world = self.worlds.draw(int(self.np_random.integers(2**31 - 1)) if drawn is None else int(drawn))
        self._settings = undecided(self.task.space)
        self._decided: tuple[str, ...] = ()
        self._step, self._earned, self._charged = 0, 0.0, 0.0
        self._curve: np.ndarray | None = None
        return self._observation(None), self._info()

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Decide what is to be decided now, and run to the next decision."""
        if self._world is None or self._step >= len(self.decisions):
            raise DesignError("Expected an episode that has begun and not ended, found none. Call reset() first.")
        decision = self.decisions[self._step]
        self._settings |= self._told(action, decision.factors)
        self._decided += decision.factors
        reasons, far = self.task.space.reasons_against(self._settings), self._far()
        if reasons or (far > 1 and self.beyond == "end"):
            self._step = len(self.decisions)
            why = reasons or [f"out of range: {far:.1f} times the limit"]
            return self._observation(None), self.task.worst - self._earned, True, False, {**self._info(), "refused": why}
        self._run(decision.at_h)
        self._step += 1
        ended = self._step == len(self.decisions)
        until_h = self.end_h if ended else self.decisions[self._step].at_h
        earned = self._potential(until_h)
        reward, self._earned = earned - self._earned, earned
        charge = self.task.span * max(far - 1, 0.0)
        reward, self._charged = reward - (charge - self._charged), charge
        return self._observation(until_h), float(reward), ended, False, self._info()

    def _run(self, from_h: float) -> None:
        """The trajectory under the settings so far; what has happened stays as it was."""
        assert self._world is not None
        told = self._world.state(self._settings)
        if self._curve is None or self.is_end_point:
            self._curve = told
        else:
            self._curve = np.where((self.task.times_h <= from_h + 1e-9)[:, None], self._curve, told)

    def _potential(self, until_h: float) -> float:
        """The goal's readout of the trajectory until an hour, turned so that more is better."""
        assert self._curve is not None
        goal = self.task.goal
        then = np.ones(1, bool) if self.is_end_point else self.task.times_h <= until_h + 1e-9
        if not then.any() or (goal.take not in ("end", "peak") and then.sum() == 1 and not self.is_end_point):
            return 0.0
        if goal.at_h is not None and goal.at_h > self.task.times_h[then][-1]:
            goal = goal.model_copy(update={"at_h": None})
        told = read_out(goal, torch.as_tensor(self._curve[then]), times_h=torch.as_tensor(self.task.times_h[then]), variables=self.task.variables)
        return float(goal.score(told))

    def _observation(self, until_h: float | None) -> dict[str, Any]:
        y = len(self.task.variables)
        readings, read, hour = np.zeros(y), np.zeros(y, dtype=np.int8), 0.0
        if until_h is not None and self._world is not None and self._curve is not None:
            last = 0 if self.is_end_point else int(np.searchsorted(self.task.times_h, until_h + 1e-9)) - 1
            noise, kept = self.np_random.standard_normal(y), self.np_random.random(y) >= self.missing
            hour = until_h if self.is_end_point or last < 0 else float(self.task.times_h[last])
            if last >= 0:
                read = kept.astype(np.int8)
                readings = np.where(kept, self._curve[last] + self._world.noise_sd(self._settings)[last] * noise, 0.0)
        unit = self._unit()
        decided = np.array([unit[i] if name in self._decided else 0.0 for i, name in enumerate(self.task.space.names)])
        return {"readings": readings, "read": read, "hours": np.array([min(max(hour, 0.0), self.end_h)]), "decided": np.clip(decided, 0.0, 1.0)}

    def _info(self) -> dict[str, Any]:
        nexts = self.decisions[self._step].factors if self._step < len(self.decisions) else ()
        return {"decides": nexts, "settings": dict(self._settings), "out_of_range": self._far() if self._decided else 0.0}

    def _far(self) -> float:
        """How far the settings lie from what was learned: 1 is the limit."""
        score = float(self.task.range.score(self.encoder.design_of([self._settings]))[0])
        return score / self.task.range.limit

    def _unit(self) -> np.ndarray:
        told: np.ndarray = self.encoder.design_of([self._settings])[0].numpy()
        levels = np.array([max(len(f.levels) - 1, 1) if isinstance(f, Categorical) else 1 for f in self.task.space.factors])
        return told / levels

    def _told(self, action: Any, factors: tuple[str, ...]) -> dict[str, float | str]:
        """The settings that an action gives the factors that are decided now."""
        if self.actions == "unit":
            unit = np.asarray(action, dtype=float)
            if unit.shape != (len(self.task.space.factors),):
                raise DesignError(f"Expected {len(self.task.space.factors)} numbers in 0 to 1, found an action of shape {unit.shape}.")
            cells = [
                min(int(value * len(factor.levels)), len(factor.levels) - 1) if isinstance(factor, Categorical) else value
                for factor, value in zip(self.task.space.factors, unit, strict=True)
            ]
            whole = self.encoder.settings(torch.tensor([cells], dtype=torch.double))[0]
            return {name: whole[name] for name in factors}
        given: Mapping[str, Any] = action
        missing = [name for name in factors if name not in given]
        if missing:
            raise DesignError(f"Expected a value for {', '.join(missing)}, which is decided now, found none. {nearest(missing[0], given)}")
        told: dict[str, float | str] = {}
        for name in factors:
            factor = self.task.space[name]
            if isinstance(factor, Categorical):
                told[name] = factor.levels[int(given[name])]
                continue
            value, (low, high) = float(np.asarray(given[name]).reshape(-1)[0]), factor.bounds
            whole = {**self._settings, name: value}
            is_stepped = factor.kind in ("discrete", "integer") and low <= value <= high
            told[name] = self.encoder.settings(self.encoder.design_of([whole]))[0][name] if is_stepped else value
        return told


def environment(
    world: WorldModel, goal: Goal, *, actions: Actions = "settings", missing: float = 0.0, beyond: Beyond = "end"
) -> ExperimentEnvironment:
    """A fitted world model as an environment; see `ExperimentEnvironment`."""
    return ExperimentEnvironment(ModelWorlds(world), Task.of(world, goal), actions=actions, missing=missing, beyond=beyond)


def _dictionary(space: SearchSpace) -> spaces.Dict:
    told: dict[str, spaces.Space[Any]] = {}
    for factor in space.factors:
        if isinstance(factor, Categorical):
            told[factor.name] = spaces.Discrete(len(factor.levels))
        else:
            told[factor.name] = spaces.Box(factor.bounds[0], factor.bounds[1], (1,), np.float64)
    return spaces.Dict(told)


def _box_of_unit(space: SearchSpace) -> spaces.Box:
    return spaces.Box(0.0, 1.0, (len(space.factors),), np.float64)
