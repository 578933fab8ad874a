"""BoFire as a rival, by its documentation's defaults: `SoboStrategy` with its own model, acquisition and optimiser."""

# mypy: disable-error-code="import-not-found"
# an environment of its own: none of our extras brings it
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .planner_nearest import NearestRow
from .planner_problem import Problem
from .planner_rivals import Told


class Peer(Told):
    """Grids are discrete inputs, other numbers continuous ones; descriptors where the problem has them. A point that is no row is moved."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        import bofire.strategies.api as strategies
        import torch
        from bofire.data_models.domain.api import Domain, Inputs, Outputs
        from bofire.data_models.features.api import (
            CategoricalDescriptorInput,
            CategoricalInput,
            ContinuousInput,
            ContinuousOutput,
            DiscreteInput,
        )
        from bofire.data_models.objectives.api import MaximizeObjective
        from bofire.data_models.strategies.api import SoboStrategy

        torch.manual_seed(seed)
        self._nearest = NearestRow(problem)
        features, grid = [], self._nearest.is_grid()
        for column in problem.table.columns:
            cells = problem.table[column]
            if column in problem.descriptors:
                told = problem.descriptors[column]
                names = [f"{column}_{name}" for name in told.columns]
                features.append(CategoricalDescriptorInput(key=column, categories=list(map(str, told.index)), descriptors=names, values=told.to_numpy(dtype=float).tolist()))
            elif not self._nearest.is_number(column):
                features.append(CategoricalInput(key=column, categories=sorted(cells.unique())))
            elif grid:
                features.append(DiscreteInput(key=column, values=sorted(set(map(float, cells)))))
            else:
                features.append(ContinuousInput(key=column, bounds=(float(cells.min()), float(cells.max()))))
        domain = Domain(inputs=Inputs(features=features), outputs=Outputs(features=[ContinuousOutput(key="y", objective=MaximizeObjective(w=1.0))]))
        self._strategy = strategies.map(SoboStrategy(domain=domain, seed=seed))

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        super().observe(rows, y)
        frame = self.problem.table.iloc[list(rows)].reset_index(drop=True)
        numbers = {column: frame[column].astype(float) for column in frame if self._nearest.is_number(column)}
        self._strategy.tell(frame.assign(**numbers, y=np.asarray(y, dtype=float), valid_y=1))

    def propose(self, n: int) -> Sequence[int]:
        taken, chosen = set(self.rows), list[int]()
        for settings in self._strategy.ask(n)[list(self.problem.table.columns)].to_dict("records"):
            row = self._nearest(settings, taken)
            chosen.append(row)
            taken.add(row)
        return chosen
