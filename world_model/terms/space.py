"""The search space: factors with constraints, or a table of candidates. Never enumerated eagerly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from world_model.terms.condition import told_together
from world_model.terms.constraint import Columns, Constraint
from world_model.terms.constraint_faults import constraint_faults
from world_model.terms.derived import Derived
from world_model.terms.errors import SpaceError, nearest
from world_model.terms.factors import (
    ACT_KEYS,
    PRESENCE_KEYS,
    STRUCTURE_KEYS,
    Categorical,
    Continuous,
    Descriptors,
    Discrete,
    Factor,
    Ordinal,
)
from world_model.terms.forced import Settings, forced_by, settings_behind
from world_model.terms.interventions import Intervention
from world_model.terms.presence import absent_names, presence_faults
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
    constraints: tuple[Constraint, ...] = ()
    candidates: Candidates | None = None
    derived: tuple[Derived, ...] = ()

    def __post_init__(self) -> None:
        for name in ("factors", "constraints", "derived"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.factors:
            raise SpaceError("Expected at least one factor, found none. Add what can be varied.")
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SpaceError(f"Expected each factor's name once, found twice: {', '.join(twice)}. Rename one.")
        self._refuse_presence()
        for factor in self.factors:
            for _, at in hours_named(factor):
                if isinstance(at, str) and (at not in names or self[at].action != "time"):
                    times = [other.name for other in self.factors if other.action == "time"]
                    raise SpaceError(
                        f"Expected a factor with acts = 'time' for the time of {factor.name!r}, found {at!r}. "
                        f"{nearest(at, times) or 'Declare one, or give hours.'}"
                    )
        for told in constraint_faults(self.factors, self.constraints, self.derived):
            raise SpaceError(told)
        self._refuse_infeasible()
        for fault in span_faults(self):
            raise SpaceError(fault)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(factor.name for factor in self.factors)

    @property
    def level_names(self) -> dict[str, tuple[str, ...]]:
        """The levels of each factor that has some: what the codes of a column stand for."""
        return {factor.name: factor.levels for factor in self.factors if isinstance(factor, Categorical)}

    @property
    def is_conditional(self) -> bool:
        """Whether some factor exists only where others have certain values."""
        return any(factor.only_if for factor in self.factors)

    def __getitem__(self, name: str) -> Factor:
        for factor in self.factors:
            if factor.name == name:
                return factor
        raise SpaceError(f"Expected a factor's name, found {name!r}. {nearest(name, self.names)}")

    @classmethod
    def from_table(
        cls, frame: pd.DataFrame, *, descriptors: Mapping[str, pd.DataFrame] | None = None, factors: Sequence[Factor] = (),
        constraints: Sequence[Constraint] = (), derived: Sequence[Derived] = (),
    ) -> SearchSpace:  # fmt: skip
        """A space whose points are the rows of a table; the frame's index labels the candidates.

        Args:
            frame: one row a candidate, one column a factor; numbers make numeric factors, text makes categorical ones.
            descriptors: for a categorical column, a frame of numbers indexed by level.
            factors: declared factors replace the inferred ones of the same name.
            constraints: rows that break one are never proposed.

        Raises:
            SpaceError: no rows, a missing cell, two equal rows, a label twice, or a level without descriptors.
        """
        from world_model.terms.candidate_table import read_candidates

        found, candidates = read_candidates(frame, descriptors=descriptors or {}, declared={f.name: f for f in factors})
        return cls(factors=found, candidates=candidates, constraints=tuple(constraints), derived=tuple(derived))

    def reasons_against(self, settings: Settings) -> list[str]:
        """Every reason why a point is not of this space; empty where it is."""
        import numpy as np

        reasons = [f"{name}: unknown factor. {nearest(name, self.names)}" for name in settings if name not in self.names]
        absent = self.absent(settings)
        for factor in self.factors:
            if factor.name not in settings:
                reasons.append(f"{factor.name}: missing")
            elif factor.name in absent:
                if settings[factor.name] != factor.stand_in:
                    reasons.append(f"{factor.name}: expected {factor.stand_in!r}, for it is absent here, found {settings[factor.name]!r}")
            elif (reason := factor.reason_against(settings[factor.name])) is not None:
                reasons.append(f"{factor.name}: {reason}")
        if not reasons and self.constraints:
            columns = {name: np.array([value]) for name, value in settings.items()}
            reasons += [f"breaks {constraint}" for constraint in self.constraints if self.beyond(constraint, columns)[0] > 0]
        return reasons

    def absent(self, settings: Settings) -> frozenset[str]:
        """The factors that do not exist under these settings; a needed factor that is missing counts as its stand-in."""
        return absent_names(self.factors, settings)

    def whole(self, settings: Settings) -> dict[str, float | str]:
        """The settings with each absent factor at its stand-in, given or not: two such settings are one experiment."""
        return {**settings, **{name: self[name].stand_in for name in self.absent(settings)}}

    def beyond(self, constraint: Constraint, columns: Columns) -> np.ndarray:
        """How far each row is beyond one constraint: `n`, 0 where it holds.

        Args:
            columns: numbers, level names or codes of every factor.
        """
        if self.derived:
            columns = {**columns, **{word.name: word.value(columns) for word in self.derived if word.name in constraint.names}}
        return constraint.violation(columns, self.level_names)

    def allowed(self, columns: Columns, n: int) -> np.ndarray:
        """`n` flags: where rows break no constraint."""
        import numpy as np

        fine = np.ones(n, dtype=bool)
        for constraint in self.constraints:
            fine &= self.beyond(constraint, columns) == 0
        return fine

    def interventions(self, settings: Settings) -> tuple[Intervention, ...]:
        """What the settings force on the system. A time makes no intervention of its own."""
        absent = self.absent(settings)
        present = [factor for factor in self.factors if factor.name not in absent]
        return tuple(forced for factor in present if (forced := forced_by(factor, settings)) is not None)

    def settings(self, interventions: Sequence[Intervention]) -> dict[str, float | str]:
        """The factor values that interventions of this space stand for: the inverse of `interventions`.

        Raises:
            SpaceError: an intervention that no factor makes, or a factor left unset.
        """
        values = self.whole(settings_behind(interventions, self.factors))
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
        if self.derived:
            told["derived"] = [word.model_dump(mode="json") for word in self.derived]
        sha = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        if self.candidates is not None:
            sha.update("\x1f".join(map(str, self.candidates.labels)).encode())
            for name in self.names:
                sha.update(self.candidates.columns[name].tobytes())
        return sha.hexdigest()

    def _refuse_presence(self) -> None:
        for name, fault in presence_faults(self.factors):
            raise SpaceError(f"{name}, {fault.keys[0]}: {fault}")
        if self.candidates is not None and self.is_conditional:
            raise SpaceError("Expected factors that are always there in a table of candidates, found only_if. A table lists its rows as they are: leave it out.")

    def _refuse_infeasible(self) -> None:
        if not self.constraints:
            return
        from world_model.terms.conflict import conflict_of, conflict_of_rows

        if self.candidates is not None:
            if not self.allowed(self.candidates.columns, len(self.candidates)).any():
                rows = conflict_of_rows(self.constraints, {id(one): self.beyond(one, self.candidates.columns) == 0 for one in self.constraints})
                raise SpaceError(f"Expected a candidate that meets the constraints, found none: {'; '.join(map(str, rows))}. Loosen one, or add rows.")
            return
        found = conflict_of(self.factors, self.constraints, derived=self.derived, violation=self.beyond)
        if found is not None:
            concerned = [factor for factor in self.factors if any(factor.name in one.names for one in found.constraints)]
            about = ", ".join(describe_factor(factor) for factor in concerned[:6]) + (" …" if len(concerned) > 6 else "")
            what = "none within the factors' bounds" if len(found.constraints) == 1 else f"{len(found.constraints)} that conflict"
            raise SpaceError(f"Expected constraints that some point meets, found {what}: {'; '.join(map(str, found.constraints))} ({about}). {found.mend}")


def _told(factor: Factor) -> dict[str, Any]:
    """A factor as data, without the keys that its way of acting does not have: such a factor keeps its digest when words are added."""
    return {key: value for key, value in factor.model_dump(mode="json").items() if not (key in (*ACT_KEYS, *STRUCTURE_KEYS, *PRESENCE_KEYS) and value is None)}


def describe_factor(factor: Factor) -> str:
    """One line for people: `glucose: 2 to 40 mM`."""
    only = f", only if {told_together(factor.only_if)}" if factor.only_if else ""
    if isinstance(factor, Categorical):
        extra = f", {len(factor.descriptors.names)} descriptors" if factor.descriptors else ""
        order = f" in order, {factor.levels[0]} to {factor.levels[-1]}" if isinstance(factor, Ordinal) else ""
        return f"{factor.name}: {len(factor.levels)} levels{order}{extra}{only}"
    if isinstance(factor, Discrete):
        return f"{factor.name}: one of {factor._shown()} {factor.unit}".rstrip() + only
    low, high = factor.bounds
    if isinstance(factor, Continuous) and factor.zero_or_at_least is not None:
        return f"{factor.name}: 0, or {factor.zero_or_at_least:g} to {high:g} {factor.unit}".rstrip() + only
    log = ", log scale" if isinstance(factor, Continuous) and factor.scale == "log" else ""
    return f"{factor.name}: {low:g} to {high:g} {factor.unit}".rstrip() + log + only


__all__ = ["Candidates", "Descriptors", "SearchSpace", "Settings", "describe_factor"]
