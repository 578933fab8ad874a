"""The campaign file: what can be varied, what is measured, what is wanted, and what may be spent."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PlainValidator, SerializerFunctionWrapHandler, model_serializer, model_validator

from world_model.terms.any_constraint import ToldConstraint
from world_model.terms.card import Card
from world_model.terms.contexts import Context
from world_model.terms.derived import Derived
from world_model.terms.errors import nearest
from world_model.terms.factors import Factor
from world_model.terms.goal_conflicts import Join, goal_conflicts
from world_model.terms.goals import Goal, Measurement
from world_model.terms.late_doses import late_doses
from world_model.terms.mechanism_doc import MechanismDoc
from world_model.terms.outcome_constraint import OutcomeConstraint
from world_model.terms.priors import Prior
from world_model.terms.shared import Shared
from world_model.terms.sources import SourceTable
from world_model.terms.stop import Stop, stop_faults
from world_model.terms.word import Name, Text, Word


class CandidateFile(Word):
    """A table of candidates instead of a product space. Its columns are factors; `[[factors]]` may declare some of them."""

    file: Text | None = Field(None, description="CSV or Parquet, relative to the campaign file; without it the table given to `run --lab table:FILE`")
    label: Name | None = Field(None, description="column that labels the rows; else they are numbered from 0")
    columns: tuple[Name, ...] = Field((), description="the factor columns; else every column but the label and the measurements")
    descriptors: dict[Name, Text] = Field(default_factory=dict, description="factor → CSV whose first column holds the levels")


class Control(Word):
    """Wells that are the same on every plate: a known point that tells a bad plate from a bad idea."""

    name: Name
    wells: int = Field(ge=1)
    settings: dict[Name, float | str]


def _replicates(given: object) -> int | str:
    if given == "auto" or (isinstance(given, int) and not isinstance(given, bool) and given >= 1):
        return given
    raise ValueError(f"expected a whole number of at least 1, or 'auto', found {given!r}")


class Batch(Word):
    """One round: new candidates, and in how many wells each of them stands (1: no replicates).

    With `replicates = "auto"` a round has `candidates` wells, and for each of them the planner decides: a new point, or a repeat of one
    that was measured or is in the batch already.
    """

    candidates: int = Field(8, ge=1)
    replicates: Annotated[int | Literal["auto"], PlainValidator(_replicates, json_schema_input_type=int | Literal["auto"])] = Field(
        1, description="wells per candidate; 'auto': for each well a new point or a repeat, whichever tells more of the best"
    )
    blanks: int = Field(0, ge=0, description="wells with medium and no cells")
    shared: tuple[Shared, ...] = Field((), description="factors that take few values in a round, on a plate or in a block of wells")
    plate_wells: int | None = Field(None, ge=1, description="wells of one plate, where no lab file says; a round may then take several plates")

    @property
    def shared_names(self) -> tuple[str, ...]:
        """Every factor that is shared. A control may leave these out: it then takes what its plate has."""
        return tuple(name for entry in self.shared for name in entry.factors)

    @property
    def wells_each(self) -> int:
        """Wells of one candidate."""
        return self.replicates if isinstance(self.replicates, int) else 1

    @model_validator(mode="after")
    def _shared_once(self) -> Self:
        named = [name for entry in self.shared for name in entry.factors]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"shared: expected each factor in one entry, found in several: {', '.join(twice)}")
        if sum(entry.per == "block" for entry in self.shared) > 1:
            raise ValueError("shared: expected at most one entry with per = 'block', found several. Blocks that cross each other are no rule yet: name their factors in one entry")
        for entry in self.shared:
            if self.plate_wells is not None and sum(entry.blocks) > self.plate_wells:
                raise ValueError(f"shared: expected blocks that fit a plate of {self.plate_wells} wells, found {sum(entry.blocks)} in {list(entry.blocks)}")
        return self

    @model_serializer(mode="wrap")
    def _without_new_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """A batch without shared values is the data that it was before there were any."""
        told: dict[str, object] = handler(self)
        for key, default in (("shared", ()), ("plate_wells", None)):
            if getattr(self, key) == default:
                told.pop(key, None)
        return told


class Budget(Word):
    """What may be spent. Every well counts: candidates, replicates, controls and blanks."""

    experiments: int | None = Field(None, ge=1)
    rounds: int | None = Field(None, ge=1)


class CampaignDoc(Word):
    """A campaign file (`campaign.toml`)."""

    name: Name
    system: Name = "unnamed system"
    zero: Text = Field("start", description="the event that all hours count from, e.g. inoculation")
    seed: int = Field(0, ge=0)
    lab: Text | None = Field(None, description="lab file beside this one; without it no protocol is written")
    answers: Text | None = Field(None, description="a simulated lab that answers `run`: microplate, penicillin, sbml:FILE, table:FILE")
    context: dict[Name, float | str] = Field(default_factory=dict, description="what is kept fixed, e.g. temperature_c = 37")
    factors: tuple[Factor, ...] = ()
    contexts: tuple[Context, ...] = Field((), description="what is recorded of each experiment and not chosen: batch, day, donor, cell line")
    derived: tuple[Derived, ...] = Field((), description="what follows from the factors by a formula: shown to the model, usable in constraints")
    constraints: tuple[ToldConstraint, ...] = ()
    candidates: CandidateFile | None = None
    measurements: tuple[Measurement, ...] = Field(min_length=1)
    goals: tuple[Goal, ...] = Field(min_length=1)
    join: Join = Field("pareto", description="several goals: a front that nobody has weighed, or one number", exclude_if=lambda join: join == "pareto")
    outcome_constraints: tuple[OutcomeConstraint, ...] = Field((), description="what outcomes must keep to", exclude_if=lambda told: not told)
    mechanism: MechanismDoc | None = Field(None, description="a simulation as prior knowledge; models without it compete with it")
    priors: tuple[Prior, ...] = Field((), description="where somebody thinks that the best lies")
    sources: tuple[SourceTable, ...] = Field((), description="earlier data of other kinds: other conditions, another campaign, a simulator")
    batch: Batch = Batch()
    controls: tuple[Control, ...] = ()
    budget: Budget = Budget()
    stop: Stop = Field(Stop(), description="when a next batch is no longer worth its wells")
    card: Card = Card()

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        measured = [measurement.name for measurement in self.measurements]
        twice = sorted({name for name in measured if measured.count(name) > 1})
        if twice:
            raise ValueError(f"measurements: expected each name once, found twice: {', '.join(twice)}")
        for i, goal in enumerate(self.goals):
            if goal.readout not in measured:
                raise ValueError(f"goals[{i}].readout: expected a measurement's name, found {goal.readout!r}. {nearest(goal.readout, measured)}")
        for i, constraint in enumerate(self.outcome_constraints):
            if constraint.readout not in measured:
                raise ValueError(f"outcome_constraints[{i}].readout: expected a measurement's name, found {constraint.readout!r}. {nearest(constraint.readout, measured)}")
        for conflict in goal_conflicts(
            tuple(enumerate(self.goals)), tuple(enumerate(self.outcome_constraints)), join=self.join, measurements=self.measurements,
            controls=[control.name for control in self.controls],
        ):  # fmt: skip
            raise ValueError(str(conflict))
        if self.batch.replicates == "auto" and ((self.join == "pareto" and len(self.goals) > 1) or any(goal.direction == "hits" or not goal.seeks_best for goal in self.goals)):
            raise ValueError(f"batch.replicates: expected a number, or 'auto' beside one goal to make best (or several that are joined), found 'auto' beside: {', '.join(map(str, self.goals))}")
        if not self.factors and self.candidates is None:
            raise ValueError("expected [[factors]] or [candidates], found neither; say what can be varied")
        names = [factor.name for factor in self.factors]
        conditional = [factor.name for factor in self.factors if factor.only_if]
        overlap = sorted(set(names) & set(measured))
        if overlap:
            raise ValueError(f"expected factors and measurements of different names, found both: {', '.join(overlap)}")
        told = [context.name for context in self.contexts]
        for i, name in enumerate(told):
            if name in names or name in measured or name in self.context or told.count(name) > 1:
                raise ValueError(f"contexts[{i}].name: expected a name of its own, found {name!r}, which is a factor, a measurement or another context")
        if self.candidates is None:
            for i, control in enumerate(self.controls):
                for name in control.settings:
                    if name not in names:
                        raise ValueError(f"controls[{i}].settings: expected a factor's name, found {name!r}. {nearest(name, names)}")
                missing = [name for name in names if name not in control.settings and name not in conditional and name not in self.batch.shared_names]
                if missing:
                    raise ValueError(f"controls[{i}].settings: expected a value for each factor, found none for {', '.join(missing)}")
            for i, entry in enumerate(self.batch.shared):
                if unknown := [name for name in entry.factors if name not in names]:
                    raise ValueError(f"batch.shared[{i}].factors: expected a factor's name, found {unknown[0]!r}. {nearest(unknown[0], names)}")
        for i, prior in enumerate(self.priors if self.candidates is None else ()):
            if reasons := prior.reasons_against(self.factors):
                raise ValueError(f"priors[{i}].near: {reasons[0]}")
        for i, source in enumerate(self.sources):
            if source.name in [other.name for other in self.sources[:i]]:
                raise ValueError(f"sources[{i}].name: expected each name once, found {source.name!r} again. Rename one of the two")
        for fault in stop_faults(self.stop, self.goals):
            raise ValueError(f"stop.{fault.key}: expected {fault.expected}, found {fault.found}. {fault.mend}")
        for late in late_doses(self.factors, self.measurements):
            raise ValueError(f"factors[{names.index(late.factor)}].{late.key}: expected {late.expected}, found {late.found}. {late.mend}")
        return self

    @property
    def wells_per_round(self) -> int:
        """Wells that one full round uses."""
        return self.batch.candidates * self.batch.wells_each + self.batch.blanks + sum(control.wells for control in self.controls)
