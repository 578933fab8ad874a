"""Ax as a rival, by its documentation's defaults: the `Client` with its own generation strategy, the start attached as completed trials."""

# mypy: disable-error-code="import-not-found"
# an environment of its own: none of our extras brings it
from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from .planner_nearest import NearestRow
from .planner_problem import Problem
from .planner_rivals import Told


class Peer(Told):
    """Grids are ordered choices and levels, other numbers are ranges. A point that is no row is moved, and Ax is told what was measured."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        import torch
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        torch.manual_seed(seed)
        logging.getLogger("ax").setLevel(logging.ERROR)
        self._nearest = NearestRow(problem)
        self._trials: dict[int, int] = {}
        self._client = Client(random_seed=seed)
        parameters, grid = [], self._nearest.is_grid()
        for column in problem.table.columns:
            cells = problem.table[column]
            if not self._nearest.is_number(column):
                parameters.append(ChoiceParameterConfig(name=column, values=sorted(cells.unique()), parameter_type="str", is_ordered=False))
            elif grid:
                parameters.append(ChoiceParameterConfig(name=column, values=sorted(set(map(float, cells))), parameter_type="float", is_ordered=True))
            else:
                parameters.append(RangeParameterConfig(name=column, bounds=(float(cells.min()), float(cells.max())), parameter_type="float"))
        self._client.configure_experiment(parameters=parameters)
        self._client.configure_optimization(objective="y")
        self._client.configure_generation_strategy(initialization_random_seed=seed)

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        super().observe(rows, y)
        for row, value in zip(rows, y, strict=True):
            trial = self._trials.pop(int(row), None)
            if trial is None:
                trial = self._client.attach_trial(parameters=self._nearest.settings(int(row)))
            self._client.complete_trial(trial_index=trial, raw_data={"y": float(value)})

    def propose(self, n: int) -> Sequence[int]:
        taken, chosen = set(self.rows), list[int]()
        while len(chosen) < n:
            told = self._client.get_next_trials(max_trials=n - len(chosen))
            if not told:
                raise RuntimeError("Ax proposed no trial")
            for trial, settings in told.items():
                before = self._nearest.moved
                row = self._nearest(settings, taken)
                if self._nearest.moved == before:
                    self._trials[row] = trial
                else:
                    self._client.mark_trial_abandoned(trial_index=trial)
                chosen.append(row)
                taken.add(row)
        return chosen
