"""The `sbml` lab: any SBML file as truth, behind a sensor; two futures can branch from one saved state.

Factors and measurements go by the ids of the model: a factor that is set is a constant, one that starts a species, and doses, holds,
ramps and knock-outs act as the campaign says. `[context]` fixes further constants and starts, and tells of time and sensor:
`time_unit` (s, min, h, d; else h), `end_h` (when end points are read), `noise_cv` (else 0.05 of the reading) and `noise_sd` (else 0, in
the measurement's unit). Blanks read the sensor around zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from world_model.mechanisms.actions import Doings, Start, doings
from world_model.mechanisms.open import target_of
from world_model.mechanisms.sbml import SbmlMechanism, SbmlSpec, hours_in
from world_model.mechanisms.sbml_model import read_model
from world_model.terms.errors import ResultsError, SpaceError, nearest
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.mechanism_doc import Observed

from .tidy import Row, asked, raw_file, sample_times

if TYPE_CHECKING:
    from world_model.terms.campaign_doc import CampaignDoc
    from world_model.terms.space import SearchSpace

Settings = Mapping[str, float | str]
NOISE_CV = 0.05
_WORDS = ("time_unit", "end_h", "noise_cv", "noise_sd")


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """Gaussian: `cv` of the reading, and `sd` that remains at zero, in the measurement's unit."""

    cv: float = NOISE_CV
    sd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SbmlLab:
    """Attributes:
    truths: the compiled model with the campaign's factors and measurements.
    fixed: what the context fixes.
    """

    space: SearchSpace
    measurements: tuple[Measurement, ...]
    truths: SbmlMechanism
    sensor: Sensor
    fixed: tuple[Start, ...] = ()
    name: str = "sbml"

    @classmethod
    def read(cls, file: Path, *, space: SearchSpace, doc: CampaignDoc) -> SbmlLab:
        """The lab of a file.

        Raises:
            MechanismError: no SBML, or a name that the model does not know.
            SpaceError: a context that the model or the lab does not know.
        """
        model = read_model(file)
        targets = {factor.name: target for factor in space.factors if (target := target_of(factor, factor.acts_on, model)) is not None}
        end_h = _number(doc.context, "end_h", default=max((hour for one in doc.measurements for hour in one.at_h), default=None))
        if end_h is None:
            raise SpaceError("Expected the hour at which end points are read (end_h in [context]), found none.")
        spec = SbmlSpec(
            factors=targets, observables={one.name: Observed(of=one.name) for one in doc.measurements}, end_h=end_h,
            hours=hours_in(str(doc.context.get("time_unit", "h"))), estimable=(),
        )  # fmt: skip
        fixed = []
        for name, value in doc.context.items():
            if name in _WORDS:
                continue
            able = (*model.parameters, *model.floating, *model.boundary)
            if name not in able or isinstance(value, str):
                raise SpaceError(f"context.{name}: expected a number for an id of {model.origin} ({', '.join(_WORDS)} apart), found {value!r}. {nearest(name, able)}")
            fixed.append(Start(target=name, value=float(value), how="set", quantity=None if name in model.parameters else "concentration"))
        sensor = Sensor(cv=_number(doc.context, "noise_cv", default=NOISE_CV) or 0.0, sd=_number(doc.context, "noise_sd", default=0.0) or 0.0)
        return cls(space=space, measurements=tuple(doc.measurements), truths=SbmlMechanism(file, spec), sensor=sensor, fixed=tuple(fixed))

    def answer(self, order: LabOrder) -> RawFile:
        """The truth through the sensor; every reading has noise of its own.

        Raises:
            ResultsError: a measurement that this lab does not make, or an experiment for which the integrator fails.
        """
        positions = asked(order)
        self._check(order.measurements)
        made = [i for i in positions if order.experiments[i].role != "blank"]
        hours = sample_times(order.measurements)
        truth = np.zeros((len(order.experiments), len(hours), len(order.measurements)))
        truth[made] = self.truth([self.space.settings(order.experiments[i].interventions) for i in made], order.measurements)
        source = np.random.default_rng([order.seed, order.round])
        relative, absolute = source.standard_normal((2, *truth.shape))
        read = truth * (1.0 + self.sensor.cv * relative) + self.sensor.sd * absolute
        rows = []
        for y, measurement in enumerate(order.measurements):
            for i in positions:
                for hour in measurement.at_h or (None,):
                    t = len(hours) - 1 if hour is None else int(np.searchsorted(hours, hour))
                    rows.append(Row(position=i, time_h=hour, measurement=measurement, value=f"{read[i, t, y]:.8g}"))
        return raw_file(order, rows, lab=self.name)

    def truth(self, settings: Sequence[Settings], measurements: Sequence[Measurement]) -> np.ndarray:
        """Noise-free, `n x t x y`, at the union of the sample times.

        Raises:
            ResultsError: the integrator fails, with the settings for which it does.
        """
        self._check(measurements)
        return np.stack([self._run(given, measurements) for given in settings]) if settings else np.zeros((0, len(sample_times(measurements)), len(measurements)))

    def branch(self, history: Settings, plans: Sequence[Settings], *, at_h: float, measurements: Sequence[Measurement]) -> np.ndarray:
        """Futures of one past, `n x t x y` at the union of the sample times, equal until `at_h` and each its plan's from then on.

        The history runs until `at_h`; there the model's whole state is saved. Each future starts from that very state: constants take the
        plan's values, and what the plan does at or after `at_h` is done. What a plan would have started a species from is past.

        Raises:
            ResultsError: `at_h` lies outside the sample times, or the integrator fails.
        """
        self._check(measurements)
        times_h, selections = self._times(measurements), self._selections(measurements)
        if not 0 <= at_h < times_h[-1]:
            raise ResultsError(f"Expected a branch from 0 to before {times_h[-1]:g} h, found {at_h:g} h.")
        past, futures, done = times_h[times_h <= at_h], times_h[times_h > at_h], self._done(history)
        told = np.zeros((len(plans), len(times_h), len(measurements)))
        try:
            self.truths.start(done, scaled={})
            # the last stop is the branch itself, so that the state is that of `at_h` and not of the last sample before it
            before = self.truths.advance([c for c in done.changes if c.at_h < at_h], np.unique([*past, at_h]), selections, now_h=0.0)
            saved = self.truths.save()
            for i, plan in enumerate(plans):
                self.truths.restore(saved)
                after = self._done(plan)
                self.truths.set_constants(after)
                changes = [change for change in after.changes if change.at_h >= at_h]
                told[i, : len(past)] = before[: len(past)]
                told[i, len(past) :] = self.truths.advance(changes, futures, selections, now_h=at_h)
        except RuntimeError as fault:
            raise ResultsError(f"Expected the model to run for these futures, found that its integrator fails: {str(fault)[:200]}") from fault
        return told

    def _run(self, settings: Settings, measurements: Sequence[Measurement]) -> np.ndarray:
        ran = self.truths.run(self._done(settings), self._times(measurements), self._selections(measurements), scaled={})
        if ran is None or not np.isfinite(ran).all():
            told = ", ".join(f"{name} = {value}" for name, value in settings.items())
            raise ResultsError(f"Expected settings for which the model runs, found that its integrator fails for {told}. Narrow the factors' bounds.")
        return ran

    def _done(self, settings: Settings) -> Doings:
        told = doings(self.truths.spec.factors, settings)
        return replace(told, starts=(*self.fixed, *told.starts))

    def _times(self, measurements: Sequence[Measurement]) -> np.ndarray:
        hours = sample_times(measurements)
        return np.array([self.truths.spec.end_h]) if np.isnan(hours).all() else hours

    def _selections(self, measurements: Sequence[Measurement]) -> list[str]:
        return self.truths.selections([one.name for one in measurements])

    def _check(self, measurements: Sequence[Measurement]) -> None:
        known = [one.name for one in self.measurements]
        for measurement in measurements:
            if measurement.name not in known:
                raise ResultsError(f"Expected a measurement that the lab was opened with, found {measurement.name!r}. {nearest(measurement.name, known)}")


def _number(context: Mapping[str, float | str], key: str, *, default: float | None) -> float | None:
    value = context.get(key, default)
    if isinstance(value, str) or (value is not None and value < 0):
        raise SpaceError(f"context.{key}: expected a number of at least 0, found {value!r}.")
    return value
