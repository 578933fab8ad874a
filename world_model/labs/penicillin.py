"""The `penicillin` lab: BoTorch's fed-batch simulator, a truth that nextwell did not write, and an assay's noise on top.

The simulator (botorch.test_functions.Penicillin, after Liang and Lai 2021, NeurIPS AI for Science workshop) steps hour
by hour and stops by itself: when the vessel is full, the glucose is gone, or no more penicillin is made. It returns the penicillin
then reached and the hour. How it got there stays inside the function, so this lab has end points and no time courses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from botorch.test_functions.multi_objective import Penicillin

from world_model.terms.errors import ResultsError, SpaceError, nearest
from world_model.terms.factors import Categorical
from world_model.terms.goals import Measurement
from world_model.terms.lab import LabOrder, RawFile
from world_model.terms.space import SearchSpace
from world_model.terms.units import check_unit

from .tidy import Row, asked, raw_file

# The simulator's inputs in its own order, with the unit of each; the bounds are asked of the simulator.
INPUTS = {
    "culture_volume": "L", "biomass_concentration": "g/L", "temperature": "K", "glucose_concentration": "g/L",
    "substrate_feed_rate": "L/h", "substrate_feed_concentration": "g/L", "pH": "",
}  # fmt: skip
# What is read, with its unit and its column of the simulator's answer, which is to be minimised: penicillin comes with a minus sign.
READ = {"penicillin": "g/L", "fermentation_time": "h"}
# Assay noise: 3 % of the reading, and 0.05 g/L that remain at zero.
NOISE_CV = 0.03
NOISE_G_PER_L = 0.05


@dataclass(frozen=True)
class PenicillinLab:
    """A fed-batch fermenter.

    Args:
        space: its factors are among the seven inputs; `context` fixes the others.

    Raises:
        SpaceError: an unknown factor, another unit, a bound outside the simulator's, or an input that nothing sets.
        ResultsError: a measurement other than penicillin and fermentation_time, or one over time.
    """

    space: SearchSpace
    measurements: Sequence[Measurement]
    context: Mapping[str, float | str] = field(default_factory=dict)
    name: str = "penicillin"

    def __post_init__(self) -> None:
        bounds = dict(zip(INPUTS, Penicillin._bounds, strict=True))
        for factor in self.space.factors:
            if factor.name not in INPUTS:
                raise SpaceError(f"Expected an input of the penicillin simulator, found factor {factor.name!r}. {nearest(factor.name, INPUTS)}")
            if isinstance(factor, Categorical) or check_unit(factor.unit) != check_unit(INPUTS[factor.name]):
                wanted = INPUTS[factor.name] or "no unit (it is a pH)"
                raise SpaceError(f"Factor {factor.name!r}: expected numbers in {wanted}, found {factor.unit or 'no unit'!r}.")
            if factor.action not in ("start", "set"):
                raise SpaceError(f"Factor {factor.name!r}: expected what is the same all run (acts = 'set'), found acts = {factor.action!r}. The simulator takes no times.")
            low, high = bounds[factor.name]
            if factor.bounds[0] < low or factor.bounds[1] > high:
                raise SpaceError(
                    f"Factor {factor.name!r}: expected bounds within {low:g} to {high:g} {factor.unit}, where the simulator holds, "
                    f"found {factor.bounds[0]:g} to {factor.bounds[1]:g}."
                )
        for name in INPUTS:
            if name in self.space.names:
                continue
            value = self.context.get(name)
            if isinstance(value, str) or value is None:
                raise SpaceError(f"Expected a factor or a number in [context] for {name!r} ({INPUTS[name] or 'pH'}), found {value!r}.")
            if not bounds[name][0] <= value <= bounds[name][1]:
                raise SpaceError(f"context.{name}: expected {bounds[name][0]:g} to {bounds[name][1]:g} {INPUTS[name]}, found {value:g}.")
        self._check(self.measurements)

    def answer(self, order: LabOrder) -> RawFile:
        """One end point an experiment; a blank reads the assay's noise around zero.

        Raises:
            ResultsError: a measurement that this lab does not make, or a setting outside the simulator's bounds.
        """
        positions = asked(order)
        self._check(order.measurements)
        source = np.random.default_rng([order.seed, order.round])
        relative, absolute = source.standard_normal((2, len(order.experiments)))
        made = [i for i in positions if order.experiments[i].role != "blank"]
        values = np.zeros((len(order.experiments), len(order.measurements)))
        values[made] = self.truth([self.space.settings(order.experiments[i].interventions) for i in made], order.measurements)[:, 0]
        rows = []
        for y, measurement in enumerate(order.measurements):
            for i in positions:
                value = values[i, y]
                if measurement.name == "penicillin":
                    value = value * (1 + NOISE_CV * relative[i]) + NOISE_G_PER_L * absolute[i]
                rows.append(Row(position=i, time_h=None, measurement=measurement, value=f"{value:.4f}"))
        return raw_file(order, rows, lab=self.name)

    def truth(self, settings: Sequence[Mapping[str, float | str]], measurements: Sequence[Measurement]) -> np.ndarray:
        """What the simulator returns, `n x 1 x y`."""
        self._check(measurements)
        if not settings:
            return np.zeros((0, 1, len(measurements)))
        inputs = np.array([[self._number(given, name) for name in INPUTS] for given in settings])
        with torch.no_grad():
            answer = Penicillin(dtype=torch.double).evaluate_true(torch.tensor(inputs, dtype=torch.double)).numpy()
        read = {"penicillin": -answer[:, 0], "fermentation_time": answer[:, 2]}
        values: np.ndarray = np.stack([read[measurement.name] for measurement in measurements], axis=-1)[:, None, :]
        return values

    def _number(self, settings: Mapping[str, float | str], name: str) -> float:
        value = settings.get(name) if name in self.space.names else self.context[name]
        low, high = Penicillin._bounds[list(INPUTS).index(name)]
        slack = 1e-9 * high
        if value is None or isinstance(value, str) or not math.isfinite(value) or not low - slack <= value <= high + slack:
            raise ResultsError(f"Expected {low:g} to {high:g} {INPUTS[name]} for {name}, found {value!r}.")
        return float(value)

    @staticmethod
    def _check(measurements: Sequence[Measurement]) -> None:
        for measurement in measurements:
            if measurement.name not in READ:
                raise ResultsError(f"Expected penicillin or fermentation_time, found {measurement.name!r}. {nearest(measurement.name, READ)}")
            if measurement.unit != READ[measurement.name]:
                raise ResultsError(f"Expected {measurement.name} in {READ[measurement.name]}, found unit {measurement.unit!r}.")
            if measurement.at_h:
                raise ResultsError(
                    f"Expected {measurement.name} as an end point, found {len(measurement.at_h)} hours: the simulator tells only how a "
                    "fermentation ends. Leave at_h out."
                )
