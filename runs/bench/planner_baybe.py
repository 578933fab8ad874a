"""BayBE as a rival, by its documentation's defaults: a campaign over the table, the two-phase recommender."""

# mypy: disable-error-code="import-not-found"
# an environment of its own: none of our extras brings it
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .planner_problem import Problem
from .planner_rivals import Told


class Peer(Told):
    """A full product of levels is a product space of their own kinds; any other table is one parameter with a label a row."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        import torch
        from baybe import Campaign
        from baybe.parameters import CategoricalParameter, CustomDiscreteParameter, NumericalDiscreteParameter
        from baybe.searchspace import SearchSpace
        from baybe.targets import NumericalTarget
        from baybe.utils.random import set_random_seed

        torch.manual_seed(seed)
        set_random_seed(seed)
        table, parameters = problem.table.copy(), []
        counts = [table[column].nunique() for column in table]
        if int(np.prod([float(n) for n in counts])) == len(table):
            for column in table.columns:
                if column in problem.descriptors:
                    parameters.append(CustomDiscreteParameter(column, problem.descriptors[column], decorrelate=False))
                elif pd.api.types.is_numeric_dtype(table[column]):
                    table[column] = table[column].astype(float)
                    parameters.append(NumericalDiscreteParameter(column, sorted(set(table[column]))))
                else:
                    parameters.append(CategoricalParameter(column, sorted(table[column].unique()), encoding="OHE"))
        else:
            labels = [f"r{i}" for i in range(len(table))]
            unit = pd.DataFrame(problem.unit, index=labels, columns=[f"u{j}" for j in range(problem.unit.shape[1])])
            table, parameters = pd.DataFrame({"row": labels}), [CustomDiscreteParameter("row", unit, decorrelate=False)]
        # its default would spend the budget on measured rows
        self._campaign = Campaign(SearchSpace.from_product(parameters), NumericalTarget("y").to_objective(), allow_recommending_already_measured=False)
        self._table, self._columns = table, list(table.columns)
        self._row = {key: row for row, key in enumerate(table.itertuples(index=False, name=None))}

    def observe(self, rows: Sequence[int], y: np.ndarray) -> None:
        super().observe(rows, y)
        self._campaign.add_measurements(self._table.iloc[list(rows)].assign(y=np.asarray(y, dtype=float)))

    def propose(self, n: int) -> Sequence[int]:
        told = self._campaign.recommend(batch_size=n)
        return [self._row[key] for key in told[self._columns].itertuples(index=False, name=None)]
