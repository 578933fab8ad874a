"""The search space: factors with constraints, or a table of candidates. Never enumerated eagerly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from world_model.terms.constraints import Linear
from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import ACT_KEYS, NUMERIC_KINDS, STRUCTURE_KEYS, Categorical, Continuous, Descriptors, Discrete, Factor
from world_model.terms.forced import Settings, forced_by, settings_behind
from world_model.terms.interventions import Intervention
from world_model.terms.times import hours_named, span_faults

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# a numeric column of a table with more distinct values than this is a continuous factor
MOST_DISCRETE_VALUES = 50


@dataclass(frozen=True)
class Candidates:
    """Rows that can be chosen, by column. `labels` is `n` (int or str), `columns[factor]` is `n`: numbers, or level codes."""

    labels: np.ndarray
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class SearchSpace:
    """What can be asked for.

    Raises:
        SpaceError: names twice, a constraint on an unknown or categorical factor, a dose, hold or ramp whose time is no
            factor, constraints that no point meets, or a hold that may end before it begins or overlap with another.
    """

    factors: tuple[Factor, ...]
    constraints: tuple[Linear, ...] = ()
    candidates: Candidates | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", tuple(self.factors))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        if not self.factors:
            raise SpaceError("Expected at least one factor, found none. Add what can be varied.")
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SpaceError(f"Expected each factor's name once, found twice: {', '.join(twice)}. Rename one.")
        numeric = [factor.name for factor in self.factors if isinstance(factor, NUMERIC_KINDS)]
        for factor in self.factors:
            for _, at in hours_named(factor):
                if isinstance(at, str) and (at not in names or self[at].action != "time"):
                    times = [other.name for other in self.factors if other.action == "time"]
                    raise SpaceError(
                        f"Expected a factor with acts = 'time' for the time of {factor.name!r}, found {at!r}. "
                        f"{nearest(at, times) or 'Declare one, or give hours.'}"
                    )
        for constraint in self.constraints:
            for name in constraint.terms:
                if name not in numeric:
                    kind = "a categorical factor" if name in names else "an unknown name"
                    raise SpaceError(f"Expected numeric factors in the constraint {constraint}, found {kind}: {name!r}. {nearest(name, numeric)}")
        self._refuse_infeasible()
        for fault in span_faults(self):
            raise SpaceError(fault)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(factor.name for factor in self.factors)

    def __getitem__(self, name: str) -> Factor:
        for factor in self.factors:
            if factor.name == name:
                return factor
        raise SpaceError(f"Expected a factor's name, found {name!r}. {nearest(name, self.names)}")

    @classmethod
    def from_table(
        cls, frame: pd.DataFrame, *, descriptors: Mapping[str, pd.DataFrame] | None = None, factors: Sequence[Factor] = ()
    ) -> SearchSpace:
        """A space whose points are the rows of a table; the frame's index labels the candidates.

        Args:
            frame: one row a candidate, one column a factor; numbers make numeric factors, text makes categorical ones.
            descriptors: for a categorical column, a frame of numbers indexed by level.
            factors: declared factors replace the inferred ones of the same name.

        Raises:
            SpaceError: no rows, a missing cell, two equal rows, a label twice, or a level without descriptors.
        """
        from world_model.terms.candidate_table import read_candidates

        found, candidates = read_candidates(frame, descriptors=descriptors or {}, declared={f.name: f for f in factors})
        return cls(factors=found, candidates=candidates)

    def reasons_against(self, settings: Settings) -> list[str]:
        """Every reason why a point is not of this space; empty where it is."""
        import numpy as np

        reasons = [f"{name}: unknown factor. {nearest(name, self.names)}" for name in settings if name not in self.names]
        for factor in self.factors:
            if factor.name not in settings:
                reasons.append(f"{factor.name}: missing")
            elif (reason := factor.reason_against(settings[factor.name])) is not None:
                reasons.append(f"{factor.name}: {reason}")
        if not reasons:
            for constraint in self.constraints:
                columns = {name: np.array([settings[name]]) for name in constraint.terms}
                if constraint.violation(columns)[0] > 0:
                    reasons.append(f"breaks {constraint}")
        return reasons

    def interventions(self, settings: Settings) -> tuple[Intervention, ...]:
        """What the settings force on the system. A time makes no intervention of its own."""
        return tuple(forced for factor in self.factors if (forced := forced_by(factor, settings)) is not None)

    def settings(self, interventions: Sequence[Intervention]) -> dict[str, float | str]:
        """The factor values that interventions of this space stand for: the inverse of `interventions`.

        Raises:
            SpaceError: an intervention that no factor makes, or a factor left unset.
        """
        values = settings_behind(interventions, self.factors)
        missing = [name for name in self.names if name not in values]
        if missing:
            raise SpaceError(f"Expected a value for each factor, found none for {', '.join(missing)}.")
        return {name: values[name] for name in self.names}

    def candidate_settings(self, row: int) -> dict[str, float | str]:
        """The settings of one row of the candidate table, by position."""
        if self.candidates is None:
            raise SpaceError("Expected a space with a table of candidates, found a product space.")
        values: dict[str, float | str] = {}
        for factor in self.factors:
            cell = self.candidates.columns[factor.name][row]
            values[factor.name] = factor.levels[int(cell)] if isinstance(factor, Categorical) else float(cell)
        return values

    def digest(self) -> str:
        """SHA-256 over factors, constraints and candidates: two equal spaces have one digest."""
        told: dict[str, Any] = {
            "factors": [_told(factor) for factor in self.factors],
            "constraints": [constraint.model_dump(mode="json") for constraint in self.constraints],
        }
        sha = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        if self.candidates is not None:
            sha.update("\x1f".join(map(str, self.candidates.labels)).encode())
            for name in self.names:
                sha.update(self.candidates.columns[name].tobytes())
        return sha.hexdigest()

    def _refuse_infeasible(self) -> None:
        if not self.constraints:
            return
        import numpy as np
        from scipy.optimize import linprog

        if self.candidates is not None:
            beyond = sum(constraint.violation(self.candidates.columns) for constraint in self.constraints)
            if not (np.asarray(beyond) == 0).any():
                raise SpaceError(f"Expected a candidate that meets the constraints, found none: {'; '.join(map(str, self.constraints))}.")
            return
        numeric = [factor for factor in self.factors if isinstance(factor, NUMERIC_KINDS)]
        column = {factor.name: i for i, factor in enumerate(numeric)}
        upper, upper_rhs, equal, equal_rhs = [], [], [], []
        for constraint in self.constraints:
            row = np.zeros(len(numeric))
            for name, weight in constraint.terms.items():
                row[column[name]] = weight
            if constraint.equals is not None:
                equal.append(row)
                equal_rhs.append(constraint.equals)
            elif constraint.at_most is not None:
                upper.append(row)
                upper_rhs.append(constraint.at_most)
            elif constraint.at_least is not None:
                upper.append(-row)
                upper_rhs.append(-constraint.at_least)
        answer = linprog(
            np.zeros(len(numeric)), A_ub=upper or None, b_ub=upper_rhs or None, A_eq=equal or None, b_eq=equal_rhs or None,
            bounds=[factor.bounds for factor in numeric], method="highs",
        )  # fmt: skip
        if answer.status == 2:
            raise SpaceError(
                f"Expected constraints that some point meets, found none within the factors' bounds: "
                f"{'; '.join(map(str, self.constraints))}. Widen a bound or loosen a constraint."
            )


def _told(factor: Factor) -> dict[str, Any]:
    """A factor as data, without the keys that its way of acting does not have: such a factor keeps its digest when words are added."""
    return {key: value for key, value in factor.model_dump(mode="json").items() if not (key in (*ACT_KEYS, *STRUCTURE_KEYS) and value is None)}


def describe_factor(factor: Factor) -> str:
    """One line for people: `glucose: 2 to 40 mM`."""
    if isinstance(factor, Categorical):
        extra = f", {len(factor.descriptors.names)} descriptors" if factor.descriptors else ""
        return f"{factor.name}: {len(factor.levels)} levels{extra}"
    if isinstance(factor, Discrete):
        return f"{factor.name}: one of {factor._shown()} {factor.unit}".rstrip()
    low, high = factor.bounds
    log = ", log scale" if isinstance(factor, Continuous) and factor.scale == "log" else ""
    return f"{factor.name}: {low:g} to {high:g} {factor.unit}".rstrip() + log


__all__ = ["Candidates", "Descriptors", "SearchSpace", "Settings", "describe_factor"]
