"""What a campaign was opened with: its file without what only matters to the reader of the file."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from world_model.terms.any_constraint import AnyConstraint
from world_model.terms.campaign_doc import Batch, Budget, CampaignDoc, Control
from world_model.terms.constraint import Constraint
from world_model.terms.contexts import Context
from world_model.terms.derived import Derived
from world_model.terms.errors import ConflictError
from world_model.terms.factors import Factor
from world_model.terms.goal_conflicts import Join
from world_model.terms.goals import Goal, Measurement
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.priors import Prior
from world_model.terms.space import SearchSpace
from world_model.terms.stop import Stop
from world_model.terms.word import Name, Text, Word


class Charter(Word):
    """The terms of a campaign.

    A product space is kept whole. Of a table of candidates only the column names, the number of rows and the digest are
    kept: a million rows stay where they lie, and only the labels of chosen rows enter the journal.
    """

    name: Name
    system: Name = "unnamed system"
    zero: Text = "start"
    seed: int = Field(0, ge=0)
    context: dict[Name, float | str] = Field(default_factory=dict)
    contexts: tuple[Context, ...] = ()
    factor_names: tuple[Name, ...] = Field(min_length=1)
    factors: tuple[Factor, ...] = Field((), description="empty where the candidates are a table")
    constraints: tuple[AnyConstraint, ...] = ()
    derived: tuple[Derived, ...] = ()
    n_candidates: int | None = None
    candidates_digest: str | None = None
    measurements: tuple[Measurement, ...] = Field(min_length=1)
    goals: tuple[Goal, ...] = Field(min_length=1)
    join: Join = Field("pareto", exclude_if=lambda join: join == "pareto")
    outcome_constraints: tuple[OutcomeConstraint, ...] = Field((), exclude_if=lambda told: not told)
    batch: Batch = Batch()
    controls: tuple[Control, ...] = ()
    budget: Budget = Budget()
    stop: Stop = Field(Stop(), exclude_if=lambda stop: stop == Stop())
    priors: tuple[Prior, ...] = ()
    sources: tuple[Text, ...] = Field((), description="earlier data of other kinds, each in a line")
    answers: Text | None = None
    protocol: bool = Field(False, description="a lab file is named: rounds are compiled and approved before results come in")
    kind: Literal["charter"] = "charter"

    @classmethod
    def of(cls, doc: CampaignDoc, space: SearchSpace) -> Charter:
        """The charter of a campaign file and the space that it describes."""
        return cls(
            name=doc.name, system=doc.system, zero=doc.zero, seed=doc.seed, context=doc.context, contexts=doc.contexts, **space_terms(space),
            measurements=doc.measurements, goals=doc.goals, join=doc.join, outcome_constraints=doc.outcome_constraints, batch=doc.batch, controls=doc.controls, budget=doc.budget, stop=doc.stop,
            priors=doc.priors, sources=tuple(str(source) for source in doc.sources), answers=doc.answers, protocol=doc.lab is not None,
        )  # fmt: skip

    def measurement(self, name: str) -> Measurement:
        """The measurement of that name (goals were checked to name one when the campaign file was read)."""
        return next(measurement for measurement in self.measurements if measurement.name == name)


def space_terms(space: SearchSpace) -> dict[str, object]:
    """What a charter keeps of a space."""
    if space.candidates is None:
        return {"factor_names": space.names, "factors": space.factors, "constraints": space.constraints, "derived": space.derived}
    # the digest is over factors and rows; constraints may be revised and are kept apart
    bare = SearchSpace(factors=space.factors, candidates=space.candidates)
    return {
        "factor_names": space.names, "constraints": space.constraints, "derived": space.derived, "n_candidates": len(space.candidates), "candidates_digest": bare.digest(),
    }  # fmt: skip


class Change(Word):
    """One field of a charter that was changed after the campaign was opened."""

    field: Text
    was: Text
    now: Text

    def __str__(self) -> str:
        return f"{self.field}: {self.was} → {self.now}"


# what may change on the way; everything else is what past results mean, and stays
REVISABLE = ("contexts", "goals", "join", "outcome_constraints", "batch", "controls", "budget", "stop", "constraints", "derived", "priors", "sources", "seed", "answers", "protocol")
# what may change when somebody says so, see `amend`: the data stay what they are
OF_THE_SPACE = ("factor_names", "factors", "n_candidates", "candidates_digest", "measurements")


def revision(was: Charter, now: Charter, *, may_change: Collection[str] = REVISABLE) -> tuple[Change, ...]:
    """What changed between two charters of one campaign; empty where nothing did.

    Raises:
        ConflictError: a change that would give past results another meaning; each such field is named.
    """
    changed = [field for field in Charter.model_fields if getattr(was, field) != getattr(now, field)]
    fixed = [field for field in changed if field not in may_change]
    if fixed:
        told = "; ".join(_difference(field, was, now) for field in fixed)
        raise ConflictError(
            f"Expected campaign {was.name!r} to be what it was opened with, found changed: {told}. "
            + (
                "Take the change over, the data stay: nextwell amend CAMPAIGN.toml --space --reason WHY (in a notebook: campaign.amend(space=…)). "
                "Or undo it, or start a new campaign: give the file another `name`."
                if set(fixed) <= set(OF_THE_SPACE)
                else "Past results would mean something else. Undo the change, or start a new campaign: give the file another `name`."
            )
        )
    return tuple(Change(field=field, was=_shown(getattr(was, field)), now=_shown(getattr(now, field))) for field in changed)


def _difference(field: str, was: Charter, now: Charter) -> str:
    if field in ("factors", "measurements"):
        before = {item.name: item for item in getattr(was, field)}
        after = {item.name: item for item in getattr(now, field)}
        parts = [f"{name} {_shown(before[name])} → {_shown(after[name])}" for name in before if name in after and before[name] != after[name]]
        parts += [f"{name} taken out" for name in before if name not in after] + [f"{name} put in" for name in after if name not in before]
        return f"{field} ({', '.join(parts) or 'their order'})"
    if field == "candidates_digest":
        return f"the table of candidates ({was.n_candidates or 0:,} rows → {now.n_candidates or 0:,} rows, other content)"
    return f"{field} ({_shown(getattr(was, field))} → {_shown(getattr(now, field))})"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value) or "none"
    if isinstance(value, Goal):
        return value.in_full
    if isinstance(value, OutcomeConstraint | Constraint | Derived):
        return str(value)
    if isinstance(value, Word):
        given = value.model_dump(mode="json", exclude_defaults=True)
        return " ".join(f"{key}={given[key]}" for key in given if key != "name")[:200] or "defaults"
    return str(value)[:200]
